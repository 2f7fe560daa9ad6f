"""How a course is headed: the occupation first, then its topic. Loaded rows in, text out."""

import re
from typing import NamedTuple

from django.utils.translation import get_language

from courses.models import CourseVersion

_COLON = re.compile(r"：|: ?")


def title(version: CourseVersion) -> str:
    """The course's title; the English one on English pages, where there is one."""
    return version.shown_title


class Headline(NamedTuple):
    occupation: str
    topic: str


def headline(version: CourseVersion) -> Headline:
    """汽车美容师 / 轮胎更换与车身养护, split at the colon of the title; in English where the page
    is and the course has an English title. Without a colon, the occupation and the whole title."""
    if get_language() == "en" and version.title_en:
        occupation, topic = _split(version.title_en, version.occupation_en)
        # On a line of its own, what stood after a colon begins like one.
        return Headline(occupation, topic[:1].upper() + topic[1:])
    return _split(version.title_zh, version.occupation_zh)


def _split(title: str, occupation: str) -> Headline:
    parts = _COLON.split(title, maxsplit=1)
    if len(parts) == 2 and all(parts):
        return Headline(*parts)
    if not occupation or occupation == title:
        return Headline(title, "")
    return Headline(occupation, title)
