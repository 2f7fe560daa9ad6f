"""How a course is headed."""

import pytest
from django.utils import translation

from courses.models import CourseVersion
from courses.naming import headline


@pytest.mark.parametrize(
    ("language", "fields", "expected"),
    [
        ("zh-hans", {"title_zh": "汽车美容师：轮胎更换"}, ("汽车美容师", "轮胎更换")),
        ("zh-hans", {"title_zh": "厨师: 一菜：一味"}, ("厨师", "一菜：一味")),
        ("zh-hans", {"title_zh": "一席茶", "occupation_zh": "茶艺师"}, ("茶艺师", "一席茶")),
        ("zh-hans", {"title_zh": "茶艺师", "occupation_zh": "茶艺师"}, ("茶艺师", "")),
        ("zh-hans", {"title_zh": "：无头", "occupation_zh": ""}, ("：无头", "")),
        ("en", {"title_zh": "厨师：面", "title_en": "Cook: pasta"}, ("Cook", "Pasta")),
        ("en", {"title_zh": "厨师：面", "title_en": "Pasta"}, ("Pasta", "")),
        ("en", {"title_zh": "厨师：面"}, ("厨师", "面")),
    ],
)
def test_headline_is_occupation_and_topic(
    language: str, fields: dict[str, str], expected: tuple[str, str]
) -> None:
    with translation.override(language):
        assert headline(CourseVersion(**fields)) == expected
