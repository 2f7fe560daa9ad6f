"""Programs with a key, and people who have left."""

import json
import re

from config.smoke.browser import Person, expect
from config.smoke.walk import Walk


def web_api(walk: Walk) -> None:
    page = walk.teacher.post("/me/tokens/", {"label": "walk"})
    secret = re.search(r">\s*([A-Za-z0-9_-]{30,})\s*<", page.text)
    assert secret is not None, page.words[:400]
    key = secret[1]
    status, courses = walk.teacher.api("/api/v1/courses/", key)
    expect(status == 200, "no catalogue")
    expect("面包师" in json.dumps(courses, ensure_ascii=False), "an empty catalogue")
    status, _hours = walk.teacher.api(f"/api/v1/classes/{walk.class_id}/hours/", key)
    expect(status == 200, "no hours")
    nobody = Person(walk.base)
    status, problem = nobody.api("/api/v1/courses/", "no key")
    expect(status == 401 and isinstance(problem, dict) and problem.get("code"), "no problem")
    walk.see("The API answers with a key, and with a problem document without one.")


def leaver(walk: Walk) -> None:
    page = walk.coordinator.get("/people/")
    ends = re.findall(r"/people/\d+/end/", page.text)
    for path in ends:
        if "周敏" in walk.coordinator.get(path).text:
            walk.coordinator.post(path, {})
    answer = walk.teacher.get(f"/classes/{walk.class_id}/")
    expect("林晓甲" not in answer.text, "the leaver still reads names")
    walk.see("The teacher left, and lost access with the next click.")
