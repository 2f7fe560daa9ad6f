"""What a file changes in a roster: pure, so every case is a table."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rosters.differences import NEW, SKIP, Differences, Known, compare
from rosters.parsing.shapes import ClassName, RosterRow

SEVEN_1, SEVEN_2, EIGHT_1 = ClassName(7, 1), ClassName(7, 2), ClassName(8, 1)
LEFT_AT = datetime(2026, 10, 1, tzinfo=UTC)


def row(
    name: str, group: ClassName = SEVEN_1, no: str = "", seat: int | None = None, at: int = 2
) -> RosterRow:
    return RosterRow("Sheet1", at, name, "x", group, no, seat)


def differences(rows: list[RosterRow], roster: list[Known], **more: object) -> Differences:
    return compare(list(enumerate(rows)), roster, **more)  # type: ignore[arg-type]


def told(found: Differences) -> list[tuple[object, ...]]:
    return [
        (line.kind and line.kind.value, line.known and line.known.pk, line.name, line.student_no,
         line.class_name, line.seat_no)
        for line in found.lines
    ]  # fmt: skip


LI = Known(1, "李子涵", "701", SEVEN_1, 1)
WANG = Known(2, "王雨", "702", SEVEN_1, 2)


def test_a_number_is_the_same_student_in_another_class_or_under_another_name() -> None:
    found = differences(
        [row("李子涵", SEVEN_2, "701", 5), row("王语", SEVEN_1, "702", 2)], [LI, WANG]
    )

    assert told(found) == [
        ("moved", 1, "李子涵", "701", SEVEN_2, 5),
        ("renamed", 2, "王语", "702", SEVEN_1, 2),
    ]
    assert found.doubts == ()


def test_a_number_with_another_name_in_another_class_is_in_doubt() -> None:
    rows = [row("赵六", SEVEN_2, "701")]
    undecided = differences(rows, [LI])
    same = differences(rows, [LI], decisions={0: 1})

    assert [(doubt.index, doubt.options, doubt.may_be_new) for doubt in undecided.doubts] == [
        (0, (LI,), False)
    ]
    assert told(undecided) == []
    assert told(same) == [("moved", 1, "赵六", "701", SEVEN_2, 1)]


def test_without_a_number_name_and_class_decide_and_numbers_are_added() -> None:
    found = differences(
        [row("李子涵"), row("王雨", no="9")],
        [replace_no(LI, ""), replace_no(WANG, "")],
    )

    assert told(found) == [
        (None, 1, "李子涵", "", SEVEN_1, 1),
        ("edited", 2, "王雨", "9", SEVEN_1, 2),
    ]


def replace_no(known: Known, number: str) -> Known:
    return known._replace(student_no=number)


def test_who_is_missing_from_a_class_of_the_file_leaves_other_classes_stay() -> None:
    other = Known(3, "陈一", "801", EIGHT_1, 1)
    rows = [row("李子涵", no="701")]

    found = differences(rows, [LI, WANG, other])
    kept = differences(rows, [LI, WANG, other], keep_missing=True)

    assert told(found) == [
        (None, 1, "李子涵", "701", SEVEN_1, 1),
        ("left", 2, "王雨", "702", SEVEN_1, 2),
    ]
    assert told(kept) == told(found)[:1]


def test_who_left_comes_back_by_number_and_is_asked_about_by_name() -> None:
    gone = WANG._replace(left_at=LEFT_AT)
    by_number = differences([row("王雨", no="702")], [gone])
    by_name = differences([row("王雨")], [gone._replace(student_no="")])

    assert told(by_number) == [("back", 2, "王雨", "702", SEVEN_1, 1)]
    assert [(doubt.suggested, doubt.may_be_new) for doubt in by_name.doubts] == [(2, True)]


def test_namesakes_with_numbers_stay_two() -> None:
    found = differences([row("张伟", no="1"), row("张伟", no="2")], [])

    assert [(kind, name, no) for kind, _pk, name, no, *_ in told(found)] == [
        ("new", "张伟", "1"),
        ("new", "张伟", "2"),
    ]
    assert found.doubts == ()


def test_namesakes_without_numbers_are_decided_by_a_person_once() -> None:
    rows = [row("张伟", at=2), row("张伟", at=9)]

    undecided = differences(rows, [])
    two = differences(rows, [], decisions={0: NEW, 1: NEW})
    one = differences(rows, [], decisions={0: NEW, 1: SKIP})
    again = differences(rows, [Known(5, "张伟", "", SEVEN_1, 1), Known(6, "张伟", "", SEVEN_1, 2)])

    assert [(doubt.index, doubt.like_row, doubt.may_be_new) for doubt in undecided.doubts] == [
        (0, 1, True),
        (1, 0, True),
    ]
    assert [kind for kind, *_ in told(two)] == ["new", "new"]
    assert [kind for kind, *_ in told(one)] == ["new"]
    assert [(kind, pk) for kind, pk, *_ in told(again)] == [(None, 5), (None, 6)]


def test_one_row_for_two_namesakes_is_in_doubt_unless_the_seat_says_who() -> None:
    roster = [Known(5, "张伟", "", SEVEN_1, 1), Known(6, "张伟", "", SEVEN_1, 2)]

    undecided = differences([row("张伟")], roster)
    seated = differences([row("张伟", seat=2)], roster)

    assert [[known.pk for known in doubt.options] for doubt in undecided.doubts] == [[5, 6]]
    # Who is among the options does not leave before it is decided.
    assert told(undecided) == []
    assert told(seated) == [
        (None, 6, "张伟", "", SEVEN_1, 2),
        ("left", 5, "张伟", "", SEVEN_1, 1),
    ]


def test_a_name_that_vanished_from_a_neighbour_class_most_likely_moved() -> None:
    known = Known(1, "李子涵", "", SEVEN_1, 1)
    rows = [row("王雨", SEVEN_1), row("李子涵", SEVEN_2)]

    undecided = differences(rows, [known])
    decided = differences(rows, [known], decisions={1: 1})

    assert [(doubt.index, doubt.suggested) for doubt in undecided.doubts] == [(1, 1)]
    assert ("moved", 1, "李子涵", "", SEVEN_2, 1) in told(decided)


def test_another_number_under_the_same_name_in_the_class_is_asked() -> None:
    found = differences([row("李子涵", no="999")], [LI])
    same = differences([row("李子涵", no="999")], [LI], decisions={0: 1})

    assert [(doubt.suggested, doubt.may_be_new) for doubt in found.doubts] == [(1, True)]
    assert told(same) == [("edited", 1, "李子涵", "999", SEVEN_1, 1)]


def test_the_number_of_a_merged_duplicate_leads_to_her_and_changes_nothing() -> None:
    found = differences([row("李子涵", no="old")], [LI], numbers={"old": 1})

    assert told(found) == [(None, 1, "李子涵", "701", SEVEN_1, 1)]


def test_seats_come_from_the_file_else_stay_else_follow_in_its_order() -> None:
    found = differences(
        [
            row("李子涵", no="701"),
            row("新一", no="n1"),
            row("新二", no="n2", seat=2),
            row("新三", no="n3"),
        ],
        [LI, WANG],
    )

    # 2 is given anew because the file says so; nobody gets a leaver's number by chance.
    assert [(name, seat) for _k, _pk, name, _no, _c, seat in told(found)] == [
        ("李子涵", 1),
        ("新一", 3),
        ("新二", 2),
        ("新三", 4),
        ("王雨", 2),
    ]


def test_a_seat_of_somebody_who_is_kept_is_not_given_away() -> None:
    found = differences([row("李子涵", no="701", seat=2)], [LI, WANG], keep_missing=True)

    assert [(name, seat) for _k, _pk, name, _no, _c, seat in told(found)] == [("李子涵", 1)]
    assert found.reseated == {0}


def test_a_number_twice_in_a_file_counts_once_or_is_in_doubt() -> None:
    same = differences([row("李子涵", no="701"), row("李子涵", no="701")], [LI])
    other = differences([row("李子涵", no="701"), row("王雨", no="701")], [LI])

    assert (told(same), same.left_out) == ([(None, 1, "李子涵", "701", SEVEN_1, 1)], {1})
    assert [(doubt.index, doubt.options, doubt.may_be_new) for doubt in other.doubts] == [
        (1, (), False)
    ]


def test_letters_of_a_number_are_the_same_small_and_large() -> None:
    found = differences([row("李子涵", no="A7")], [replace_no(LI, "a7")])

    assert told(found) == [(None, 1, "李子涵", "a7", SEVEN_1, 1)]


def test_two_numbers_of_one_student_are_not_two_students() -> None:
    rows = [row("李子涵", no="701"), row("李子涵", no="old")]

    found = differences(rows, [LI], numbers={"old": 1})

    assert [(doubt.index, doubt.may_be_new) for doubt in found.doubts] == [(1, False)]


def test_a_duplicates_number_is_not_given_to_anybody_else() -> None:
    found = differences([row("孙七", no="old")], [LI], numbers={"old": 99})

    assert [(doubt.index, doubt.options, doubt.may_be_new) for doubt in found.doubts] == [
        (0, (), False)
    ]


def test_one_student_cannot_be_two_rows() -> None:
    rows = [row("张伟", no="8"), row("张伟", no="9")]
    known = Known(5, "张伟", "7", SEVEN_1, 1)

    found = differences(rows, [known], decisions={0: 5, 1: 5})

    assert [(kind, pk) for kind, pk, *_ in told(found)] == [("edited", 5)]
    assert [doubt.index for doubt in found.doubts] == [1]


def test_a_seat_kept_by_one_and_given_to_another_makes_the_first_move_up() -> None:
    found = differences([row("李子涵", no="701"), row("王雨", no="702", seat=1)], [LI, WANG])

    assert [(name, seat) for _k, _pk, name, _no, _c, seat in told(found)] == [
        ("李子涵", 3),
        ("王雨", 1),
    ]


NAMES = st.sampled_from(["王雨", "李子涵", "张伟", "陈一", "𠮷野"])


@st.composite
def rosters(draw: st.DrawFn) -> list[Known]:
    """Three classes; numbers where there are any differ, seats of a class differ."""
    students: list[Known] = []
    for group in (SEVEN_1, SEVEN_2, EIGHT_1):
        for seat in draw(st.sets(st.integers(1, 50), max_size=8)):
            pk = len(students) + 1
            number = str(pk) if draw(st.booleans()) else ""
            students.append(Known(pk, draw(NAMES), number, group, seat))
    return students


def exported(roster: list[Known]) -> list[RosterRow]:
    return [
        row(known.name, known.class_name or SEVEN_1, known.student_no, known.seat_no, at)
        for at, known in enumerate(roster, start=2)
    ]


@given(rosters(), st.randoms(use_true_random=False))
def test_a_rosters_own_export_changes_nothing_in_any_order(
    roster: list[Known], random: object
) -> None:
    rows = exported(roster)
    random.shuffle(rows)  # type: ignore[attr-defined]

    found = differences(rows, roster)

    assert found.counts() == {
        "new": 0, "moved": 0, "renamed": 0, "edited": 0, "back": 0, "left": 0,
        "unchanged": len(roster), "doubtful": 0,
    }  # fmt: skip


@given(rosters(), rosters(), st.randoms(use_true_random=False))
def test_the_order_of_rows_with_seats_and_numbers_does_not_matter(
    before: list[Known], after: list[Known], random: object
) -> None:
    rows = [replace(one, student_no=f"n{at}") for at, one in enumerate(exported(after))]
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    straight, mixed = differences(rows, before), differences(shuffled, before)

    assert sorted(map(repr, told(straight))) == sorted(map(repr, told(mixed)))
    assert straight.counts() == mixed.counts()


@given(rosters(), rosters())
def test_after_an_import_no_two_students_of_a_class_share_a_seat(
    before: list[Known], after: list[Known]
) -> None:
    rows = exported(after)

    found = differences(rows, before)

    decided = differences(
        rows,
        before,
        decisions={doubt.index: NEW if doubt.may_be_new else SKIP for doubt in found.doubts},
    )
    seats = [
        (line.class_name, line.seat_no)
        for line in decided.lines
        if line.kind is None or line.kind != "left"
    ]
    assert len(seats) == len(set(seats))
