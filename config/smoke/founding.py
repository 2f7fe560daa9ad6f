"""The alliance is founded: its people, its season, what must be reached."""

import urllib.parse

from config.smoke.browser import expect
from config.smoke.walk import Walk


def people(walk: Walk, secretary_address: str) -> None:
    walk.secretary = walk.join(secretary_address, "沈静")
    walk.see("The secretary followed her mailed invitation and is in.")
    for kind, name, extra in (
        ("vocational_school", "曹杨职业技术学校", {}),
        ("school", "清河中学", {"stages": ["junior"]}),
    ):
        answer = walk.secretary.post(
            "/organisations/new/", {"kind": kind, "name": name, "is_active": "on", **extra}
        )
        expect("已建好" in answer.text, f"{name} was not founded")
        role = "host_manager" if kind != "school" else "school_coordinator"
        path = urllib.parse.urlsplit(answer.url).path
        answer = walk.secretary.post(
            path, {"email": f"{role}@example.org", "name": "", "role": role}
        )
        expect(f"{role}@example.org" in answer.text, f"{role} was not invited")
    walk.manager = walk.join("host_manager@example.org", "白奕瑶")
    walk.coordinator = walk.join("school_coordinator@example.org", "邹雅轩")
    for inviter, role, name in (
        (walk.manager, "instructor", "汪书希"),
        (walk.coordinator, "teacher", "周敏"),
    ):
        inviter.post("/people/", {"email": f"{role}@example.org", "name": name, "role": role})
    walk.instructor = walk.join("instructor@example.org", "汪书希")
    walk.teacher = walk.join("teacher@example.org", "周敏")
    walk.see("A host and a school joined; manager, coordinator, instructor, teacher are in.")
    year = walk.first_day.year
    answer = walk.secretary.post(
        "/seasons/new/",
        {
            "name": "走一遍的预约季",
            "school_year": str(year),
            "opens_at": f"{walk.first_day}T08:00",
            "closes_at": f"{walk.last_day}T18:00",
            "runs_from": f"{walk.first_day}",
            "runs_until": f"{walk.last_day}",
            "freeze_days": "3",
        },
    )
    expect("预约中" in answer.text, "the season is not open")
    answer = walk.secretary.post(
        "/requirements/new/",
        {
            "name": "初中 14 学时",
            "stage": "junior",
            "entry_year_from": str(year - 4),
            "entry_year_to": str(year),
            "class_hours": "14",
            "min_occupations": "1",
            "counts_from": f"{walk.first_day}",
            "due_on": f"{walk.last_day}",
        },
    )
    expect("14 学时" in answer.words, "the requirement was not set")
    walk.see("The season is open; 14 class hours are required.")
