"""Every file of the corpus gives exactly what is expected of it."""

import json

import pytest

from rosters.errors import FileRefused
from rosters.parsing import reader, refusals
from rosters.parsing.shapes import Reading

from .corpus import Case
from .corpus.layouts import LAYOUTS
from .corpus.refused import REFUSED_CELLS, REFUSED_WHOLE

CASES = [*LAYOUTS, *REFUSED_CELLS]


def _name(case: Case) -> str:
    return case.name


def test_corpus_has_at_least_forty_files_each_with_its_own_name() -> None:
    names = [case.name for case in [*CASES, *REFUSED_WHOLE]]

    assert len(names) >= 40
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_read_roster_gives_what_the_file_says(case: Case) -> None:
    reading = reader.read_roster(case.make(), case.suffix, facts=case.facts)

    assert [
        (row.name, row.class_name or row.written, row.student_no, row.seat_no, row.guardian_phone)
        for row in reading.rows
    ] == case.rows
    assert {one.written: one.suggestions for one in reading.questions} == case.questions
    assert [(one.sheet, one.row, one.column, one.code) for one in reading.refusals] == case.refusals
    assert {kind: count for kind, count in reading.skipped.items() if count} == case.skipped


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_reading_survives_json(case: Case) -> None:
    reading = reader.read_roster(case.make(), case.suffix, facts=case.facts)

    assert Reading.of(json.loads(json.dumps(reading.as_json()))) == reading


@pytest.mark.parametrize("case", REFUSED_WHOLE, ids=_name)
def test_read_roster_refuses_the_whole_file(case: Case) -> None:
    with pytest.raises(FileRefused) as refusal:
        reader.read_roster(case.make(), case.suffix, facts=case.facts)

    assert type(refusal.value) is case.refused
    assert refusal.value.facts == {}
    assert "请" in str(refusal.value)


def test_every_code_of_a_refusal_is_in_the_corpus() -> None:
    found = {code for case in CASES for *_place, code in case.refusals}

    assert found == set(refusals.SENTENCES)


def test_every_refusal_of_a_file_is_in_the_corpus() -> None:
    assert {case.refused for case in REFUSED_WHOLE} == set(FileRefused.__subclasses__())
