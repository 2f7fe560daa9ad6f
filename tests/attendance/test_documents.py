"""Printed sheets, read back by readers we did not write."""

import base64
import random
import re
from collections.abc import Callable

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageChops

from attendance.documents.badges import BadgePart, BadgeRow, badge_sheets
from tests.attendance.readers import HARDSHIPS, QR_CODE, badges_of, by_zbar, by_zxing
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
    """Badges with the same codes each time, so that a reader that fails once fails again."""
    chance = random.Random(count)  # noqa: S311
    return [
        BadgeRow(
            code=base64.b32encode(chance.randbytes(10)).decode(),
            name=NAMES[index % len(NAMES)],
            class_label="七(3)班",
            seat=f"{index + 1} 号",
            school="上海市普陀区清河实验初级中学",
        )
        for index in range(count)
    ]


def read(picture: Image.Image) -> list[zxingcpp.Barcode]:
    """The codes on a page from left to right, row by row."""
    found = zxingcpp.read_barcodes(picture, formats=QR_CODE)
    row = picture.height / 297 * 38.4

    def place(code: zxingcpp.Barcode) -> tuple[int, int]:
        return int(code.position.top_left.y / row - 18 / 38.4), code.position.top_left.x

    return sorted(found, key=place)


def sheets(badges: list[BadgeRow]) -> bytes:
    title = "清河中学 七(3)班 职业体验胸牌"
    return badge_sheets([BadgePart(title, badges)], hint="沿虚线裁开。")


def test_all_codes_of_a_page_are_read_in_class_order() -> None:
    badges = rows(21)

    found = read(page_picture(sheets(badges), dpi=150))

    assert [code.text for code in found] == [badge.code for badge in badges]
    # The characters alone, in the smallest size, error correction Q.
    assert {code.ec_level for code in found} == {"Q"}
    assert {code.content_type for code in found} == {zxingcpp.ContentType.Text}


@pytest.mark.parametrize("reader", [by_zxing, by_zbar])
@pytest.mark.parametrize("hardship", HARDSHIPS)
def test_every_code_of_a_page_is_read(
    hardship: str, reader: Callable[[list[Image.Image]], list[list[str]]]
) -> None:
    badges = rows(21)
    cut = badges_of(page_picture(sheets(badges), dpi=150))

    found = reader([HARDSHIPS[hardship](badge) for badge in cut])

    assert found == [[badge.code] for badge in badges]


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


RARE = ["㛃", "䶮", "𠮷"]


def drawn(character: str) -> Image.Image:
    """What a badge with this name shows right of its code, where school and class are empty."""
    badge = BadgeRow(code="A" * 16, name=character, class_label="", seat="", school="")
    page = page_picture(sheets([badge]), dpi=300)
    mm = 300 / 25.4
    return page.crop((int(46 * mm), int(20 * mm), int(73 * mm), int(55 * mm)))


@pytest.mark.parametrize("character", RARE)
def test_rare_characters_of_names_are_drawn(character: str) -> None:
    # A code point that no font has is drawn as the font's box.
    nothing, box, shown = drawn(""), drawn("\U0003fffd"), drawn(character)

    ink = ImageChops.difference(shown, nothing)
    assert ImageChops.difference(box, nothing).getbbox() is not None
    assert ImageChops.difference(shown, box).getbbox() is not None
    # A character of 13 points at 300 dots an inch is as wide and as high as 54 dots, nearly.
    left, top, right, bottom = ink.getbbox() or (0, 0, 0, 0)
    assert 40 <= right - left <= 56
    assert 40 <= bottom - top <= 200
    for other in RARE:
        same = ImageChops.difference(shown, drawn(other)).getbbox() is None
        assert same is (other == character)


def test_fonts_are_the_packages_own_and_embedded() -> None:
    names = [BadgeRow("A" * 16, name, "", "", "") for name in [*RARE, "陈一诺", "Šimić"]]
    document = pypdfium2.PdfDocument(sheets(names))

    fonts = {
        (text.get_font().get_base_name(), text.get_font().is_embedded)
        for text in document[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT])
    }
    document.close()

    assert {(name.split("+")[-1], embedded) for name, embedded in fonts} == {
        ("NotoSansCJKsc-Regular", True),
        ("DejaVuSansMono", True),
        ("LibertinusSerif-Regular", True),
    }


def test_parts_begin_on_a_page_of_their_own() -> None:
    one, two = rows(22), rows(3)
    pdf = badge_sheets([BadgePart("七(1)班", one), BadgePart("七(2)班", two)], hint="")

    pages = [page_picture(pdf, dpi=150, page=page) for page in range(3)]
    document = pypdfium2.PdfDocument(pdf)
    heads = [document[page].get_textpage().get_text_range(0, 12).split() for page in range(3)]
    document.close()

    assert [[code.text for code in read(page)] for page in pages] == [
        [badge.code for badge in part] for part in (one[:21], one[21:], two)
    ]
    assert heads == [
        ["七(1)班", "1", "/", "3"],
        ["七(1)班", "2", "/", "3"],
        ["七(2)班", "3", "/", "3"],
    ]
