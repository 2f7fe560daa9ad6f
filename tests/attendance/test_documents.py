"""Printed sheets, read back by a reader we did not write."""

import re
import time

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from attendance.documents import BadgeRow, badge_sheets
from attendance.services.badges import new_code
from tests.browser.camera import page_picture

NAMES = [
    "陈一诺",
    "阿依古丽·买买提江",
    "欧阳思远",
    "张喆",
    "李玥彤",
    "王犇",
    "赵龘",
    "刘燚",
    "孙頔",
    "𠮷田花",
    "Anna Šimić O'Neill",
    '<b>&amp;#"\\]',
]


def rows(count: int) -> list[BadgeRow]:
    return [
        BadgeRow(
            code=new_code(),
            name=NAMES[index % len(NAMES)],
            class_label="七(3)班",
            seat=f"{index + 1} 号",
            school="上海市普陀区清河实验初级中学",
        )
        for index in range(count)
    ]


def read(picture: Image.Image) -> list[zxingcpp.Barcode]:
    """The codes on a page from left to right, row by row."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return sorted(
        found, key=lambda code: (round(code.position.top_left.y / 50), code.position.top_left.x)
    )


def sheets(badges: list[BadgeRow]) -> bytes:
    return badge_sheets(badges, title="清河中学 七(3)班 职业体验胸牌", hint="沿虚线裁开。")


def test_all_codes_of_a_page_are_read_in_class_order() -> None:
    badges = rows(21)

    found = read(page_picture(sheets(badges), dpi=150))

    assert [code.text for code in found] == [badge.code for badge in badges]
    # The characters alone, in the smallest size, error correction Q.
    assert {code.ec_level for code in found} == {"Q"}
    assert {code.content_type for code in found} == {zxingcpp.ContentType.Text}


def test_codes_are_read_from_a_poor_copy() -> None:
    badges = rows(21)
    poor = page_picture(sheets(badges), dpi=150).rotate(2, expand=True, fillcolor=255)

    found = read(poor.filter(ImageFilter.GaussianBlur(1.5)))

    assert {code.text for code in found} == {badge.code for badge in badges}


def test_codes_are_large_enough_for_a_workshop_door() -> None:
    (first, *_rest) = read(page_picture(sheets(rows(3)), dpi=254))

    # At 254 dots an inch a millimetre is ten dots. The code itself, without its quiet zone.
    corners = first.position
    width = (corners.top_right.x - corners.top_left.x) / 10
    assert 25 <= width <= 26


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (21, 1), (22, 2), (45, 3)])
def test_sheet_takes_as_many_pages_as_it_needs(count: int, pages: int) -> None:
    document = pypdfium2.PdfDocument(sheets(rows(count)))

    assert len(document) == pages
    assert [round(side * 25.4 / 72) for side in document[0].get_size()] == [210, 297]
    last = document[pages - 1].get_textpage().get_text_range()
    assert (f"{pages} / {pages}" in last) is (pages > 1)
    document.close()


def test_names_and_codes_are_printed_as_text_with_fonts_embedded() -> None:
    badges = rows(12)
    pdf = sheets(badges)

    document = pypdfium2.PdfDocument(pdf)
    text = re.sub(r"\s", "", document[0].get_textpage().get_text_range())
    document.close()

    for badge in badges:
        assert badge.code in text
        assert re.sub(r"\s", "", badge.name) in text
    assert text.count("七(3)班") == 13
    assert pdf.count(b"/FontFile") >= 1


def test_sheets_of_a_whole_grade_take_no_time() -> None:
    badges = rows(240)
    sheets(rows(1))

    begun = time.perf_counter()
    pdf = sheets(badges)

    assert time.perf_counter() - begun < 5
    assert len(pdf) < 2_000_000
