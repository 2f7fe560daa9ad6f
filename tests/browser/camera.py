"""A camera for Chromium that sees printed badges: pages of a real PDF, held as badges are held."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops, ImageFilter

WIDTH, HEIGHT = 640, 480
# A frame of the film is a table of this grey; a badge's paper is lighter, its ink darker.
TABLE, PAPER, INK = 90, 215, 35
# Where a sheet's badges are, in millimetres (attendance.documents.badges).
LEFT, TOP, WIDE, HIGH, ACROSS, PER_PAGE = 10.5, 18.0, 63.0, 38.4, 3, 21

Look = Callable[[Image.Image, random.Random], Image.Image]


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


def badge_pictures(pdf: bytes, count: int, *, dpi: int = 150) -> list[Image.Image]:
    """The badges of the sheets, cut out along their lines."""
    pictures = []
    mm = dpi / 25.4
    for page in range(-(-count // PER_PAGE)):
        sheet = page_picture(pdf, dpi=dpi, page=page)
        for number in range(min(PER_PAGE, count - page * PER_PAGE)):
            x, y = LEFT + number % ACROSS * WIDE, TOP + number // ACROSS * HIGH
            box = (x * mm, y * mm, (x + WIDE) * mm, (y + HIGH) * mm)
            pictures.append(sheet.crop((int(box[0]), int(box[1]), int(box[2]), int(box[3]))))
    return pictures


def sharp(scene: Image.Image, _draw: random.Random) -> Image.Image:
    """A badge held still in good light."""
    return scene


def blurred(scene: Image.Image, _draw: random.Random) -> Image.Image:
    """Too near for the lens: each edge is smeared over more than half a module."""
    return scene.filter(ImageFilter.GaussianBlur(3))


def tilted(scene: Image.Image, draw: random.Random) -> Image.Image:
    """Turned by up to 40 degrees, and leaning away by 40: one side is nearer than the other."""
    turned = scene.rotate(
        draw.choice((-1, 1)) * draw.uniform(15, 40), Image.Resampling.BICUBIC, fillcolor=TABLE
    )
    return _leaning(turned, math.radians(40 * draw.choice((-1, 1))), distance=1.6 * WIDTH)


def under_lit(scene: Image.Image, draw: random.Random) -> Image.Image:
    """A basement without its lamp: a fifth of the light, and the noise that the sensor adds."""
    leaning = _leaning(scene, math.radians(15 * draw.choice((-1, 1))), distance=1.6 * WIDTH)
    dark = leaning.point([10 + value // 5 for value in range(256)])
    noise = Image.effect_noise(dark.size, 10)
    return ImageChops.add(dark.filter(ImageFilter.GaussianBlur(0.8)), noise, 1, -128)


LOOKS: dict[str, Look] = {
    "sharp": sharp,
    "blurred": blurred,
    "tilted": tilted,
    "under-lit": under_lit,
}


def scene(badge: Image.Image, look: Look = sharp, *, seed: int = 0) -> Image.Image:
    """What the camera sees of a badge held over the table: its code is about a third of the
    picture's width."""
    draw = random.Random(seed)  # noqa: S311  repeatable on purpose
    paper = badge.point([INK + value * (PAPER - INK) // 255 for value in range(256)])
    paper.thumbnail((WIDTH * 2 // 3, HEIGHT))
    table = Image.new("L", (WIDTH, HEIGHT), TABLE)
    # The code is at the badge's left; people hold it in the middle of the frame.
    table.paste(paper, (WIDTH // 2 - paper.width // 3, (HEIGHT - paper.height) // 2))
    return look(table, draw)


def nothing() -> Image.Image:
    """An empty table."""
    return Image.new("L", (WIDTH, HEIGHT), TABLE)


def film(takes: Iterable[tuple[Image.Image, int]], to: Path, *, per_second: int = 10) -> None:
    """Writes the film: each picture for so many frames, over and over.

    YUV4MPEG2, 4:2:0, without colour.
    """
    chroma = bytes([128]) * (WIDTH * HEIGHT // 2)
    with to.open("wb") as out:
        head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{per_second}:1 Ip A1:1 C420jpeg\n"
        out.write(head.encode())
        for picture, frames in takes:
            out.write((b"FRAME\n" + picture.tobytes() + chroma) * frames)


def film_queue(
    badges: Sequence[Image.Image],
    to: Path,
    *,
    looks: Sequence[Look] = (sharp,),
    frames: int,
    per_second: int,
    empty: int,
) -> None:
    """One badge after the other, each for so many frames, each looked at in the next way; before
    the first the table is empty for so many frames."""
    takes = [(nothing(), empty)]
    takes += [
        (scene(badge, looks[number % len(looks)], seed=number), frames)
        for number, badge in enumerate(badges)
    ]
    film(takes, to, per_second=per_second)


def film_badge(pdf: bytes, film_to: Path) -> None:
    """Writes the film: the sheet's first badge, turned and leaning, and a little out of focus."""
    (badge,) = badge_pictures(pdf, 1)
    film([(scene(badge, tilted).filter(ImageFilter.GaussianBlur(1.2)), 4)], film_to)


def film_nothing(film_to: Path) -> None:
    """Writes a film of an empty table."""
    film([(nothing(), 4)], film_to)


def _leaning(scene: Image.Image, angle: float, *, distance: float) -> Image.Image:
    """The plane of the picture turned about its upright middle axis and seen from in front."""
    x, y = scene.width / 2, scene.height / 2
    pull = math.tan(angle) / distance
    scale = 1 + x * pull
    across = 1 / math.cos(angle)
    return scene.transform(
        scene.size,
        Image.Transform.PERSPECTIVE,
        [
            (across - x * pull) / scale, 0, (x * scale - x * across) / scale,
            -y * pull / scale, 1 / scale, (y * scale - y) / scale,
            -pull / scale, 0,
        ],
        Image.Resampling.BICUBIC,
        fillcolor=TABLE,
    )  # fmt: skip
