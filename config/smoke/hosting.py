"""A host has a course reviewed and opens a session."""

import datetime as dt
import re

from django.utils import timezone

from config.smoke.browser import Fields, expect
from config.smoke.walk import Walk


def course(walk: Walk) -> None:
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
    answer = walk.manager.post("/host/courses/new/", fields)
    found = re.search(r"/host/courses/(\d+)/", answer.url)
    assert found is not None, answer.words[:300]
    walk.course_id = found[1]
    answer = walk.manager.post(f"/host/courses/{walk.course_id}/submit/", {})
    expect("审核中" in answer.text, "the course was not handed in")
    page = walk.secretary.get("/reviews/")
    review = re.search(r"/reviews/\d+/", page.text)
    assert review is not None
    dimensions = ("goal_orientation", "content_standard", "assessment_method")
    verdicts: Fields = {**dict.fromkeys(dimensions, "pass"), "edition": "1"}
    answer = walk.secretary.post(
        review[0], verdicts | {"safety_assurance": "fix", "decision": "approved"}
    )
    expect(answer.status == 422, "safety did not veto")
    answer = walk.secretary.post(
        review[0], verdicts | {"safety_assurance": "pass", "decision": "approved"}
    )
    expect("已批准" in answer.text, "the course was not approved")
    walk.mail_to("host_manager@example.org", containing="已通过审核")
    walk.see("A course was written, handed in, vetoed on safety, approved; its manager mailed.")


def session(walk: Walk) -> None:
    site_fields: Fields = {"name": "焙烤实训中心", "address": "示例路 8 号"}
    answer = walk.manager.post("/sites/new/", site_fields)
    site = re.search(r"/sites/(\d+)/", answer.url)
    assert site is not None, answer.words[:300]
    room: Fields = {"name": "焙烤一室", "floor_area_m2": "90"}
    walk.manager.post(
        f"/sites/{site[1]}/rooms/new/", room | {"stations": "24", "licensed_capacity": "40"}
    )
    # As soon as may be, so that its end can be waited for; never across midnight.
    starts = timezone.localtime() + dt.timedelta(minutes=2)
    ends = min(starts + dt.timedelta(hours=2), starts.replace(hour=23, minute=59))
    if ends - starts < dt.timedelta(minutes=4):
        starts = (starts + dt.timedelta(days=1)).replace(hour=0, minute=1)
        ends = starts + dt.timedelta(hours=2)
    walk.starts = starts.replace(second=0, microsecond=0)
    form = walk.manager.get("/host/sessions/new/").text
    select = re.search(r'<select[^>]*name="room".*?</select>', form, re.DOTALL)
    assert select is not None
    rooms = re.findall(r'<option value="(\d+)"', select[0])
    instructor = re.search(r'<option value="(\d+)"[^>]*>汪书希', form)
    assert instructor is not None
    fields: Fields = {
        "course": walk.course_id,
        "room": rooms[0],
        "instructor": instructor[1],
        "capacity": "6",
        "day": f"{starts:%Y-%m-%d}",
        "starts": f"{walk.starts:%H:%M}",
        "ends": f"{ends:%H:%M}",
    }
    answer = walk.manager.post("/host/sessions/new/", fields)
    found = re.search(r"/host/sessions/(\d+)/", answer.url)
    assert found is not None, answer.words[:600]
    walk.session_id = found[1]
    answer = walk.manager.post("/host/sessions/new/", fields)
    expect(answer.status == 409 and "焙烤一室" in answer.text, "the room was taken twice")
    walk.see(f"A session was opened for {walk.starts:%H:%M}; the same room twice was refused.")
