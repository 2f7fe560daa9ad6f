"""The page of states and phases, drawn from the tables in the code. Values in, text out."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import TextChoices
from django.utils import translation

from bookings.choices import BOOKING_TRANSITIONS, BookingState
from courses.choices import (
    SEASON_ACTIONS,
    SESSION_TRANSITIONS,
    VERSION_TRANSITIONS,
    SeasonAction,
    SeasonPhase,
    SessionState,
    VersionState,
)
from planning.choices import (
    PLAN_CLASS_TRANSITIONS,
    PLAN_TRANSITIONS,
    PlanClassState,
    PlanState,
)
from rosters.choices import IMPORT_TRANSITIONS, ImportState

HEAD = """# States

Drawn by `manage.py draw_states` from the tables in the code; a test compares. Do not edit it here.
"""

# Title, the states, and from each those it may become.
MACHINES: tuple[tuple[str, type[TextChoices], Mapping[Any, Sequence[Any]]], ...] = (
    ("Course version (`courses.choices.VERSION_TRANSITIONS`)", VersionState, VERSION_TRANSITIONS),
    ("Session (`courses.choices.SESSION_TRANSITIONS`)", SessionState, SESSION_TRANSITIONS),
    ("Booking (`bookings.choices.BOOKING_TRANSITIONS`)", BookingState, BOOKING_TRANSITIONS),
    ("Plan (`planning.choices.PLAN_TRANSITIONS`)", PlanState, PLAN_TRANSITIONS),
    (
        "A plan's class (`planning.choices.PLAN_CLASS_TRANSITIONS`)",
        PlanClassState,
        PLAN_CLASS_TRANSITIONS,
    ),
    ("Roster import (`rosters.choices.IMPORT_TRANSITIONS`)", ImportState, IMPORT_TRANSITIONS),
)


def page() -> str:
    """The whole of docs/states.md."""
    with translation.override("zh-hans"):
        return "\n".join([HEAD, _season(), *(_machine(*machine) for machine in MACHINES)])


def _season() -> str:
    """The phases in their order, and the table of what is open when."""
    rows = [
        f"| {action.label} `{action.value}` | "
        + " | ".join("●" if phase in SEASON_ACTIONS[action] else "" for phase in SeasonPhase)
        + " |"
        for action in SeasonAction
    ]
    labels = " | ".join(f"{phase.label} `{phase.value}`" for phase in SeasonPhase)
    steps = [
        f"    {before.value} --> {after.value}"
        for before, after in zip(list(SeasonPhase), list(SeasonPhase)[1:], strict=False)
    ]
    return "\n".join(
        [
            "## Season (`courses.choices.SEASON_ACTIONS`, `courses.phases`)",
            "",
            "The phases follow from the season's dates; one without wishes goes from publishing"
            " straight to booking.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            *(f"    {phase.value}: {phase.label}" for phase in SeasonPhase),
            "    publishing --> booking",
            *steps,
            "```",
            "",
            f"| Open in | {labels} |",
            "|---|" + "---|" * len(SeasonPhase),
            *rows,
            "",
        ]
    )


def _machine(
    title: str, states: type[TextChoices], transitions: Mapping[Any, Sequence[Any]]
) -> str:
    ends = [state for state in states if not transitions.get(state)]
    return "\n".join(
        [
            f"## {title}",
            "",
            "```mermaid",
            "stateDiagram-v2",
            *(f"    {state.value}: {state.label}" for state in states),
            f"    [*] --> {next(iter(transitions)).value}",
            *(
                f"    {before.value} --> {after.value}"
                for before, following in transitions.items()
                for after in following
            ),
            *(f"    {state.value} --> [*]" for state in ends),
            "```",
            "",
        ]
    )
