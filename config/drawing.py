"""The geometry of rulers, bars and charts: numbers in, positions for the templates out.

Positions leave as text with a point, whatever the language, and in percent, so that the drawings
stretch without inline styles, which the content security policy refuses.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RULER_HEIGHT = {"": 18, "thin": 12, "big": 30}
MAX_TICKS = 60
SMALL_RULER = 20


def percent(part: float, whole: float) -> str:
    """Return a share of the width, such as 28.571%, never outside 0 to 100."""
    share = 100 * part / whole if whole else 0
    return f"{min(max(share, 0), 100):.3f}%"


def plain(number: float) -> str:
    """Return a number as a person writes it: 14, 1,906, 3.5."""
    if float(number).is_integer():
        return f"{int(number):,}"
    return f"{number:,.1f}"


@dataclass(frozen=True, slots=True)
class Tick:
    at: str
    top: str
    on_earned: bool


@dataclass(frozen=True, slots=True)
class Ruler:
    """A ruler of class hours: earned, then booked, then what is missing."""

    height: int
    earned_width: str
    booked_start: str
    booked_width: str
    new_start: str
    new_width: str
    new_height: int
    ticks: tuple[Tick, ...]
    numbers: tuple[tuple[str, str, str], ...]
    numbers_at: int

    @property
    def edge_height(self) -> int:
        return self.height - 1


def ruler(
    *,
    total: float,
    earned: float,
    booked: float,
    new: float = 0,
    size: str = "",
    numbers: bool = True,
) -> Ruler:
    """Lay out a ruler; hours beyond the total are cut off at its end.

    ``new`` of the booked hours, the last of them, are framed as far as they lie on the ruler.
    """
    height = RULER_HEIGHT[size]
    earned_end = min(max(earned, 0), total)
    booked_end = min(earned_end + max(booked, 0), total)
    new_start = min(max(earned + booked - max(new, 0), earned_end), total)
    has_numbers = numbers and size != "thin"
    return Ruler(
        height=height,
        earned_width=percent(earned_end, total),
        booked_start=percent(earned_end, total),
        booked_width=percent(booked_end - earned_end, total),
        new_start=percent(new_start, total),
        new_width=percent(booked_end - new_start, total) if new_start < booked_end and new else "",
        new_height=height + 6,
        ticks=_ticks(total=total, earned=earned_end, height=height),
        numbers=_numbers(total) if has_numbers else (),
        numbers_at=height + 15,
    )


def _ticks(*, total: float, earned: float, height: int) -> tuple[Tick, ...]:
    """Mark every hour of a short ruler, every fourth of a longer one; the middle in full height."""
    if not float(total).is_integer() or not 1 < total <= MAX_TICKS:
        return ()
    step = 1 if total <= SMALL_RULER else 4
    short = height * 4 // 9 if step == 1 else height * 13 // 18
    return tuple(
        Tick(
            at=percent(hour, total),
            top="0" if hour * 2 == total else str(short),
            on_earned=hour < earned,
        )
        for hour in range(step, int(total), step)
    )


def _numbers(total: float) -> tuple[tuple[str, str, str], ...]:
    """Write 0 and the total under the ends, and the middle where it is a whole number."""
    middle = (
        (("50%", "middle", plain(total / 2)),) if float(total / 2).is_integer() and total else ()
    )
    return (("0", "start", "0"), *middle, ("100%", "end", plain(total)))


@dataclass(frozen=True, slots=True)
class Bar:
    """Seats of a session: confirmed, then awaiting or kept, then free."""

    taken_width: str
    held_start: str
    held_width: str


def bar(*, capacity: int, taken: int, held: int) -> Bar:
    """Lay out a capacity bar; seats beyond the capacity are cut off at its end."""
    taken_end = min(taken, capacity)
    held_end = min(taken_end + held, capacity)
    return Bar(
        taken_width=percent(taken_end, capacity),
        held_start=percent(taken_end, capacity),
        held_width=percent(held_end - taken_end, capacity),
    )


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    taken: int
    free: int
    url: str
    x: str
    middle: str
    width: str
    top: str
    full_height: str
    taken_top: str
    taken_height: str
    value_at: str
    # The whole slot, where a finger may land.
    slot_x: str
    slot_width: str
    label_at: str


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    left: int
    base: int
    gridlines: tuple[tuple[str, str, str], ...]
    columns: tuple[Column, ...]

    @property
    def has_links(self) -> bool:
        return any(column.url for column in self.columns)

    @property
    def number_at(self) -> int:
        return self.left - 8


def chart(weeks: Sequence[Mapping[str, Any]], *, width: int, height: int) -> Chart:
    """Lay out columns of seats per week, each the confirmed below and the free above.

    A narrow chart writes its labels in two rows by turns, so that every week has its own.
    """
    slot = (width - 44) / (len(weeks) or 1)
    rows = 2 if slot < 44 and len(weeks) > 4 else 1
    left, base, top = 44, height - 14 - 16 * rows, 30
    highest = max((week["taken"] + week["free"] for week in weeks), default=0)
    step = _round_step(highest)
    scale = (base - top) / (max(highest, step) or 1)
    lines = range(0, int(highest) + 1, step)
    return Chart(
        width=width,
        height=height,
        left=left,
        base=base,
        gridlines=tuple(
            (plain(n), f"{base - n * scale:.1f}", f"{base - n * scale + 4:.1f}") for n in lines
        ),
        columns=tuple(
            Column(
                label=week["label"],
                taken=week["taken"],
                free=week["free"],
                url=week.get("url", ""),
                x=f"{left + slot * (i + 0.2):.1f}",
                middle=f"{left + slot * (i + 0.5):.1f}",
                width=f"{slot * 0.6:.1f}",
                top=f"{base - (week['taken'] + week['free']) * scale:.1f}",
                full_height=f"{(week['taken'] + week['free']) * scale:.1f}",
                taken_top=f"{base - week['taken'] * scale:.1f}",
                taken_height=f"{week['taken'] * scale:.1f}",
                value_at=f"{base - (week['taken'] + week['free']) * scale - 6:.1f}",
                slot_x=f"{left + slot * i:.1f}",
                slot_width=f"{slot:.1f}",
                label_at=str(base + 20 + 16 * (i % rows)),
            )
            for i, week in enumerate(weeks)
        ),
    )


def _round_step(highest: float) -> int:
    """Return a step of 1, 2 or 5 times a power of ten that gives two to five gridlines."""
    if highest <= 2:
        return 1
    power = 10 ** int(math.log10(highest / 2))
    return max(factor * power for factor in (1, 2, 5) if factor * power * 2 <= highest)


def normal_items(items: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """Name the parts of filter links: label, url, is_current and perhaps a count."""
    return [
        {
            "label": item[0],
            "url": item[1],
            "is_current": item[2],
            "count": item[3] if len(item) > 3 else None,
        }
        for item in items
    ]
