"""What a school means by 七（3）班, 703, 初二(5)班, 2026级3班: text in, a class or a question out.

A class is read only where one reading is left once the school's stages and year are known. A
number such as 7.1 may have been 7.10 before a spreadsheet took it for a number: that is asked,
and so is a year of leaving (届), which schools also use for the year of entry.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from accounts.choices import STAGE_GRADES, Stage

from .shapes import ClassName, SchoolFacts

MOST_CLASSES = 60
MOST_WRITTEN = 60

_BLANKS = re.compile(r"[\s​‎‏⁠﻿]+")
_SIGNS = str.maketrans(
    {
        "〔": "(",
        "〕": ")",
        "【": "(",
        "】": ")",
        "[": "(",
        "]": ")",
        "「": "(",
        "」": ")",
        "{": "(",
        "}": ")",
        "〈": "(",
        "〉": ")",
        "<": "(",
        ">": ")",
        "–": "-",
        "—": "-",
        "‐": "-",
        "‑": "-",
        "−": "-",
        "·": ".",
        "•": ".",
        "・": ".",
        "。": ".",
        "〇": "零",
    }
    | {chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
)

_NUMERAL = r"(?:\d{1,2}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[零一二三四五六七八九])"
# The grade, as a word that can be nothing else.
_GRADE = (
    r"(?P<ready>预备年?级?|预初年?级?|初预)"
    r"|(?:初中?|初级中学)(?P<junior>[一二三四1-4])(?:年级|级)?"
    r"|高中?(?P<senior>[一二三1-3])(?:年级|级)?"
    r"|小学?(?P<primary>[一二三四五六1-6])(?:年级|级)?"
    r"|(?P<word>十[一二]?|[一二三四五六七八九])(?:年级|级)?"
    r"|(?P<year>(?:20)?\d\d)级"
    r"|(?P<leaving>(?:20)?\d\d)届"
    r"|(?P<digits>1[0-2]|0?[1-9])(?:年级|级)"
)
_STAGE_WORD = r"(?:小学部?|初中部?|高中部?|中学部?)??"
_CLASS = rf"(?:第?\(?第?(?P<number>{_NUMERAL})\)?)"
_FULL = re.compile(rf"{_STAGE_WORD}\(?(?:{_GRADE})\)?[-./_]?{_CLASS}(?:班级?|\(班\))?")
# 7(3), 7.3, 7-3, 7班3 is not one: digits need a sign between them.
_SIGNED = re.compile(
    r"(?P<digits>1[0-2]|0?[1-9])(?:[-./_]|(?=\())\(?(?P<number>\d{1,2})\)?(?:班级?)?"
)
_YEAR_SIGNED = re.compile(r"(?P<year>20\d\d)(?:[-./_]|(?=\())\(?(?P<number>\d{1,2})\)?(?:班级?)?")
_JOINED = re.compile(r"\(?(?P<all>\d{2,4})\)?(?:班级?)?")
_YEAR_JOINED = re.compile(r"(?P<year>20\d\d)(?P<number>\d\d)(?:班级?)?")
_BARE = re.compile(rf"\(?第?\(?(?P<number>{_NUMERAL})\)?(?:班级?)?\)?")
_ENGLISH = re.compile(
    r"(?:(?:class|grade|g|year|y)(?P<digits>\d{1,2})|class(?P<year>20\d\d))"
    r"[-./_,]?(?:class|c)?\(?(?P<number>\d{1,2})\)?"
)
_DECIMAL = re.compile(r"(?P<digits>1[0-2]|[1-9])\.(?P<number>\d{1,2})")
# A class inside a title; it must say 班.
_IN_TITLE = re.compile(
    r"(?:预备年?级?|预初年?级?|初预|[初高小](?:中|学)?[一二三四五六1-6](?:年级|级)?"
    r"|(?<!第)(?:十[一二]?|[一二三四五六七八九])(?:年级|级)?"
    r"|20\d\d[级届]|(?<!\d)(?:1[0-2]|[1-9])(?:年级|级)?(?=\(|年|级|\d\d班))"
    rf"[-./_]?\(?第?{_NUMERAL}\)?班"
)
_GRADE_ALONE = re.compile(rf"{_STAGE_WORD}(?:{_GRADE}|(?P<plain>1[0-2]|[1-9]))")
_GRADE_IN_TITLE = re.compile(
    r"预备年级|预初年?级?|初预|初[一二三四]|高[一二三]|(?:十[一二]?|[一二三四五六七八九])年级|20\d\d级"
    r"|(?<!\d)(?:1[0-2]|[1-9])年级"
)

_DIGITS = {"零": 0} | {sign: at for at, sign in enumerate("一二三四五六七八九", 1)} | {"两": 2}


@dataclass(frozen=True, slots=True)
class Read:
    """A class as ``written``; with no ``class_name`` it is a question, ``suggestions`` first
    the likeliest."""

    written: str
    class_name: ClassName | None
    suggestions: tuple[ClassName, ...] = ()


def canonical(text: str) -> str:
    """The one way of writing what was written: Unicode's NFKC form, no blanks, round brackets,
    small letters, at most 60 characters. Doing it twice changes nothing."""
    for _ in range(8):
        before = text
        text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
        text = _BLANKS.sub("", text)[:MOST_WRITTEN]
        if text == before:
            break
    return text


def number_of(text: str) -> int:
    """十二 and 12 are 12."""
    if text.isdecimal():
        return int(text)
    if "十" in text:
        tens, ones = text.split("十", 1)
        return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
    return _DIGITS[text]


def grades_of(facts: SchoolFacts) -> tuple[int, ...]:
    """The grades that a school of these stages has, 1-12."""
    return _grades_of(facts.stages)


@cache
def _spans(stages: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    return tuple(STAGE_GRADES[stage] for stage in Stage if stage.value in stages)


@cache
def _grades_of(stages: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(grade for first, last in _spans(stages) for grade in range(first, last + 1))


def read_class_name(
    text: str, facts: SchoolFacts, *, grade: str = "", as_number: bool = False
) -> Read:
    """What a class as written means in this school.

    ``grade`` is what a column of grades or the title says; ``as_number`` that the spreadsheet
    holds a number, so that 7.10 would read 7.1. What was answered before wins, save over a
    decimal that is text, which needs no question. Never raises.
    """
    written = canonical(text)
    decimal = _DECIMAL.fullmatch(written)
    if not (decimal and not as_number):
        full = _joined_with_grade(written, grade, facts)
        for key in (full, written):
            if key in facts.answers:
                return Read(key, facts.answers[key])
        if full != written:
            written = full
    if decimal and as_number:
        return _read_decimal(written, decimal, facts)
    sure, likely = _meanings(written, facts)
    classes = set(grades_of(facts))
    sure = [one for one in dict.fromkeys(sure) if one.grade in classes and _is_number(one)]
    likely = [one for one in dict.fromkeys(likely) if one.grade in classes and _is_number(one)]
    if len(sure) == 1:
        return Read(written, sure[0])
    # Of several, those that the school has come first.
    suggestions = list(dict.fromkeys(sure + likely))
    suggestions.sort(key=lambda one: one not in facts.classes)
    return Read(written, None, tuple(suggestions))


def class_in_title(text: str) -> str:
    """The class that a title names, as written there: 2026学年七（3）班名册 has 七(3)班. Empty
    where there is none."""
    found = _IN_TITLE.search(canonical(text))
    return found[0] if found else ""


def grade_in_title(text: str) -> str:
    found = _GRADE_IN_TITLE.search(canonical(text))
    return found[0] if found else ""


def _is_number(one: ClassName) -> bool:
    return 1 <= one.number <= MOST_CLASSES


def _joined_with_grade(written: str, grade: str, facts: SchoolFacts) -> str:
    """``3班`` in the grade 七年级 is 七年级(3)班; what names its grade stays as it is, unless the
    two disagree: then both are shown."""
    grade = canonical(grade)
    if not grade:
        return written
    bare = _BARE.fullmatch(written)
    if bare:
        head = f"{grade}年级" if grade.isdecimal() and len(grade) < 3 else grade
        if head.isdecimal():
            head = f"{grade}级"
        return f"{head}({number_of(bare['number'])})班"[:MOST_WRITTEN]
    found = _GRADE_ALONE.fullmatch(grade)
    if found is None:
        return written
    said = {one.grade for one in _with_grade(found, 1, facts)[0]} & set(grades_of(facts))
    read = {one.grade for one in _meanings(written, facts)[0]} & set(grades_of(facts))
    if said and read and not said & read:
        return f"{grade}/{written}"[:MOST_WRITTEN]
    return written


def _read_decimal(written: str, found: re.Match[str], facts: SchoolFacts) -> Read:
    """A number typed as 7.10 shows as 7.1; typed as 7.20 as 7.2, in a school that has a class
    20."""
    grade, number = int(found["digits"]), found["number"]
    plain = ClassName(grade, int(number))
    if grade not in grades_of(facts) or not _is_number(plain):
        return Read(written, None)
    tens = ClassName(grade, int(number) * 10)
    if len(number) == 1 and (number == "1" or tens in facts.classes):
        both = [plain, tens]
        both.sort(key=lambda one: one not in facts.classes)
        return Read(written, None, tuple(both))
    return Read(written, plain)


def _meanings(text: str, facts: SchoolFacts) -> tuple[list[ClassName], list[ClassName]]:
    """What it says for sure, and what it may say. Grades are not yet held against the school."""
    if text.startswith(("class", "grade", "g", "year", "y")):
        found = _ENGLISH.fullmatch(text)
        if found is None:
            return [], []
        if found["year"]:
            return _of_year(found["year"], int(found["number"]), facts), []
        return [ClassName(int(found["digits"]), int(found["number"]))], []
    for pattern in (_FULL, _SIGNED):
        if found := pattern.fullmatch(text):
            sure, likely = _with_grade(found, number_of(found["number"]), facts)
            bare = _BARE.fullmatch(text)
            if bare is None or number_of(bare["number"]) > MOST_CLASSES:
                return sure, likely
            # 二十一班 is 二(11)班 or the twenty-first.
            number = number_of(bare["number"])
            return [], sure + [ClassName(grade, number) for grade in grades_of(facts)]
    if found := _YEAR_SIGNED.fullmatch(text):
        return [], _of_year(found["year"], int(found["number"]), facts)
    if found := _YEAR_JOINED.fullmatch(text):
        return [], _of_year(found["year"], int(found["number"]), facts)
    if found := _JOINED.fullmatch(text):
        return _of_digits(found["all"], facts)
    if "/" in text:
        grade, _, rest = text.partition("/")
        said = _GRADE_ALONE.fullmatch(grade)
        read = _meanings(rest, facts)[0]
        if said and read:
            return [], read + _with_grade(said, read[0].number, facts)[0]
    if found := _BARE.fullmatch(text):
        number = number_of(found["number"])
        return [], [ClassName(grade, number) for grade in grades_of(facts)]
    return [], []


def _with_grade(
    found: re.Match[str], number: int, facts: SchoolFacts
) -> tuple[list[ClassName], list[ClassName]]:
    said = {key: value for key, value in found.groupdict().items() if value and key != "number"}
    key, value = next(iter(said.items()))
    if key == "ready":
        return [ClassName(6, number)], []
    if key == "junior":
        return [ClassName(6 + number_of(value), number)], []
    if key == "senior":
        return [ClassName(9 + number_of(value), number)], []
    if key == "primary":
        return [ClassName(number_of(value), number)], []
    if key == "year":
        return _of_year(value, number, facts), _of_leaving(value, number, facts)
    if key == "leaving":
        return [], _of_leaving(value, number, facts) + _of_year(value, number, facts)
    grade = number_of(value)
    # 一(3)班 in a school without a grade one is most likely its 初一 or 高一.
    likely = [ClassName(base + grade, number) for base in (6, 9) if grade <= 3]
    return [ClassName(grade, number)], ([] if grade in grades_of(facts) else likely)


def _full_year(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _of_year(year: str, number: int, facts: SchoolFacts) -> list[ClassName]:
    """Entered in that year, in each stage that it may be."""
    return [
        ClassName(grade, number)
        for first, last in _spans(facts.stages)
        if first <= (grade := first + facts.school_year - _full_year(year)) <= last
    ]


def _of_leaving(year: str, number: int, facts: SchoolFacts) -> list[ClassName]:
    """Leaving in the summer of that year."""
    return [
        ClassName(grade, number)
        for first, last in _spans(facts.stages)
        if first <= (grade := last - (_full_year(year) - facts.school_year - 1)) <= last
    ]


def _of_digits(digits: str, facts: SchoolFacts) -> tuple[list[ClassName], list[ClassName]]:
    """703 and 1012 are grade and class; 73 may be, and is asked."""
    if len(digits) == 2:
        grade, number = int(digits[0]), int(digits[1])
        bare = [ClassName(one, int(digits)) for one in grades_of(facts)]
        return [], [ClassName(grade, number), *(one for one in bare if one in facts.classes)]
    if len(digits) == 3:
        # 111 is 一(11)班, or 十一(1)班 in a school that goes so far.
        sure = [ClassName(int(digits[0]), int(digits[1:]))]
        if digits[0] == "1" and digits[1] in "012":
            sure.append(ClassName(int(digits[:2]), int(digits[2])))
        return sure, []
    return [ClassName(int(digits[:2]), int(digits[2:]))], []
