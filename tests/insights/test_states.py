"""docs/states.md says what the tables in the code say."""

from pathlib import Path

from django.conf import settings

from courses.choices import SEASON_ACTIONS, SeasonPhase
from insights import states


def test_the_page_of_states_is_current() -> None:
    drawn = (Path(settings.BASE_DIR) / "docs" / "states.md").read_text(encoding="utf-8")

    assert drawn == states.page()


def test_the_page_has_each_phase_that_opens_an_action() -> None:
    lines = {line.split("`")[1]: line for line in states.page().splitlines() if "●" in line}

    assert {action.value for action in SEASON_ACTIONS} == set(lines)
    for action, phases in SEASON_ACTIONS.items():
        cells = lines[action.value].strip("| ").split("|")[1:]
        cells += [""] * (len(SeasonPhase) - len(cells))
        marked = [phase for phase, cell in zip(SeasonPhase, cells, strict=True) if "●" in cell]
        assert tuple(marked) == phases


def test_transitions_are_drawn_as_arrows() -> None:
    page = states.page()

    assert "    confirmed --> cancelled\n" in page
    assert "    ready --> confirmed\n" in page
    assert "    draft --> published\n" not in page
