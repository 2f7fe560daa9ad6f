"""A camera for Chromium that sees a printed badge: the page of a real PDF, held a little askew."""

from pathlib import Path

import pypdfium2
from PIL import Image, ImageFilter

WIDTH, HEIGHT, FRAMES = 640, 480, 4


def switches(film: Path) -> list[str]:
    """The command-line switches that make the film the device's only camera."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]


def page_picture(pdf: bytes, *, dpi: int, page: int = 0) -> Image.Image:
    """One page of a PDF as a picture in grey."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return document[page].render(scale=dpi / 72).to_pil().convert("L")
    finally:
        document.close()


def film_badge(pdf: bytes, film: Path) -> None:
    """Writes the film: the sheet's first badge, turned by six degrees, out of focus and grey."""
    sheet = page_picture(pdf, dpi=150)
    mm = 150 / 25.4
    badge = sheet.crop((int(8 * mm), int(16 * mm), int(76 * mm), int(60 * mm)))
    badge = badge.rotate(6, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(1.2))
    badge = badge.point([40 + value * 180 // 255 for value in range(256)])
    scene = Image.new("L", (WIDTH, HEIGHT), 90)
    badge.thumbnail((WIDTH - 60, HEIGHT - 60))
    scene.paste(badge, ((WIDTH - badge.width) // 2, (HEIGHT - badge.height) // 2))
    _write(scene, film)


def film_nothing(film: Path) -> None:
    """Writes a film of an empty table."""
    _write(Image.new("L", (WIDTH, HEIGHT), 120), film)


def _write(scene: Image.Image, film: Path) -> None:
    """YUV4MPEG2, 4:2:0, without colour."""
    chroma = bytes([128]) * (WIDTH * HEIGHT // 2)
    with film.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode())
        for _ in range(FRAMES):
            out.write(b"FRAME\n" + scene.tobytes() + chroma)
