"""How a class, a grade and a student are written. Values in, text out."""

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.choices import STAGE_GRADES, Stage

_DIGITS = "零一二三四五六七八九"


def chinese_number(number: int) -> str:
    """1-19 in Chinese: 七, 十, 十二."""
    if number < 10:
        return _DIGITS[number]
    return "十" + (_DIGITS[number - 10] if number > 10 else "")


def is_graduated(*, stage: str, grade: int) -> bool:
    return grade > STAGE_GRADES[Stage(stage)][1]


def grade_label(grade: int) -> str:
    """七年级; senior grades as 高一 to 高三. ``Grade 7`` in English."""
    if translation.get_language() == "en":
        return f"Grade {grade}"
    if grade >= STAGE_GRADES[Stage.SENIOR][0]:
        return "高" + chinese_number(grade - 9)
    return chinese_number(grade) + "年级"


def class_label(*, stage: str, grade: int, entry_year: int, number: int) -> str:
    """七(3)班; 2021级(3)班 once the class has left its stage. ``Class 7(3)`` in English."""
    english = translation.get_language() == "en"
    if grade < 1 or is_graduated(stage=stage, grade=grade):
        return f"Class {entry_year}({number})" if english else f"{entry_year}级({number})班"
    if english:
        return f"Class {grade}({number})"
    return grade_label(grade).removesuffix("年级") + f"({number})班"


def masked(name: str) -> str:
    """张○○: the first character stays, each other becomes a circle, two at most."""
    return name[:1] + "○" * min(max(len(name) - 1, 1), 2)


def seats_label(seat_nos: list[int]) -> str:
    """3、7、12, at most five, then how many more."""
    shown = _("、").join(str(seat) for seat in sorted(seat_nos)[:5])
    rest = len(seat_nos) - 5
    return (
        shown
        if rest <= 0
        else _("%(shown)s 等 %(count)d ") % {"shown": shown, "count": len(seat_nos)}
    )
