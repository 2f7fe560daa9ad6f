"""A class books, comes, and has its hours."""

import io
import re
import time
import urllib.parse
import uuid

import pypdfium2
from django.utils import timezone

from config.smoke.browser import Answer, Fields, Person, expect
from config.smoke.walk import Walk
from config.stack import say


def booking(walk: Walk) -> None:
    year = walk.first_day.year if walk.first_day.month >= 9 else walk.first_day.year - 1
    answer = walk.coordinator.post(
        "/school/classes/new/",
        {"stage": "junior", "entry_year": str(year - 1), "number": "3"},
    )
    found = re.search(r"/school/classes/(\d+)/", answer.url)
    assert found is not None, answer.words[:300]
    walk.class_id = found[1]
    lines = "\n".join(
        f"{seat}\t2025070{seat}\t林晓{letter}" for seat, letter in enumerate("甲乙丙丁", 1)
    )
    answer = walk.coordinator.post(f"/school/classes/{walk.class_id}/students/", {"lines": lines})
    expect("已录入 4 名学生" in answer.text, "the students were not added")
    teacher = re.search(r'<option value="(\d+)"[^>]*>周敏', answer.text)
    assert teacher is not None
    walk.coordinator.post(
        f"/school/classes/{walk.class_id}/teachers/",
        {"membership": teacher[1], "is_homeroom": "on"},
    )
    words = urllib.parse.urlencode({"class": walk.class_id, "q": "面包"})
    page = walk.teacher.get(f"/find/?{words}")
    expect("面包师" in page.text, "the course was not found")
    path = f"/sessions/{walk.session_id}/book/?class={walk.class_id}"
    form = walk.teacher.get(path).text
    fields: Fields = {
        name: re.findall(rf'name="{name}"[^>]*value="([^"]*)"', form) or
        re.findall(rf'value="([^"]*)"[^>]*name="{name}"', form)
        for name in ("key", "students")
    }  # fmt: skip
    expect(len(fields["students"]) == 4, "the whole class is not preset")
    fields |= {"companion_0": "周敏", "companion_phone_0": "021-5550 0001"}
    answer = walk.teacher.post(path, fields)
    found = re.search(r"/trips/(\d+)/", answer.url)
    assert found is not None, answer.words[:600]
    walk.booking_id = found[1]
    again = walk.teacher.post(path, fields)
    expect(again.url == answer.url, "the same form sent twice booked twice")
    expect("4" in answer.words and "14" in answer.words, "the class's hours are not shown")
    calendar = walk.teacher.get(f"/trips/{walk.booking_id}/calendar.ics")
    expect(b"BEGIN:VCALENDAR" in calendar.body, "there is no calendar entry")
    walk.mail_to("teacher@example.org", containing="METHOD:REQUEST")
    walk.mail_to("host_manager@example.org", containing="清河中学")
    walk.see("A class of 4 was booked once though sent twice; both sides mailed, with .ics.")


def badge(walk: Walk) -> None:
    answer = walk.teacher.post(f"/classes/{walk.class_id}/badges/", {})
    sheet = walk.teacher.post(f"/classes/{walk.class_id}/badges.pdf", {})
    if not sheet.body.startswith(b"%PDF"):
        sheet = walk.teacher.get(f"/classes/{walk.class_id}/badges.pdf")
    expect(sheet.body.startswith(b"%PDF"), f"there is no sheet ({answer.status})")
    text = pypdfium2.PdfDocument(io.BytesIO(sheet.body))[0].get_textpage().get_text_range()
    codes = re.findall(r"(?:[A-Z2-7]{4}\s*){4}", text)
    expect(len(codes) == 4, f"{len(codes)} codes on the sheet")
    walk.code = "".join(codes[0].split())
    nobody = Person(walk.base)
    nobody.get("/badge/")
    answer = nobody.post("/badge/", {"code": walk.code.lower()})
    expect("林" not in answer.words, "a badge alone told a name")
    expect("焙烤" not in answer.words, "a badge alone told a place")
    answer = nobody.post("/badge/", {"code": walk.code, "student_no": "20250701"})
    expect("焙烤" in answer.words, "code and number together told too little")
    walk.see("A badge sheet of 4 was printed; /badge/ told hours and date, the place by number.")


def door(walk: Walk) -> None:
    path = f"/desk/{walk.session_id}/"
    page = walk.instructor.get(path)
    expect("林晓甲" in page.text, "the desk does not know its students")

    def arrive(code: str) -> Answer:
        fields: Fields = {"code": code, "event_id": str(uuid.uuid4()), "way_in": "typed"}
        return walk.instructor.post(f"{path}check-in/", fields)

    expect("已签到" in arrive(walk.code.lower().replace("O", "0")).text, "not let in")
    expect("已签过到" in arrive(walk.code).text, "let in twice")
    expect(arrive("AAAA AAAA AAAA AAAA").status == 409, "a made-up badge was let in")
    expect(arrive("不是码").status in (409, 422), "garbage was let in")
    walk.instructor.post(f"{path}rest/", {})
    wait = (walk.starts - timezone.localtime()).total_seconds()
    if wait > 0:
        say(f"    … waiting {wait:.0f} s for the session to begin")
        time.sleep(wait + 1)
    answer = walk.instructor.post(f"{path}close/", {})
    expect("学时已记" in answer.text, "the desk was not closed")
    walk.see("Badge in, again yellow, made-up refused; the rest ticked; the desk closed.")


def truth(walk: Walk) -> None:
    page = walk.teacher.get(f"/classes/{walk.class_id}/")
    expect("已得 4" in page.words, "the class page does not show 4 hours earned")
    walk.mail_to("teacher@example.org", containing="各得 4 学时")
    page = walk.secretary.get("/overview/")
    expect("不到一半 4" in page.words, "the overview does not count the 4 students")
    page = walk.teacher.get("/inbox/")
    expect("学时已记" in page.text, "the inbox does not tell")
    walk.see("4 students have 4 of 14 class hours, on the class page and the overview.")
