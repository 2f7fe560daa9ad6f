"""Plans in words: no figure says more than is known."""

from typing import Any

import pytest
from django.utils import translation

from planning import wording
from planning.choices import PlanGoal
from planning.models import CohortPlan, PlanClass
from planning.solving.explaining import Reason

FACTS = {"occupation": "面包师", "wishing": 26, "attending": 18, "sessions": 3, "seats": 96}
# Said elsewhere: there is no wish, or all are met.
WHOLE = CohortPlan(is_whole=True, sites_at_once=2)
FULL = "学时已够，只补职业或开课单位类别，不计志愿满足。"
WITHOUT_WHY = {"met", "no wish"}


def test_every_reason_of_the_solver_has_words() -> None:
    assert {one.value for one in Reason} <= set(wording.WHY) | WITHOUT_WHY | {wording.OUTWEIGHED}


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("met", "志愿都排上了。"),
        ("no wish", "没有填志愿，按学时和路程安排。"),
        ("not offered", "想去“面包师”的 26 人排上 18 人：还能约的场次里没有这个职业。"),
        (
            "not for its grade",
            "想去“面包师”的 26 人排上 18 人：3 场都不收这个年级，或本班已约过、名单已定。",
        ),
        ("unsigned", "还差学时的学生都没有监护人签名，所在学校不签不约。"),
        ("out of reach", "想去“面包师”的 26 人排上 18 人：3 场都太远，当天来不及。"),
        (
            "not on its free days",
            "想去“面包师”的 26 人排上 18 人：3 场都不在这个班可以外出的半天。",
        ),
        ("full", "想去“面包师”的 26 人排上 18 人：能去的 3 场共 96 个名额都用完了。"),
        (
            "at as many sites as it may be",
            "想去“面包师”的 26 人排上 18 人：有空位，但那半天这个班已分在最多 2 个地点。",
        ),
        (
            "no teacher left",
            "想去“面包师”的 26 人排上 18 人：有空位，但那半天学校派不出更多带队教师。",
        ),
        (
            "who attends it would not reach the requirement",
            "想去“面包师”的 26 人排上 18 人：有空位，但去了就修不满学时。",
        ),
        (
            "too few for it to run",
            "想去“面包师”的 26 人排上 18 人：有空位，但人数不够开课。",
        ),
        (
            "outweighed",
            "想去“面包师”的 26 人排上 18 人："
            "有空位，但改去那里会让其他志愿落空、有人修不满，或多跑路。",
        ),
        ("of another version", ""),
    ],
)
def test_a_class_reads_one_sentence_why(code: str, sentence: str) -> None:
    assert wording.class_reason({"code": code, **FACTS}, WHOLE) == sentence


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"goal": PlanGoal.TRIPS}, "有空位，但改去那里会多跑路、有人修不满，或让其他志愿落空"),
        (
            {"sites_at_once": 1},
            "有空位，但每班半天只去 1 个地点，改去那里会让其他志愿落空、有人修不满，或多跑路",
        ),
        ({"is_draft": True}, "有空位，但草算没有细排，正式计算也许能排上"),
        (
            {"is_draft": True, "is_whole": False},
            "有空位，但计算没有做完，再算一次也许能排上",
        ),
    ],
)
def test_what_outweighs_a_wish_is_told_as_the_plan_was_asked_for(
    values: dict[str, Any], why: str
) -> None:
    """True of a school's own plan too, and of a plan for one class."""
    plan = CohortPlan(**{"sites_at_once": 2, "is_whole": True} | values)

    assert (
        wording.class_reason({"code": "outweighed", **FACTS}, plan)
        == f"想去“面包师”的 26 人排上 18 人：{why}。"
    )


@pytest.mark.parametrize(
    ("reason", "share", "words"),
    [
        ({"code": "full", "lacking_hours": 0}, 0.0, ("—", FULL)),
        ({"code": "met", "lacking_hours": 0}, 0.0, ("—", FULL)),
        # What was booked before counts; who lacks hours has nothing of what she wished for.
        ({"code": "full", "lacking_hours": 0}, 0.3, ("30.0%", "")),
        ({"code": "full", "lacking_hours": 2}, 0.0, ("0%", "")),
        ({"code": "full"}, 0.0, ("0%", "")),
        ({"code": "no wish", "lacking_hours": 0}, 0.0, ("—", "")),
    ],
)
def test_a_class_that_lacks_no_hours_has_no_share_of_wishes(
    reason: dict[str, Any], share: float, words: tuple[str, str]
) -> None:
    row = PlanClass(reason=reason, wishes=share)

    assert (wording.class_wishes(row), wording.hours_are_full(row)) == words


def test_where_nobody_attends_the_wish_it_says_so() -> None:
    reason = {"code": "full", **FACTS, "attending": 0, "sessions": 1200, "seats": 4800}

    assert (
        wording.class_reason(reason, WHOLE)
        == "想去“面包师”的 26 人没有排上：能去的 1,200 场共 4,800 个名额都用完了。"
    )


def test_the_reason_is_said_in_english() -> None:
    with translation.override("en"):
        assert wording.class_reason({"code": "full", **FACTS, "occupation": "Baker"}, WHOLE) == (
            "18 of the 26 who wish for “Baker” attend it: every seat of the sessions they "
            "could attend is taken (sessions: 3, seats: 96)."
        )


def test_what_is_missing_tells_days_sites_and_seats_apart() -> None:
    found = {"short": 1240, "by_days": 26, "by_sites": 12}

    assert wording.shortage(found) == [
        "1,240 名学生修不满学时。",
        "26 人能去的场次，名额再多也不够：要在别的日子开，或开别的课程。",
        "12 人有空位可去却没排上：半天的地点、带队教师或开课人数不够，或没有算到。",
        "1,202 人缺名额。",
    ]


def test_who_may_not_be_booked_is_told_apart_and_nothing_on_offer_is_no_fault_of_the_days() -> None:
    found = {"short": 40, "unsigned": 4, "by_days": 36, "by_sites": 0}

    assert wording.shortage(found) == [
        "40 名学生修不满学时。",
        "4 人还没有监护人签名，所在学校不签不约。",
        "36 人能去的场次，名额再多也不够：要在别的日子开，或开别的课程。",
    ]
    assert wording.shortage(found | {"is_nothing_on_offer": True}) == [
        "40 名学生修不满学时。",
        "4 人还没有监护人签名，所在学校不签不约。",
        "没有还能约的场次。请开课单位加开，再重新计算。",
    ]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (CohortPlan(is_whole=False, reached=192), "计算没有做完，再算一次可能会有更多学生修满。"),
        (
            CohortPlan(is_whole=False, reached=192, bound=195),
            "计算没有做完，再算一次可能会有更多学生修满。",
        ),
        (
            CohortPlan(is_whole=True, is_draft=True, reached=192, bound=195),
            "这是草算，正式计算可能会有更多学生修满。",
        ),
        (CohortPlan(is_whole=False, reached=192, bound=192), ""),
        (CohortPlan(is_whole=True, reached=192, bound=195), ""),
    ],
)
def test_who_is_short_is_not_the_last_word_before_it_is_calculated_whole(
    plan: CohortPlan, words: str
) -> None:
    assert wording.not_the_last_word(plan) == words


def test_where_no_wish_can_be_met_there_is_no_share_of_wishes() -> None:
    nobody, somebody = CohortPlan(wishes_bound=0.0), CohortPlan(wishes_bound=0.3)

    assert [wording.wishes(nobody, 0.0), wording.wishes(somebody, 0.0)] == ["—", "0%"]
    assert wording.wishes_bound(nobody) == "没有能按志愿排的学时。"


def test_what_holds_nobody_back_is_not_said() -> None:
    assert wording.shortage({}) == []
    assert wording.shortage({"short": 0, "by_days": 0, "by_sites": 0}) == []
    assert wording.shortage({"short": 3, "by_days": 3, "by_sites": 0}) == [
        "3 名学生修不满学时。",
        "3 人能去的场次，名额再多也不够：要在别的日子开，或开别的课程。",
    ]
    assert wording.shortage({"short": 3, "by_days": 0, "by_sites": 3}) == [
        "3 名学生修不满学时。",
        "3 人有空位可去却没排上：半天的地点、带队教师或开课人数不够，或没有算到。",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0%"), (1, "100%"), (0.9996, "99.9%"), (0.834, "83.4%"), (0.5, "50.0%"), (0.29, "29.0%")],
)
def test_a_share_is_never_rounded_up_to_all(value: float, words: str) -> None:
    assert wording.percent(value) == words


@pytest.mark.parametrize(
    ("reached", "bound", "words"),
    [
        (4876, 4889, "上限 4,889 人"),
        (4889, 4889, "已是上限"),
        (4876, None, "上限未算出"),
    ],
)
def test_a_bound_is_said_with_its_proof(reached: int, bound: int | None, words: str) -> None:
    plan = CohortPlan(reached=reached, bound=bound, reached_before=3000, students=5000)

    assert wording.reach_bound(plan) == words
    assert wording.reached(plan) == (
        f"已约即能修满 3,000 人，本方案再修满 {reached - 3000:,} 人；{words}。"
    )


@pytest.mark.parametrize(
    ("bound", "words"), [(0.978, "已是上限"), (0.9812, "上限 98.1%"), (None, "上限未算出")]
)
def test_the_bound_of_the_worst_school_is_said_with_its_proof(
    bound: float | None, words: str
) -> None:
    plan = CohortPlan(worst_school=0.978, worst_school_bound=bound)

    assert wording.worst_school_bound(plan) == words


def test_the_bound_of_wishes_is_said_with_its_proof() -> None:
    assert (
        wording.wishes_bound(CohortPlan(wishes=0.8, wishes_bound=0.912))
        == "应修学时里学到志愿职业的比例，第 1 志愿全算，靠后的打折；上限 91.2%。"
    )
    assert (
        wording.wishes_bound(CohortPlan(wishes=0.8, wishes_bound=None))
        == "应修学时里学到志愿职业的比例，第 1 志愿全算，靠后的打折；上限未算出。"
    )


def test_what_was_asked_for_is_said_in_short() -> None:
    assert wording.settings(CohortPlan(goal=PlanGoal.TRIPS, sites_at_once=1, is_draft=True)) == [
        "少跑优先",
        "每班半天最多 1 个地点",
        "草算",
    ]
    assert wording.settings(CohortPlan(sites_at_once=2)) == ["志愿优先", "每班半天最多 2 个地点"]
