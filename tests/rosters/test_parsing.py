"""Cells and files, beyond what the corpus shows: limits, progress, and that nothing falls over."""

import contextlib
import logging
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosters.errors import FileEmpty, FileRefused, FileUnpacksTooLarge, HeaderMissing
from rosters.parsing import cells, copies, files, places, reader
from rosters.parsing.refusals import SENTENCES
from rosters.parsing.shapes import ClassName

from .corpus import JUNIOR, UNHURRIED, writing
from .corpus.layouts import LAYOUTS, THREE

HEAD = ["班级", "姓名", "学号", "座号", "备注"]

anything = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "703",
            "七(3)班",
            "陈小雨",
            "姓名",
            "班级",
            "小计",
            "共3人",
            "注：",
            "学号",
            "",
            "七（1）班名单",
        ]
    ),
    st.integers(-5, 10**19).map(float),
    st.floats(allow_nan=True),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.booleans(),
    st.none(),
)


@UNHURRIED
@given(st.from_regex(r"[1-9]\d{16}", fullmatch=True))
def test_is_id_card_asks_for_the_check_digit(first: str) -> None:
    if not 11 <= int(first[:2]) <= 91:
        return
    whole = writing.id_card(first)

    for check in "0123456789X":
        expected = check == whole[17] and cells.is_id_card(whole)
        assert cells.is_id_card(first + check) == expected


@pytest.mark.parametrize(
    ("number", "is_one"),
    [
        # The example of GB 11643-1999.
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("440524188001010014", True),
        ("110105194912310021", False),
        ("990105194912310020", False),
        ("1101054912310020", False),
        ("110105491231002", True),
        ("110105491331002", False),
        ("3101070012026200101", False),
    ],
)
def test_is_id_card(number: str, is_one: bool) -> None:
    assert cells.is_id_card(number) is is_one


@pytest.mark.parametrize(
    ("written", "kept", "code"),
    [
        ("陈　小 雨", "陈小雨", ""),
        ("  Anna   Maria  Li ", "Anna Maria Li", ""),
        ("阿依古丽·买买提", "阿依古丽·买买提", ""),
        ("阿依古丽•买买提", "阿依古丽·买买提", ""),
        ("阿依古丽・买买提", "阿依古丽·买买提", ""),
        ("阿依古丽．买买提", "阿依古丽·买买提", ""),
        ("阿依古丽.买买提", "阿依古丽·买买提", ""),
        ("Ａｎｎａ", "Anna", ""),
        ("J. Smith", "J. Smith", ""),
        ("张㛃", "张㛃", ""),
        ("李䶮", "李䶮", ""),
        ("𠮷田", "𠮷田", ""),
        # A look-alike of its own code point is a character of its own.
        ("朗\ufa92", "朗\ufa92", ""),
        ("José", "José", ""),
        ("Jose\u0301", "José", ""),
        ("张?", "张?", "name_unreadable"),
        ("张□", "张□", "name_unreadable"),
        ("张\ufffd", "张\ufffd", "name_unreadable"),
        ("张\u200b三", "张\u200b三", "name_unreadable"),
        ("12", "12", "name_unreadable"),
        ("安" * 60, "安" * 60, ""),
        ("安" * 61, "安" * 61, "name_too_long"),
    ],
)
def test_read_name(written: str, kept: str, code: str) -> None:
    assert cells.read_name(written) == (kept, code)


@UNHURRIED
@given(st.text(alphabet=st.characters(categories=["Lo"]), min_size=1, max_size=60))
def test_read_name_keeps_every_chinese_character(name: str) -> None:
    chinese = "".join(sign for sign in name if "\u3400" <= sign <= "\u9fff" or sign > "\U00020000")

    if chinese:
        assert cells.read_name(chinese) == (chinese, "")


@UNHURRIED
@given(st.text(max_size=80))
def test_read_name_twice_changes_nothing(text: str) -> None:
    once, _code = cells.read_name(text)

    assert cells.read_name(once)[0] == once


@UNHURRIED
@given(st.lists(st.lists(anything, min_size=5, max_size=5), max_size=8))
def test_no_sheet_makes_the_reader_fall_over(rows: list[list[object]]) -> None:
    sheet = files.Sheet("七1", [list(HEAD), *rows])

    reading = reader.read_sheets([sheet], facts=JUNIOR)

    # Each row holds students, side by side perhaps, or is counted as something else.
    held = {row.row for row in reading.rows}
    assert len(held) + sum(reading.skipped.values()) == len(rows) + 1
    assert {one.code for one in reading.refusals} <= set(SENTENCES)


@UNHURRIED
@given(st.text(max_size=60))
def test_no_pasted_text_makes_the_reader_fall_over(text: str) -> None:
    pasted = "姓名\t班级\n" + text

    try:
        reading = reader.read_pasted(pasted, facts=JUNIOR)
    except FileRefused:
        return

    copies.marked_copy(pasted.encode("utf-8", "replace"), ".txt", reading.refusals)


@UNHURRIED
@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", files.biff.MAGIC]))
def test_no_bytes_make_it_fall_over(content: bytes, start: bytes) -> None:
    with contextlib.suppress(FileRefused):
        reader.read_roster(start + content, ".xlsx", facts=JUNIOR)


@pytest.mark.parametrize("make", [writing.xls, writing.xlsx, writing.ods])
def test_a_damaged_file_is_refused_or_read(make: Callable[..., bytes]) -> None:
    content = make({"名单": THREE})

    for at in range(0, len(content), max(1, len(content) // 120)):
        damaged = bytearray(content)
        damaged[at] ^= 0xFF
        with contextlib.suppress(FileRefused):
            reader.read_roster(bytes(damaged), "", facts=JUNIOR)


@UNHURRIED
@given(
    st.lists(
        st.tuples(
            st.text(
                alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
                min_size=5,
                max_size=8,
            ),
            st.integers(6, 9),
            st.integers(1, 30),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_pasted_reads_back(students: list[tuple[str, int, int]]) -> None:
    lines = [f"{name}\t{grade}({number})班" for name, grade, number in students]

    reading = reader.read_pasted("\n".join(["姓名\t班级", *lines]), facts=JUNIOR)

    assert [(row.name, row.class_name) for row in reading.rows] == [
        (name, ClassName(grade, number)) for name, grade, number in students
    ]


def test_progress_ends_at_the_last_row() -> None:
    heard: list[tuple[int, int]] = []
    rows = [["姓名", "班级"], *([f"周{at}", f"七{1 + at % 9}"] for at in range(4_500))]

    reader.read_roster(
        writing.text(rows), ".csv", facts=JUNIOR, progress=lambda *one: heard.append(one)
    )

    assert heard == [(2_000, 4_501), (4_000, 4_501), (4_501, 4_501)]


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for case in LAYOUTS[:6]:
            reader.read_roster(case.make(), case.suffix, facts=case.facts)

    assert caplog.records == []


def test_a_file_without_a_header_row_is_refused() -> None:
    with pytest.raises(HeaderMissing):
        reader.read_pasted("陈小雨\t703\n李想\t703", facts=JUNIOR)


def test_pasting_nothing_is_refused() -> None:
    with pytest.raises(FileEmpty):
        reader.read_pasted(" \n\t\n", facts=JUNIOR)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = writing.with_part(writing.xlsx({"x": THREE}), "xl/media/a.bin", bytes(150_000_000))
    tracemalloc.start()

    with pytest.raises(FileUnpacksTooLarge):
        files.open_sheets(bomb, ".xlsx")

    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000


def test_twenty_thousand_students_are_read() -> None:
    rows = [["姓名", "班级"], *(["周周", f"七{1 + at % 40}"] for at in range(20_000))]

    reading = reader.read_roster(writing.text(rows), ".csv", facts=JUNIOR)

    assert len(reading.rows) == 20_000


@pytest.mark.parametrize(("column", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (702, "AAA")])
def test_column_letters(column: int, letters: str) -> None:
    assert places.column_letters(column) == letters
    assert places.column_number(letters) == column
