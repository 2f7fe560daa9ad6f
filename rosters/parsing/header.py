"""Where the columns of a sheet are: found by what stands above them, in any order.

序号 is no seat number: it counts the rows of a sheet. 座号 and 班内序号 are. A column 学号 that
holds nothing above 99 is one too: many schools call the seat number so.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

NAME = "name"
CLASS = "class"
GRADE = "grade"
STUDENT_NO = "student_no"
SEAT = "seat"
PHONE = "phone"
SERIAL = "serial"
ID_CARD = "id_card"
BIRTH = "birth"
STUDENT_PHONE = "student_phone"
# Dates of school life are not of birth.
OTHER_DATE = "other_date"
OTHER = "other"

_EXACT = {
    NAME: "姓名 学生姓名 学生 名字 中文姓名 学员姓名 学生名字 name studentname",
    CLASS: "班级 班 班级名称 班名 所在班级 行政班 行政班级 现班级 班号 班别 "
    "年级班级 年级/班级 班级代码 年级、班级 年班 class classname",
    GRADE: "年级 年级名称 所在年级 现年级 年段 届别 入学年份 grade",
    STUDENT_NO: "学号 学生学号 校内学号 学籍副号 学籍辅号 学籍号 学籍编号 全国学籍号 学生编号 "
    "studentno studentnumber studentid",
    SEAT: "座号 座位号 座位 班内序号 班内学号 班学号 班级序号 班级座号 座次 seat seatno seatnumber",
    SERIAL: "序号 编号 序 号 项目 serial no number #",
    OTHER: "性别 备注 民族 政治面貌 户籍 住址 家庭住址 地址 考号 身高 体重 血型 籍贯 "
    "sex gender remarks",
}
_FIELDS = {word: key for key, words in _EXACT.items() for word in words.split()}
WORDS = frozenset(_FIELDS)
# Of several columns with a number, the first of these is taken: a number of the 学籍 is given
# anew when a student moves up a stage.
_NUMBER_ORDER = (
    "学号",
    "学生学号",
    "校内学号",
    "学生编号",
    "studentno",
    "studentnumber",
    "studentid",
    "学籍副号",
    "学籍辅号",
    "学籍号",
)

_HINTS = (
    (
        ID_CARD,
        re.compile(r"身份证|证件号|学籍主号|公民身份|身份号|idcard|idnumber|护照号|通行证号"),
    ),
    (BIRTH, re.compile(r"出生|生日|birth")),
    (
        STUDENT_PHONE,
        re.compile(r"(?:学生|本人)(?:本人)?的?(?:联系)?(?:电话|手机)|student(?:phone|mobile)"),
    ),
    (PHONE, re.compile(r"电话|手机|联系方式|phone|mobile|^tel$")),
    (OTHER_DATE, re.compile(r"入学|转入|报到|注册|入团|入队|毕业|录取|登记|填表")),
)
_NOISE = re.compile(r"[\s*＊:：•.]+")
_BRACKETS = re.compile(r"[(\[【].*?[)\]】]$")

_LOOKED_AT = 60


@dataclass(frozen=True, slots=True)
class Columns:
    """Where one student of a row stands; columns count from 0."""

    name: int
    classes: int | None = None
    grade: int | None = None
    student_no: int | None = None
    seat: int | None = None
    phones: tuple[int, ...] = ()
    # Columns that are filled in before there is a student.
    serials: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Header:
    """``blocks`` has one entry, or one for each of the students that stand side by side.

    ``fields`` says what each column holds; ``at`` is the header's row, ``below`` the first row
    of students, both from 0.
    """

    at: int
    below: int
    blocks: tuple[Columns, ...]
    fields: tuple[str, ...] = field(default=())


def head_word(cell: Any) -> str:
    """What a header says, without blanks, stars and remarks in brackets: 姓　名（必填） is 姓名."""
    if not isinstance(cell, str) or len(cell) > 60:
        return ""
    word = _NOISE.sub("", unicodedata.normalize("NFKC", cell)).lower()
    return _BRACKETS.sub("", word) or word


def field_of(cell: Any) -> str:
    """What the column below holds, empty if the header says nothing we know."""
    word = head_word(cell)
    if not word:
        return ""
    found = _FIELDS.get(word)
    if found:
        return found
    if len(word) > 20:
        return ""
    return next((key for key, pattern in _HINTS if pattern.search(word)), "")


def is_header(row: Sequence[Any]) -> bool:
    """A row with 姓名 in it, and nothing beside it that is no header."""
    fields = [field_of(cell) for cell in row]
    if NAME not in fields:
        return False
    filled = sum(1 for cell in row if cell not in ("", None))
    return filled == 1 or sum(1 for one in fields if one) * 3 >= filled


def find_header(rows: Sequence[Sequence[Any]]) -> Header | None:
    """The first header in the upper part of a sheet."""
    for at, row in enumerate(rows[:_LOOKED_AT]):
        if is_header(row):
            return header_at(rows, at)
    return None


def header_at(rows: Sequence[Sequence[Any]], at: int) -> Header:
    """What the header in that row says, with a second row beneath it if there is one."""
    fields = [field_of(cell) for cell in rows[at]]
    words = [head_word(cell) for cell in rows[at]]
    below = at + 1
    if below < len(rows):
        under = [field_of(cell) for cell in rows[below]]
        name = fields.index(NAME)
        if any(under) and NAME not in under and rows[below][name] in ("", None):
            below += 1
            for column, one in enumerate(under):
                if one:
                    fields[column] = one
                    words[column] = head_word(rows[below - 1][column])
    blocks = [_columns(part, words, start) for start, part in _parts(fields)]
    return Header(
        at,
        below,
        tuple(_with_seats(block, rows[below:], words) for block in blocks),
        tuple(fields),
    )


def _parts(fields: list[str]) -> list[tuple[int, list[str]]]:
    """The header cut into blocks where it repeats itself, else whole."""
    names = [at for at, one in enumerate(fields) if one == NAME]
    if len(names) > 1:
        period = names[1] - names[0]
        for start in range(max(0, names[0] - period + 1), names[0] + 1):
            first = fields[start : start + period]
            starts = [
                at
                for at in range(start, len(fields), period)
                if fields[at : at + period] == first
                # The last block may lack empty columns at its end.
                or (NAME in fields[at:] and first[: len(fields) - at] == fields[at:])
            ]
            if len(starts) == len(names):
                return [(at, fields[at : at + period]) for at in starts]
    return [(0, fields)]


def _columns(part: list[str], words: list[str], start: int) -> Columns:
    def first(key: str) -> int | None:
        return start + part.index(key) if key in part else None

    numbers = [start + at for at, one in enumerate(part) if one == STUDENT_NO]
    numbers.sort(key=lambda at: (*_NUMBER_ORDER, words[at]).index(words[at]))
    return Columns(
        name=start + part.index(NAME),
        classes=first(CLASS),
        grade=first(GRADE),
        student_no=numbers[0] if numbers else None,
        seat=first(SEAT),
        phones=tuple(start + at for at, one in enumerate(part) if one == PHONE),
        serials=frozenset(
            start + at for at, one in enumerate(part) if one in (SERIAL, SEAT, CLASS, GRADE)
        ),
    )


def _with_seats(columns: Columns, rows: Sequence[Sequence[Any]], words: list[str]) -> Columns:
    at = columns.student_no
    if at is None or columns.seat is not None or words[at] != "学号":
        return columns
    seats = 0
    for row in rows:
        cell = row[at]
        if cell in ("", None):
            continue
        if isinstance(cell, str):
            text = cell.strip()
            if not text or field_of(text):
                continue
            if not (text.isdecimal() and len(text) <= 2):
                return columns
        elif not (isinstance(cell, float | int) and 0 < cell < 100):
            return columns
        seats += 1
    if not seats:
        return columns
    return replace(columns, student_no=None, seat=at, serials=columns.serials | {at})
