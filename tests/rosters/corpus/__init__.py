"""Roster files as schools send them, each with what reading it must give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings

from rosters.errors import FileRefused
from rosters.parsing.shapes import ClassName, SchoolFacts

# A busy machine is no finding.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

JUNIOR = SchoolFacts(("junior",), 2026)

# Name, class (or how a class that is asked about is written), number, seat, phone.
Row = tuple[str, ClassName | str, str, int | None, str]


@dataclass(frozen=True)
class Case:
    """One file. ``refused`` is set where it is refused whole."""

    name: str
    make: Callable[[], bytes]
    rows: list[Row] = field(default_factory=list)
    suffix: str = ".xlsx"
    facts: SchoolFacts = JUNIOR
    questions: Mapping[str, tuple[ClassName, ...]] = field(default_factory=dict)
    refusals: list[tuple[str, int, str, str]] = field(default_factory=list)
    skipped: Mapping[str, int] = field(default_factory=dict)
    refused: type[FileRefused] | None = None


def student(
    name: str,
    class_name: tuple[int, int] | str,
    number: str = "",
    seat: int | None = None,
    phone: str = "",
) -> Row:
    return (
        name,
        class_name if isinstance(class_name, str) else ClassName(*class_name),
        number,
        seat,
        phone,
    )
