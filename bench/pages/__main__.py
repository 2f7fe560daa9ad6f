"""``python -m bench.pages``: every page in turn, of both databases, again and again.

Three repeats of ``ROUNDS`` (20) of each page, ``PAGES`` (part of a name) for some of them,
``ANEW=1`` to build the databases anew. The percentiles are the medians of those of the repeats.
Ends with 1 where a page takes more queries with more rows, or its 95th percentile is more than
twice the demonstration's.
"""

import http.client
import json
import os
import statistics
import sys
import time
from dataclasses import asdict, dataclass

from bench.booking import stage
from bench.pages import counting, place

ROUNDS = int(os.environ.get("ROUNDS", "20"))
REPEATS = 3
PAGES = os.environ.get("PAGES", "")
# Not counted: templates, plans and connections are made ready.
WARM = 4
TIMES = 2.0


@dataclass(frozen=True)
class Row:
    page: str
    address: str
    queries: int
    queries_many: int
    p50: float
    p50_many: float
    p95: float
    p95_many: float
    kib: float
    kib_many: float

    @property
    def times(self) -> float:
        return round(self.p95_many / self.p95, 2)

    @property
    def holds(self) -> bool:
        return self.queries == self.queries_many and self.times <= TIMES


class Browser:
    """One connection to one server; a cookie for each person."""

    def __init__(self, server: stage.Server, cookies: dict[str, str]) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.cookies = cookies
        self.took: dict[str, list[float]] = {}
        self.queries: dict[str, set[int]] = {}
        self.length: dict[str, int] = {}

    def open(self, page: str, who: str, address: str, *, counts: bool) -> None:
        begun = time.perf_counter()
        self.link.request(
            "GET",
            address,
            headers={"X-Forwarded-Proto": "https", "Cookie": f"sessionid={self.cookies[who]}"},
        )
        answer = self.link.getresponse()
        content = answer.read()
        took = (time.perf_counter() - begun) * 1000
        if answer.status != 200:
            sys.exit(f"{page} {address}: {answer.status}")
        if counts:
            self.took.setdefault(page, []).append(took)
            self.queries.setdefault(page, set()).add(int(answer.headers[counting.HEADER]))
            self.length[page] = len(content)


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 1)


def of_repeats(took: list[float]) -> float:
    """The 95th percentile: the median of the repeats', so that one hiccup decides nothing."""
    return statistics.median(
        percentile(took[start : start + ROUNDS], 0.95) for start in range(0, len(took), ROUNDS)
    )


def look(pages: dict[str, tuple[str, str]], browsers: list[Browser]) -> list[Row]:
    for number in range(WARM + REPEATS * ROUNDS):
        for page, (who, address) in pages.items():
            # Who goes first alternates: what the one leaves in the machine helps the other.
            for browser in browsers if number % 2 else browsers[::-1]:
                browser.open(page, who, address, counts=number >= WARM)
    demo, many = browsers
    return [
        Row(
            page=page,
            address=address,
            queries=max(demo.queries[page]),
            queries_many=max(many.queries[page]),
            p50=round(statistics.median(demo.took[page]), 1),
            p50_many=round(statistics.median(many.took[page]), 1),
            p95=of_repeats(demo.took[page]),
            p95_many=of_repeats(many.took[page]),
            kib=round(demo.length[page] / 1024, 1),
            kib_many=round(many.length[page] / 1024, 1),
        )
        for page, (_who, address) in pages.items()
    ]


def show(rows: list[Row], sizes: dict[str, dict[str, int]]) -> None:
    for name, counts in sizes.items():
        print(f"{name}: " + ", ".join(f"{number:,} {what}" for what, number in counts.items()))
    print(
        f"\n{'':24}{'queries':>9}{'p50 demo':>10}{'many':>8}{'p95 demo':>10}{'many':>8}"
        f"{'times':>7}{'KiB':>7}{'many':>7}"
    )
    for row in rows:
        queries = f"{row.queries}"
        if row.queries_many != row.queries:
            queries += f"/{row.queries_many}"
        print(
            f"{row.page:24}{queries:>9}{row.p50:>10.1f}{row.p50_many:>8.1f}{row.p95:>10.1f}"
            f"{row.p95_many:>8.1f}{row.times:>7.2f}{row.kib:>7.1f}{row.kib_many:>7.1f}"
            f"  {'' if row.holds else 'MISSED'}".rstrip()
        )


def main() -> int:
    surroundings = stage.environment()
    servers: list[stage.Server] = []
    with stage.database():
        place.make(surroundings)
        sizes = {"demo": place.rows(place.DEMO), "many": place.rows(place.MANY)}
        pages = json.loads(place.run(place.DEMO, surroundings, "-m", "bench.pages.lookers"))
        pages = {name: where for name, where in pages.items() if PAGES in name}
        people = sorted({who for who, _address in pages.values()})
        if not (stage.VAR / "static").exists():
            place.run(place.DEMO, surroundings, "manage.py", "collectstatic", "--noinput", "-v0")
        try:
            browsers = []
            for name in (place.DEMO, place.MANY):
                cookies = json.loads(
                    place.run(name, surroundings, "-m", "bench.pages.lookers", *people)
                )
                server = stage.serve(
                    name,
                    surroundings | {"DATABASE_URL": place.url(name)},
                    settings="bench.pages.settings",
                )
                servers.append(server)
                browsers.append(Browser(server, cookies))
            rows = look(pages, browsers)
        finally:
            for server in servers:
                server.stop()
    show(rows, sizes)
    path = stage.VAR / "pages.json"
    path.write_text(
        json.dumps(
            {"rows": sizes, "pages": [asdict(row) | {"times": row.times} for row in rows]},
            indent=1,
            ensure_ascii=False,
        ),
        encoding="utf-8",
    )
    missed = [row for row in rows if not row.holds]
    print(
        f"\nTarget: the same queries, p95 at most {TIMES:g} times the demonstration's:"
        f" {len(rows) - len(missed)} of {len(rows)} pages hold."
    )
    print(f"Written to {path.relative_to(stage.ROOT)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
