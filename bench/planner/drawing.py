"""What trips cost in wishes, as a picture: a line for each number of sites at once."""

from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 440, 64, 56, 56, 56
COLOURS = {1: "#b3261e", 2: "#8a5a00", 3: "#0b57d0"}


@dataclass(frozen=True)
class Point:
    """One plan: K, trips, the wishes met and the students who reach the requirement (0 to 1)."""

    at_once: int
    trips: int
    wishes: float
    share: float


def frontier(points: list[Point], title: str) -> str:
    """An SVG picture of the plans."""
    most = _round_up(max(one.trips for one in points), 500)
    best = _round_up(round(100 * max(one.wishes for one in points)), 10)

    def across(trips: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * trips / most

    def down(wishes: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * wishes * 100 / best

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' font-family="sans-serif" font-size="13">',
        f"<title>Wishes met and trips made: {escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" font-weight="600">Wishes met and trips made'
        "</text>",
        f'<text x="{LEFT}" y="42" fill="#555">{escape(title)}; all reach the hours but where it is'
        " said</text>",
    ]
    for trips in range(0, most + 1, 500):
        x = across(trips)
        drawn.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#e4e4e4"/>')
        drawn.append(
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{trips:,}</text>'
        )
    for percent in range(0, best + 1, 10):
        y = down(percent / 100)
        drawn.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e4e4e4"/>')
        drawn.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    drawn.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">Trips: how'
        " often a class is at a site on a day</text>"
    )
    for at_once, colour in COLOURS.items():
        line = sorted((one for one in points if one.at_once == at_once), key=lambda one: one.trips)
        if not line:
            continue
        path = " ".join(f"{across(one.trips):.1f},{down(one.wishes):.1f}" for one in line)
        drawn.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        )
        drawn += [
            f'<circle cx="{across(one.trips):.1f}" cy="{down(one.wishes):.1f}" r="4"'
            f' fill="{colour}"/>'
            for one in line
        ]
        shares = [100 * one.share for one in line]
        who = f"; {min(shares):.1f} to {max(shares):.1f} % reach" if min(shares) < 100 else ""
        drawn.append(
            f'<text x="{across(line[-1].trips) + 10:.1f}" y="{down(line[-1].wishes) + 4:.1f}"'
            f' fill="{colour}" font-weight="600">K = {at_once}{who}</text>'
        )
    return "\n".join([*drawn, "</svg>", ""])


def _round_up(value: int, step: int) -> int:
    return -(-value // step) * step
