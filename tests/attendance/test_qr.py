"""The code on a badge: its modules, and what people make of its characters."""

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from attendance import qr

CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=16)


def test_code_is_the_smallest_one() -> None:
    rows = qr.matrix("K7QFM2XATTDWR4HC")

    assert len(rows) == 21
    assert {len(row) for row in rows} == {21}


@given(CODES)
def test_every_code_is_read_back(code: str) -> None:
    rows = qr.matrix(code)
    side = len(rows) + 2 * qr.QUIET_ZONE
    picture = Image.new("L", (side, side), 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                picture.putpixel((x + qr.QUIET_ZONE, y + qr.QUIET_ZONE), 0)

    (found,) = zxingcpp.read_barcodes(
        picture.resize((side * 6, side * 6), Image.Resampling.NEAREST)
    )

    assert found.text == code


@given(CODES)
def test_tidying_leaves_a_code_as_it_is(code: str) -> None:
    assert qr.tidy_code(code) == code
    assert qr.is_code(code)
    assert qr.tidy_code(qr.grouped(code)) == code


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("k7qf-m2xa 3tdw\tr4hc", "K7QFM2XA3TDWR4HC"),
        ("Ｋ７ＱＦ　Ｍ２ＸＡ３ＴＤＷＲ４ＨＣ", "K7QFM2XA3TDWR4HC"),
        ("0181" * 4, "OIBI" * 4),
        ("k7qf—m2xa–3tdw−r4hc", "K7QFM2XA3TDWR4HC"),
        ("", ""),
    ],
)
def test_what_fingers_make_of_a_code_is_forgiven(typed: str, meant: str) -> None:
    assert qr.tidy_code(typed) == meant


@pytest.mark.parametrize(
    "text", ["", "A" * 15, "A" * 17, "A" * 15 + "9", "A" * 16 + "\n", "🎂" * 16, "\x00" * 16]
)
def test_what_is_no_code_is_told_from_one(text: str) -> None:
    assert not qr.is_code(text)
