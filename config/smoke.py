"""Starts the whole stack on a free port with an empty database and walks the main job over HTTP.

``python -m config.smoke`` prints one line a step with what it saw, and exits 0 or 1. Everything
goes through pages, mails and the web API as people use them; nothing is put into the database
from the side. Its own folder under ``var/`` holds database and mails, and is removed at the end.
"""

import datetime as dt
import email
import email.policy
import http.cookiejar
import io
import json
import os
import re
import shutil
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.client import HTTPResponse
from pathlib import Path

import pypdfium2
from django.core.management import call_command
from django.utils import timezone

from config.stack import ROOT, Stack, say, secret_key

PASSWORD = "a walk in the morning"  # noqa: S105 (of an installation that is thrown away)
Fields = dict[str, str | list[str]]


class WalkError(Exception):
    """A step saw something else than it should."""


def expect(condition: object, what: str) -> None:
    if not condition:
        raise WalkError(what)


class Answer:
    """One answer of the server: status, final address, headers, body."""

    def __init__(self, response: HTTPResponse | urllib.error.HTTPError) -> None:
        self.status: int = response.status or 0
        self.url: str = response.url or ""
        self.kind: str = response.headers.get("Content-Type", "")
        self.body: bytes = response.read()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def words(self) -> str:
        """The page without its markup."""
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.text))


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str, **headers: str) -> Answer:
        return self._send(urllib.request.Request(self._url(path), headers=headers))

    def post(self, path: str, fields: Fields, **headers: str) -> Answer:
        """Posts as the page's form would, with its token."""
        token = next((c.value for c in self.jar if c.name == "csrftoken"), None)
        if token is None:
            self.get("/accounts/login/")
            token = next(c.value for c in self.jar if c.name == "csrftoken")
        body = urllib.parse.urlencode(
            fields | {"csrfmiddlewaretoken": token or ""}, doseq=True
        ).encode()
        headers = {"Referer": self._url(path)} | headers
        return self._send(urllib.request.Request(self._url(path), data=body, headers=headers))

    def api(self, path: str, key: str, payload: object = None) -> tuple[int, object]:
        """One call of the web API; a payload makes it a POST."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        body = None if payload is None else json.dumps(payload).encode()
        answer = self._send(urllib.request.Request(self._url(path), data=body, headers=headers))
        return answer.status, json.loads(answer.body)

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else self.base + path

    def _send(self, request: urllib.request.Request) -> Answer:
        try:
            return Answer(self.opener.open(request, timeout=30))
        except urllib.error.HTTPError as error:
            return Answer(error)


class Walk:
    """The steps, in order; each says what it saw."""

    def __init__(self, base: str, mails: Path) -> None:
        self.base, self.mails = base, mails
        self.number = 0
        today = timezone.localdate()
        self.first_day, self.last_day = today - dt.timedelta(7), today + dt.timedelta(90)

    def see(self, what: str) -> None:
        self.number += 1
        say(f"{self.number:2d}. {what}")

    def mail_to(self, address: str, *, containing: str, within: float = 30) -> str:
        """The text of a delivered mail to the address; waits for the cluster to bring it."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            for path in sorted(self.mails.glob("*.log")):
                for raw in path.read_bytes().split(b"-" * 79):
                    message = email.message_from_bytes(raw.strip(), policy=email.policy.default)
                    if address not in str(message.get("To", "")):
                        continue
                    text = "\n".join(
                        str(part.get_content())
                        for part in message.walk()
                        if part.get_content_maintype() == "text"
                    )
                    if containing in text:
                        return text
            time.sleep(0.3)
        raise WalkError(f"no mail to {address} that contains {containing}")

    def join(self, address: str, name: str) -> Person:
        """Follows the link of the invitation that was mailed, and sets a password."""
        link = re.search(
            r"https?://\S+/invitation/\S+/", self.mail_to(address, containing="/invitation/")
        )
        assert link is not None
        person = Person(self.base)
        person.get(link[0])
        answer = person.post(link[0], {"name": name, "password": PASSWORD})
        expect(answer.status == 200 and "欢迎" in answer.text, f"{address} did not get in")
        return person

    def run(self, alliance_link_mail: str) -> None:
        self.people(alliance_link_mail)
        self.course()
        self.session()
        self.booking()
        self.badge()
        self.door()
        self.truth()
        self.web_api()
        self.leaver()

    def people(self, secretary_address: str) -> None:
        self.secretary = self.join(secretary_address, "沈静")
        self.see("The secretary followed her mailed invitation and is in.")
        for kind, name, extra in (
            ("vocational_school", "曹杨职业技术学校", {}),
            ("school", "清河中学", {"stages": ["junior"]}),
        ):
            answer = self.secretary.post(
                "/organisations/new/", {"kind": kind, "name": name, "is_active": "on", **extra}
            )
            expect("已建好" in answer.text, f"{name} was not founded")
            role = "host_manager" if kind != "school" else "school_coordinator"
            path = urllib.parse.urlsplit(answer.url).path
            answer = self.secretary.post(
                path, {"email": f"{role}@example.org", "name": "", "role": role}
            )
            expect(f"{role}@example.org" in answer.text, f"{role} was not invited")
        self.manager = self.join("host_manager@example.org", "白奕瑶")
        self.coordinator = self.join("school_coordinator@example.org", "邹雅轩")
        for inviter, role, name in (
            (self.manager, "instructor", "汪书希"),
            (self.coordinator, "teacher", "周敏"),
        ):
            inviter.post("/people/", {"email": f"{role}@example.org", "name": name, "role": role})
        self.instructor = self.join("instructor@example.org", "汪书希")
        self.teacher = self.join("teacher@example.org", "周敏")
        self.see("A host and a school joined; manager, coordinator, instructor, teacher are in.")
        year = self.first_day.year
        answer = self.secretary.post(
            "/seasons/new/",
            {
                "name": "走一遍的预约季",
                "school_year": str(year),
                "opens_at": f"{self.first_day}T08:00",
                "closes_at": f"{self.last_day}T18:00",
                "runs_from": f"{self.first_day}",
                "runs_until": f"{self.last_day}",
                "freeze_days": "3",
            },
        )
        expect("预约中" in answer.text, "the season is not open")
        answer = self.secretary.post(
            "/requirements/new/",
            {
                "name": "初中 14 学时",
                "stage": "junior",
                "entry_year_from": str(year - 4),
                "entry_year_to": str(year),
                "class_hours": "14",
                "min_occupations": "1",
                "counts_from": f"{self.first_day}",
                "due_on": f"{self.last_day}",
            },
        )
        expect("14 学时" in answer.words, "the requirement was not set")
        self.see("The season is open; 14 class hours are required.")

    def course(self) -> None:
        fields: Fields = {
            "title_zh": "面包师：一只吐司的诞生",
            "title_en": "Baker: a loaf is born",
            "occupation_zh": "面包师",
            "occupation_en": "Baker",
            "occupation_family": "f1",
            "stages": ["junior"],
            "grade_from": "6",
            "grade_to": "9",
            "class_hours": "4",
            "group_size_min": "1",
            "group_size_max": "24",
            "min_adults": "2",
            "students_per_adult": "20",
            "mode": "on_site",
            "summary_zh": "从和面到出炉。",
            "plan": "讲解、和面、烘烤、互评。",
            "materials": "围裙、发帽。",
            "hazards": "烤箱由教师操作。",
            "assessment": "成品与过程各占一半。",
            "handbook": "一、洗手。二、称量。",
            "needs_assistant": "on",
        }
        answer = self.manager.post("/host/courses/new/", fields)
        found = re.search(r"/host/courses/(\d+)/", answer.url)
        assert found is not None, answer.words[:300]
        self.course_id = found[1]
        answer = self.manager.post(f"/host/courses/{self.course_id}/submit/", {})
        expect("审核中" in answer.text, "the course was not handed in")
        page = self.secretary.get("/reviews/")
        review = re.search(r"/reviews/\d+/", page.text)
        assert review is not None
        dimensions = ("goal_orientation", "content_standard", "assessment_method")
        verdicts: Fields = {**dict.fromkeys(dimensions, "pass"), "edition": "1"}
        answer = self.secretary.post(
            review[0], verdicts | {"safety_assurance": "fix", "decision": "approved"}
        )
        expect(answer.status == 422, "safety did not veto")
        answer = self.secretary.post(
            review[0], verdicts | {"safety_assurance": "pass", "decision": "approved"}
        )
        expect("已批准" in answer.text, "the course was not approved")
        self.mail_to("host_manager@example.org", containing="已通过审核")
        self.see("A course was written, handed in, vetoed on safety, approved; its manager mailed.")

    def session(self) -> None:
        site_fields: Fields = {"name": "焙烤实训中心", "address": "示例路 8 号"}
        answer = self.manager.post("/sites/new/", site_fields)
        site = re.search(r"/sites/(\d+)/", answer.url)
        assert site is not None, answer.words[:300]
        room: Fields = {"name": "焙烤一室", "floor_area_m2": "90"}
        self.manager.post(
            f"/sites/{site[1]}/rooms/new/", room | {"stations": "24", "licensed_capacity": "40"}
        )
        # As soon as may be, so that its end can be waited for; never across midnight.
        starts = timezone.localtime() + dt.timedelta(minutes=2)
        ends = min(starts + dt.timedelta(hours=2), starts.replace(hour=23, minute=59))
        if ends - starts < dt.timedelta(minutes=4):
            starts = (starts + dt.timedelta(days=1)).replace(hour=0, minute=1)
            ends = starts + dt.timedelta(hours=2)
        self.starts = starts.replace(second=0, microsecond=0)
        form = self.manager.get("/host/sessions/new/").text
        select = re.search(r'<select[^>]*name="room".*?</select>', form, re.DOTALL)
        assert select is not None
        rooms = re.findall(r'<option value="(\d+)"', select[0])
        instructor = re.search(r'<option value="(\d+)"[^>]*>汪书希', form)
        assert instructor is not None
        fields: Fields = {
            "course": self.course_id,
            "room": rooms[0],
            "instructor": instructor[1],
            "capacity": "6",
            "day": f"{starts:%Y-%m-%d}",
            "starts": f"{self.starts:%H:%M}",
            "ends": f"{ends:%H:%M}",
        }
        answer = self.manager.post("/host/sessions/new/", fields)
        found = re.search(r"/host/sessions/(\d+)/", answer.url)
        assert found is not None, answer.words[:600]
        self.session_id = found[1]
        answer = self.manager.post("/host/sessions/new/", fields)
        expect(answer.status == 409 and "焙烤一室" in answer.text, "the room was taken twice")
        self.see(f"A session was opened for {self.starts:%H:%M}; the same room twice was refused.")

    def booking(self) -> None:
        year = self.first_day.year if self.first_day.month >= 9 else self.first_day.year - 1
        answer = self.coordinator.post(
            "/school/classes/new/",
            {"stage": "junior", "entry_year": str(year - 1), "number": "3"},
        )
        found = re.search(r"/school/classes/(\d+)/", answer.url)
        assert found is not None, answer.words[:300]
        self.class_id = found[1]
        lines = "\n".join(
            f"{seat}\t2025070{seat}\t林晓{letter}" for seat, letter in enumerate("甲乙丙丁", 1)
        )
        answer = self.coordinator.post(
            f"/school/classes/{self.class_id}/students/", {"lines": lines}
        )
        expect("已录入 4 名学生" in answer.text, "the students were not added")
        teacher = re.search(r'<option value="(\d+)"[^>]*>周敏', answer.text)
        assert teacher is not None
        self.coordinator.post(
            f"/school/classes/{self.class_id}/teachers/",
            {"membership": teacher[1], "is_homeroom": "on"},
        )
        words = urllib.parse.urlencode({"class": self.class_id, "q": "面包"})
        page = self.teacher.get(f"/find/?{words}")
        expect("面包师" in page.text, "the course was not found")
        path = f"/sessions/{self.session_id}/book/?class={self.class_id}"
        form = self.teacher.get(path).text
        fields: Fields = {
            name: re.findall(rf'name="{name}"[^>]*value="([^"]*)"', form) or
            re.findall(rf'value="([^"]*)"[^>]*name="{name}"', form)
            for name in ("key", "students")
        }  # fmt: skip
        expect(len(fields["students"]) == 4, "the whole class is not preset")
        fields |= {"companion_0": "周敏", "companion_phone_0": "021-5550 0001"}
        answer = self.teacher.post(path, fields)
        found = re.search(r"/trips/(\d+)/", answer.url)
        assert found is not None, answer.words[:600]
        self.booking_id = found[1]
        again = self.teacher.post(path, fields)
        expect(again.url == answer.url, "the same form sent twice booked twice")
        expect("4" in answer.words and "14" in answer.words, "the class's hours are not shown")
        calendar = self.teacher.get(f"/trips/{self.booking_id}/calendar.ics")
        expect(b"BEGIN:VCALENDAR" in calendar.body, "there is no calendar entry")
        self.mail_to("teacher@example.org", containing="METHOD:REQUEST")
        self.mail_to("host_manager@example.org", containing="清河中学")
        self.see("A class of 4 was booked once though sent twice; both sides mailed, with .ics.")

    def badge(self) -> None:
        answer = self.teacher.post(f"/classes/{self.class_id}/badges/", {})
        sheet = self.teacher.post(f"/classes/{self.class_id}/badges.pdf", {})
        if not sheet.body.startswith(b"%PDF"):
            sheet = self.teacher.get(f"/classes/{self.class_id}/badges.pdf")
        expect(sheet.body.startswith(b"%PDF"), f"there is no sheet ({answer.status})")
        text = pypdfium2.PdfDocument(io.BytesIO(sheet.body))[0].get_textpage().get_text_range()
        codes = re.findall(r"(?:[A-Z2-7]{4}\s*){4}", text)
        expect(len(codes) == 4, f"{len(codes)} codes on the sheet")
        self.code = "".join(codes[0].split())
        nobody = Person(self.base)
        nobody.get("/badge/")
        answer = nobody.post("/badge/", {"code": self.code.lower()})
        expect("林" not in answer.words, "a badge alone told a name")
        expect("焙烤" not in answer.words, "a badge alone told a place")
        answer = nobody.post("/badge/", {"code": self.code, "student_no": "20250701"})
        expect("焙烤" in answer.words, "code and number together told too little")
        self.see(
            "A badge sheet of 4 was printed; /badge/ told hours and date, the place by number."
        )

    def door(self) -> None:
        path = f"/desk/{self.session_id}/"
        page = self.instructor.get(path)
        expect("林晓甲" in page.text, "the desk does not know its students")

        def arrive(code: str) -> Answer:
            fields: Fields = {"code": code, "event_id": str(uuid.uuid4()), "way_in": "typed"}
            return self.instructor.post(f"{path}check-in/", fields)

        expect("已签到" in arrive(self.code.lower().replace("O", "0")).text, "not let in")
        expect("已签过到" in arrive(self.code).text, "let in twice")
        expect(arrive("AAAA AAAA AAAA AAAA").status == 409, "a made-up badge was let in")
        expect(arrive("不是码").status in (409, 422), "garbage was let in")
        self.instructor.post(f"{path}rest/", {})
        wait = (self.starts - timezone.localtime()).total_seconds()
        if wait > 0:
            say(f"    … waiting {wait:.0f} s for the session to begin")
            time.sleep(wait + 1)
        answer = self.instructor.post(f"{path}close/", {})
        expect("学时已记" in answer.text, "the desk was not closed")
        self.see("Badge in, again yellow, made-up refused; the rest ticked; the desk closed.")

    def truth(self) -> None:
        page = self.teacher.get(f"/classes/{self.class_id}/")
        expect("已得 4" in page.words, "the class page does not show 4 hours earned")
        self.mail_to("teacher@example.org", containing="各得 4 学时")
        page = self.secretary.get("/overview/")
        expect("不到一半 4" in page.words, "the overview does not count the 4 students")
        page = self.teacher.get("/inbox/")
        expect("学时已记" in page.text, "the inbox does not tell")
        self.see("4 students have 4 of 14 class hours, on the class page and the overview.")

    def web_api(self) -> None:
        page = self.teacher.post("/me/tokens/", {"label": "walk"})
        secret = re.search(r">\s*([A-Za-z0-9_-]{30,})\s*<", page.text)
        assert secret is not None, page.words[:400]
        key = secret[1]
        status, courses = self.teacher.api("/api/v1/courses/", key)
        expect(status == 200, "no catalogue")
        expect("面包师" in json.dumps(courses, ensure_ascii=False), "an empty catalogue")
        status, _hours = self.teacher.api(f"/api/v1/classes/{self.class_id}/hours/", key)
        expect(status == 200, "no hours")
        nobody = Person(self.base)
        status, problem = nobody.api("/api/v1/courses/", "no key")
        expect(status == 401 and isinstance(problem, dict) and problem.get("code"), "no problem")
        self.see("The API answers with a key, and with a problem document without one.")

    def leaver(self) -> None:
        page = self.coordinator.get("/people/")
        ends = re.findall(r"/people/\d+/end/", page.text)
        for path in ends:
            if "周敏" in self.coordinator.get(path).text:
                self.coordinator.post(path, {})
        answer = self.teacher.get(f"/classes/{self.class_id}/")
        expect("林晓甲" not in answer.text, "the leaver still reads names")
        self.see("The teacher left, and lost access with the next click.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    var = ROOT / "var" / "smoke"
    shutil.rmtree(var, ignore_errors=True)
    var.mkdir(parents=True)
    var.chmod(0o755)
    (ROOT / "var").chmod(0o755)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "DEBUG": "1",
        "DEMO": "0",
        "VAR_DIR": str(var),
        "SECRET_KEY": secret_key(var),
        "BASE_URL": base,
        "DATABASE_URL": "",
        "EMAIL_URL": "",
    }
    os.environ.update(environment)
    stack = Stack(var=var, port=port, https=False, environment=environment)
    started = time.monotonic()
    try:
        stack.prepare(seed=False)
        call_command(
            "found_alliance", "区职业教育联盟", "secretary@example.org", stdout=io.StringIO()
        )
        stack.launch()
        seconds = time.monotonic() - started
        say(f" 0. The stack is up on {base} with an empty database ({seconds:.0f} s).")
        Walk(base, var / "mail").run("secretary@example.org")
    except WalkError as wrong:
        say(f"WRONG: {wrong}")
        return 1
    finally:
        stack.stop()
        shutil.rmtree(var, ignore_errors=True)
    say(f"All well, in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
