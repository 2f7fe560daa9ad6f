"""How long a thousand badges take to print, beside a document of as many empty pages.

    make bench-badges

Prints one line and writes it to var/bench/badges.json: seconds, megabytes, and the ratio to
typst laying out 48 empty A4 pages with the same fonts, which is the floor.
"""

import base64
import json
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path

import typst

from attendance import qr
from attendance.documents import badges as documents
from attendance.documents import printing

COUNT = 1000
NAMES = ("陈一诺", "欧阳思远", "阿依古丽·买买提江", "李㛃", "𠮷田花", "王䶮")
RESULT = Path("var/bench/badges.json")
EMPTY = '#set page(paper: "a4", margin: 0mm)\n' + "#page[]\n" * -(-COUNT // documents.PER_PAGE)


def rows() -> list[documents.BadgeRow]:
    """Codes that nothing has seen before: the matrix of each is made anew."""
    return [
        documents.BadgeRow(
            code=base64.b32encode(secrets.token_bytes(10)).decode(),
            name=NAMES[number % len(NAMES)],
            class_label=f"七({number // 45 + 1})班",
            seat=f"{number % 45 + 1} 号",
            school="清河实验初级中学",
        )
        for number in range(COUNT)
    ]


def sheets(badges: list[documents.BadgeRow]) -> bytes:
    return documents.badge_sheets(
        [documents.BadgePart("清河中学 职业体验胸牌", badges)], hint="沿虚线裁开。"
    )


def empty() -> bytes:
    pdf = typst.compile(EMPTY.encode(), font_paths=printing.fonts())
    assert isinstance(pdf, bytes)
    return pdf


def timed(work: Callable[[], bytes]) -> tuple[float, int]:
    begun = time.perf_counter()
    pdf = work()
    return time.perf_counter() - begun, len(pdf)


def main() -> None:
    # The fonts are looked up once a process; that is no part of a sheet.
    printing.fonts()
    floor = min(timed(empty)[0] for _ in range(3))
    first, size = min(timed(lambda: sheets(rows())) for _ in range(3))
    known = rows()
    for row in known:
        qr.matrix(row.code)
    again, _size = min(timed(lambda: sheets(known)) for _ in range(3))
    figures = {
        "badges": COUNT,
        "seconds": round(first, 2),
        "seconds_printed_again": round(again, 2),
        "megabytes": round(size / 1e6, 2),
        "empty_pages_seconds": round(floor, 4),
        "ratio_to_empty_pages": round(first / floor),
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
