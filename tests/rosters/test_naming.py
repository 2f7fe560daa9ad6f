"""How classes, grades and students are written."""

import pytest
from django.template import Context, Template
from django.utils import translation

from accounts.choices import Stage
from rosters import naming
from tests.factories.rosters import ClassGroupFactory


@pytest.mark.parametrize(
    ("stage", "grade", "chinese", "english"),
    [
        (Stage.PRIMARY, 5, "五(3)班", "Class 5(3)"),
        (Stage.JUNIOR, 6, "六(3)班", "Class 6(3)"),
        (Stage.JUNIOR, 9, "九(3)班", "Class 9(3)"),
        (Stage.JUNIOR, 10, "2022级(3)班", "Class 2022(3)"),
        (Stage.SENIOR, 10, "高一(3)班", "Class 10(3)"),
        (Stage.SENIOR, 13, "2022级(3)班", "Class 2022(3)"),
        (Stage.PRIMARY, 0, "2022级(3)班", "Class 2022(3)"),
    ],
)
def test_class_label_by_stage_and_grade(
    stage: Stage, grade: int, chinese: str, english: str
) -> None:
    label = naming.class_label(stage=stage, grade=grade, entry_year=2022, number=3)
    with translation.override("en"):
        in_english = naming.class_label(stage=stage, grade=grade, entry_year=2022, number=3)

    assert (label, in_english) == (chinese, english)


@pytest.mark.parametrize(
    ("grade", "label"), [(1, "一年级"), (9, "九年级"), (10, "高一"), (12, "高三")]
)
def test_grade_label(grade: int, label: str) -> None:
    assert naming.grade_label(grade) == label


@pytest.mark.parametrize(("number", "text"), [(7, "七"), (10, "十"), (19, "十九")])
def test_chinese_number(number: int, text: str) -> None:
    assert naming.chinese_number(number) == text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张○"),
        ("李子涵", "李○○"),
        ("阿依古丽·买买提江", "阿○○"),
        ("王", "王○"),
        ("𠮷川宁", "𠮷○○"),
    ],
)
def test_masked_name_keeps_the_first_character(name: str, shown: str) -> None:
    assert naming.masked(name) == shown


def test_seats_label_names_five_at_most() -> None:
    assert naming.seats_label([12, 3, 7]) == "3、7、12"
    assert naming.seats_label([6, 5, 4, 3, 2, 1]) == "1、2、3、4、5 等 6 "


@pytest.mark.django_db
def test_filters_write_class_grade_and_masked_name(time_machine_at_now: None) -> None:
    group = ClassGroupFactory(entry_year=2025, number=3)
    template = Template("{{ group|class_label }} {{ 7|grade_label }} {{ name|masked }}")

    text = template.render(Context({"group": group, "name": "李子涵"}))

    assert text == "七(3)班 七年级 李○○"
