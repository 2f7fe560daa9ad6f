"""Proposals for a class's hours, as values."""

from datetime import datetime, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.proposing import Aim, Choice, Need, Proposal, Seat, propose
from sites.calendar import SHANGHAI

MONDAY = datetime(2026, 12, 7, 9, tzinfo=SHANGHAI)


def choice(
    key: int,
    day: int,
    hours: int = 4,
    *,
    late: int = 0,
    site: int = 1,
    occupation: str = "面包师",
    kind: str = "vocational_school",
    days: int = 1,
    course: int | None = None,
) -> Choice:
    starts = [MONDAY + timedelta(days=day + offset, hours=late) for offset in range(days)]
    return Choice(
        key=key,
        hours=hours,
        spans=tuple((start, start + timedelta(hours=3)) for start in starts),
        course=key if course is None else course,
        occupation=occupation,
        host_kind=kind,
        site=site,
        seating=(Seat((key,), None, 40),),
    )


def keys(proposal: Proposal) -> list[int]:
    return [one.key for one in proposal.choices]


def test_nothing_is_proposed_for_nothing() -> None:
    assert propose([choice(1, 0)], Need(hours=0)) == []
    assert propose([], Need(hours=14)) == []


def test_three_baskets_each_best_at_something() -> None:
    choices = [
        choice(1, 0, 4, site=1, occupation="焊工"),
        choice(2, 1, 4, site=2, occupation="焊工"),
        choice(3, 5, 4, site=3, occupation="面包师"),
        choice(4, 6, 4, site=3, occupation="面包师"),
        choice(5, 7, 4, site=2, occupation="护士"),
    ]

    found = propose(choices, Need(hours=8))

    assert [(one.aim, keys(one), one.hours, one.reaches) for one in found] == [
        (Aim.FEW_SITES, [3, 4], 8, True),
        (Aim.EARLY, [1, 2], 8, True),
        (Aim.VARIED, [2, 5], 8, True),
    ]


def test_hours_are_met_exactly_where_they_can_be() -> None:
    choices = [choice(1, 0, 7), choice(2, 1, 4), choice(3, 2, 4), choice(4, 3, 3)]

    assert sum(one.hours for one in propose(choices, Need(hours=14))[0].choices) == 14


def test_what_comes_nearest_where_the_hours_are_not_to_be_had() -> None:
    (found,) = propose([choice(1, 0, 4), choice(2, 1, 4)], Need(hours=14))

    assert (keys(found), found.hours, found.reaches) == ([1, 2], 8, False)


def test_a_course_is_not_proposed_again_while_others_fit() -> None:
    """Neither one of the class's own nor one twice, though it is earlier and at one site."""
    choices = [
        choice(1, 0, course=10),
        choice(2, 1, course=10),
        choice(3, 2, course=20),
        choice(4, 9, course=30, site=2),
        choice(5, 12, course=40, site=3),
    ]

    found = propose(choices, Need(hours=8, courses=frozenset({20})))

    assert {(one.repeats, one.reaches) for one in found} == {(0, True)}
    assert [keys(one) for one in found] == [[1, 4], [2, 4], [1, 5]]


def test_a_course_comes_again_where_nothing_else_fits() -> None:
    (found,) = propose([choice(1, 0, course=10), choice(2, 1, course=10)], Need(hours=8))

    assert (keys(found), found.reaches, found.repeats) == ([1, 2], True, 1)


def test_occupations_and_kinds_of_host_are_met() -> None:
    choices = [
        choice(1, 0, 7),
        choice(2, 1, 7),
        choice(3, 2, 7, occupation="护士", kind="enterprise", site=2),
    ]
    need = Need(
        hours=14, occupations=1, had=frozenset({"面包师"}), kinds=(("vocational_school", 7),)
    )

    assert [keys(one) for one in propose(choices, need)] == [[1, 3], [2, 3]]


def test_the_days_of_a_set_are_kept_free() -> None:
    camp = choice(1, 0, 14, days=2)

    assert [keys(one) for one in propose([camp, choice(2, 1, 4)], Need(hours=14))] == [[1]]
    assert [keys(one) for one in propose([camp, choice(2, 1, 4)], Need(hours=18))] == [[1]]


@st.composite
def rows(draw: st.DrawFn) -> list[Choice]:
    return [
        choice(
            key,
            draw(st.integers(0, 6)),
            draw(st.integers(1, 8)),
            late=draw(st.integers(0, 5)),
            site=draw(st.integers(1, 3)),
            occupation=draw(st.sampled_from("甲乙丙")),
            kind=draw(st.sampled_from(["enterprise", "vocational_school"])),
            days=draw(st.integers(1, 2)),
        )
        for key in range(draw(st.integers(0, 9)))
    ]


@given(
    choices=rows(),
    hours=st.integers(1, 20),
    occupations=st.integers(0, 3),
    at_schools=st.integers(0, 12),
)
@settings(max_examples=150, deadline=None)
def test_a_proposal_never_clashes_and_reaches_what_it_says(
    choices: list[Choice], hours: int, occupations: int, at_schools: int
) -> None:
    need = Need(hours=hours, occupations=occupations, kinds=(("vocational_school", at_schools),))

    found = propose(choices, need)

    assert found == propose(list(reversed(choices)), need)
    assert len({tuple(keys(one)) for one in found}) == len(found) <= 3
    for proposal in found:
        spans = [span for one in proposal.choices for span in one.spans]
        assert all(
            one[1] <= other[0] or other[1] <= one[0] for one, other in combinations(spans, 2)
        )
        assert proposal.hours == sum(one.hours for one in proposal.choices)
        assert set(proposal.choices) <= set(choices)
        if proposal.reaches:
            assert proposal.hours >= hours
            assert len({one.occupation for one in proposal.choices}) >= occupations
            schools = [one for one in proposal.choices if one.host_kind == "vocational_school"]
            assert sum(one.hours for one in schools) >= at_schools


def test_a_whole_districts_offers_give_three_proposals() -> None:
    choices = [
        choice(
            key,
            key // 8,
            3 + key % 5,
            late=4 * (key % 2),
            site=key % 17,
            occupation=f"职业{key % 50}",
            days=1 + (key % 20 == 0),
        )
        for key in range(400)
    ]
    found = propose(choices, Need(hours=14, occupations=2))

    assert [proposal.hours for proposal in found] == [14, 14, 14]
