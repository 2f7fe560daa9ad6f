"""Which requirement counts for a class, and what counts towards it."""

from datetime import date, datetime

from accounts.models import Organisation
from hours import selectors
from hours.models import HourCredit, PracticumRequirement
from tests.bookings.conftest import World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.hours import RequirementFactory, make_credit


def test_the_requirement_of_a_cohort_due_first_counts(world: World) -> None:
    PracticumRequirement.objects.all().delete()
    RequirementFactory(due_on=date(2028, 6, 30))
    first = RequirementFactory(entry_year_from=2025, entry_year_to=2025)
    RequirementFactory(entry_year_from=2026, due_on=date(2026, 12, 31))
    RequirementFactory(stage="senior", due_on=date(2026, 12, 31))

    assert selectors.requirement_for(world.group) == first


def test_a_requirement_for_the_schools_kind_counts_before_one_for_all(world: World) -> None:
    RequirementFactory(school_kind="private", due_on=date(2029, 6, 30))
    general = selectors.requirement_for(world.group)
    Organisation.objects.filter(pk=world.school.pk).update(school_kind="private")

    own = selectors.requirement_for(world.group)

    assert (general is not None and general.school_kind) == ""
    assert (own is not None and own.school_kind) == "private"


def test_a_class_may_have_no_requirement(world: World) -> None:
    PracticumRequirement.objects.all().delete()

    assert selectors.requirement_for(world.group) is None


def test_only_what_was_earned_on_the_requirements_days_counts(world: World, now: datetime) -> None:
    student = world.students[0]
    days = [date(2026, 8, 31), date(2026, 9, 1), date(2027, 6, 30), date(2027, 7, 1)]
    for session in [world.session(day=day) for day in days]:
        make_credit(by=world.manager, student=student, session=session, now=now)

    counted = selectors.earned_by_student([student.pk], selectors.requirement_for(world.group))

    assert counted == {student.pk: 8}
    assert selectors.earned_by_student([student.pk], None) == {student.pk: 16}


def test_who_sees_which_credits(world: World, now: datetime) -> None:
    """A truth table: the actor, whether the credit of the class is seen."""
    make_credit(by=world.manager, student=world.students[0], session=world.session(), now=now)
    answers = {
        world.teacher: 1,
        world.coordinator: 1,
        world.manager: 0,
        actor_of(MembershipFactory(organisation=world.school)): 0,
        actor_of(MembershipFactory(coordinator=True)): 0,
        actor_of(MembershipFactory(secretariat=True)): 1,
    }

    assert {actor: HourCredit.objects.visible_to(actor).count() for actor in answers} == answers
