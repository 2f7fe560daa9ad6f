"""Readers of codes that we did not write, and what happens to a badge before it is read."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import zxingcpp
from PIL import Image, ImageFilter

QR_CODE = zxingcpp.BarcodeFormat.QRCode
ZBAR = Path(__file__).with_name("zbar.mjs")


def by_zxing(pictures: Sequence[Image.Image]) -> list[list[str]]:
    """What ZXing's C++ port reads in each picture."""
    return [
        [code.text for code in zxingcpp.read_barcodes(picture, formats=QR_CODE)]
        for picture in pictures
    ]


def by_zbar(pictures: Sequence[Image.Image]) -> list[list[str]]:
    """What ZBar reads in each: its C code built for WebAssembly, in Node."""
    node = shutil.which("node") or str(Path(sys.executable).with_name("node"))
    done = subprocess.run(
        [node, str(ZBAR), *(f"{picture.width}x{picture.height}" for picture in pictures)],
        input=b"".join(picture.convert("L").tobytes() for picture in pictures),
        capture_output=True,
        check=True,
    )
    answers: list[list[str]] = json.loads(done.stdout)
    return answers


def badges_of(page: Image.Image) -> list[Image.Image]:
    """A page of a sheet cut along its marks, as the cutter at the school does it."""
    mm = page.width / 210
    return [
        page.crop((int(x * mm), int(y * mm), int((x + 63) * mm), int((y + 38.4) * mm)))
        for y in (18 + 38.4 * row for row in range(7))
        for x in (10.5 + 63 * column for column in range(3))
    ]


def _perspective(picture: Image.Image) -> Image.Image:
    """Held slanting: the far edge is a seventh shorter than the near one."""
    width, height = picture.size
    inset = width // 14
    corners = (-inset, 0, -inset // 4, height, width + inset // 4, height, width + inset, 0)
    return picture.transform(
        picture.size, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR, fillcolor=255
    )


def _faint(picture: Image.Image) -> Image.Image:
    """Toner running out under a dim lamp: dark and light are 50 of 255 apart."""
    return picture.point([110 + value * 50 // 255 for value in range(256)])


def _noisy(picture: Image.Image) -> Image.Image:
    noise = random.Random(20).randbytes(picture.width * picture.height)  # noqa: S311
    grain = Image.frombytes("L", picture.size, noise)
    return Image.blend(picture, grain, 0.4).filter(ImageFilter.GaussianBlur(0.8))


def _blurred(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(2))


def _tilted(picture: Image.Image) -> Image.Image:
    return picture.rotate(9, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


HARDSHIPS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as printed": lambda picture: picture,
    "blurred": _blurred,
    "tilted": _tilted,
    "in perspective": _perspective,
    "in low contrast": _faint,
    "noisy": _noisy,
    "all at once": lambda picture: _faint(_noisy(_tilted(picture))),
}
