"""Writing, handing in and reviewing a course."""

from datetime import datetime

import pytest

from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours
from accounts.selectors import actor_of
from courses import errors
from courses.choices import REVIEW_DIMENSIONS, ReviewDecision, Verdict, VersionState
from courses.models import Course, CourseReview, CourseVersion
from courses.services import reviews, versions
from notifications.models import Message
from tests.bookings.races import at_once, before_commit
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.courses import FIELDS, make_draft, make_session, make_version, manager_of

PASSED: dict[str, str] = {name: Verdict.PASS for name, _label in REVIEW_DIMENSIONS}


@pytest.fixture
def reviewer(db: None) -> Actor:
    return actor_of(
        MembershipFactory(organisation=OrganisationFactory(alliance=True), role=Role.REVIEWER)
    )


def handed_in(now: datetime) -> CourseVersion:
    draft = make_draft()
    return versions.submit_version(by=manager_of(draft.host), version=draft, now=now)


def test_approved_version_is_published_and_its_managers_told(
    reviewer: Actor, now: datetime
) -> None:
    version = handed_in(now)

    review = reviews.decide(
        by=reviewer,
        version=version,
        edition=version.edition,
        decision=ReviewDecision.APPROVED,
        verdicts=PASSED,
        comments={},
        now=now,
    )

    version.refresh_from_db()
    assert (version.state, version.published_at) == (VersionState.PUBLISHED, now)
    assert version.course.published_version_id == version.pk
    assert review.reviewer_id == reviewer.membership_id
    manager = manager_of(version.host)
    assert Message.objects.filter(recipient_id=manager.user_id, kind="review_decided").count() == 1


@pytest.mark.parametrize("dimension", [name for name, _label in REVIEW_DIMENSIONS])
@pytest.mark.parametrize("verdict", [Verdict.FIX, Verdict.FAIL])
def test_nothing_is_approved_that_does_not_pass_everywhere(
    reviewer: Actor, now: datetime, dimension: str, verdict: Verdict
) -> None:
    version = handed_in(now)

    with pytest.raises(errors.CannotApprove):
        reviews.decide(
            by=reviewer,
            version=version,
            edition=version.edition,
            decision=ReviewDecision.APPROVED,
            verdicts=PASSED | {dimension: verdict},
            comments={dimension: "请改。"},
            now=now,
        )

    assert not CourseReview.objects.filter(version=version).exists()


def test_returning_needs_to_say_why(reviewer: Actor, now: datetime) -> None:
    version = handed_in(now)
    verdicts = PASSED | {"safety_assurance": Verdict.FIX}

    with pytest.raises(errors.CommentMissing) as caught:
        reviews.decide(
            by=reviewer,
            version=version,
            edition=version.edition,
            decision=ReviewDecision.RETURNED,
            verdicts=verdicts,
            comments={"safety_assurance": "  "},
            now=now,
        )
    reviews.decide(
        by=reviewer,
        version=version,
        edition=version.edition,
        decision=ReviewDecision.RETURNED,
        verdicts=verdicts,
        comments={"safety_assurance": "请补助教。"},
        now=now,
    )

    version.refresh_from_db()
    assert "安全保障" in str(caught.value)
    assert version.state == VersionState.RETURNED


def test_who_may_review(reviewer: Actor, now: datetime) -> None:
    version = handed_in(now)

    with pytest.raises(NotAllowed):
        reviews.check_can_review(manager_of(version.host), version)
    reviews.check_can_review(reviewer, version)


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_back_while_it_is_approved_is_not_published_as_a_draft(now: datetime) -> None:
    reviewer = actor_of(
        MembershipFactory(organisation=OrganisationFactory(alliance=True), role=Role.REVIEWER)
    )
    version = handed_in(now)
    ours, theirs = (CourseVersion.objects.get(pk=version.pk) for _copy in range(2))

    answer = before_commit(
        lambda: versions.take_back(by=manager_of(version.host), version=ours, now=now),
        lambda: reviews.decide(
            by=reviewer,
            version=theirs,
            edition=1,
            decision=ReviewDecision.APPROVED,
            verdicts=PASSED,
            comments={},
            now=now,
        ),
    )

    version.refresh_from_db()
    assert str(answer) == "这一版是“草稿”，不在审核中。"
    assert version.state == VersionState.DRAFT
    assert version.course.published_version_id is None


@pytest.mark.django_db(transaction=True)
def test_of_saving_and_handing_in_at_once_the_late_text_is_told_why(now: datetime) -> None:
    draft = make_draft()
    by = manager_of(draft.host)
    ours, theirs = (CourseVersion.objects.get(pk=draft.pk) for _copy in range(2))

    answer = before_commit(
        lambda: versions.submit_version(by=by, version=ours, now=now),
        lambda: versions.edit_version(
            by=by, version=theirs, edition=1, fields={"plan": "后写的"}, now=now
        ),
    )

    assert isinstance(answer, errors.NotEditable)
    assert str(answer) == "这一版是“审核中”，不能再改。"


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_give_one(now: datetime) -> None:
    reviewer = actor_of(
        MembershipFactory(organisation=OrganisationFactory(alliance=True), role=Role.REVIEWER)
    )
    version = handed_in(now)

    def decide() -> CourseReview:
        return reviews.decide(
            by=reviewer,
            version=CourseVersion.objects.get(pk=version.pk),
            edition=version.edition,
            decision=ReviewDecision.APPROVED,
            verdicts=PASSED,
            comments={},
            now=now,
        )

    outcomes = at_once(decide, decide)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "CourseReview",
        "NotInReview",
    ]


@pytest.mark.django_db
def test_draft_is_edited_while_its_edition_is_the_last(now: datetime) -> None:
    draft = make_draft()
    by = manager_of(draft.host)

    versions.edit_version(by=by, version=draft, edition=1, fields={"title_zh": "第一次"}, now=now)
    with pytest.raises(errors.StaleVersion):
        versions.edit_version(
            by=by, version=draft, edition=1, fields={"title_zh": "第二次"}, now=now
        )

    draft.refresh_from_db()
    assert (draft.title_zh, draft.edition) == ("第一次", 2)


@pytest.mark.django_db
def test_incomplete_draft_is_not_handed_in(now: datetime) -> None:
    draft = make_draft(plan="", hazards=" ")

    with pytest.raises(errors.Incomplete) as caught:
        versions.submit_version(by=manager_of(draft.host), version=draft, now=now)

    assert "活动安排、风险与防护" in str(caught.value)


@pytest.mark.django_db
def test_what_was_handed_in_is_taken_back_before_it_is_edited(now: datetime) -> None:
    version = handed_in(now)
    by = manager_of(version.host)

    with pytest.raises(errors.NotEditable):
        versions.edit_version(by=by, version=version, edition=1, fields=FIELDS, now=now)
    versions.take_back(by=by, version=version, now=now)
    with pytest.raises(errors.NotInReview):
        versions.take_back(by=by, version=version, now=now)

    assert version.state == VersionState.DRAFT


@pytest.mark.django_db
def test_the_alliance_hears_of_what_was_taken_back_or_withdrawn(
    reviewer: Actor, now: datetime
) -> None:
    secretary = MembershipFactory(
        organisation_id=reviewer.organisation_id, role=Role.SECRETARIAT, user__language="en"
    )
    version, published = handed_in(now), make_version(title_en="Baker: toast")

    versions.take_back(by=manager_of(version.host), version=version, now=now)
    versions.withdraw_course(by=manager_of(published.host), course=published.course, now=now)

    back = Message.objects.filter(kind="review_taken_back")
    assert {one.recipient_id for one in back} >= {reviewer.user_id, secretary.user_id}
    (withdrawn,) = Message.objects.filter(kind="course_withdrawn")
    assert withdrawn.recipient_id == secretary.user_id
    assert withdrawn.subject == "Withdrawn: Baker: toast"


@pytest.mark.django_db
def test_course_gets_a_free_code_of_its_hosts_numbering(now: datetime) -> None:
    first = make_draft()
    second = make_draft(first.host)
    Course.objects.filter(pk=first.course_id).update(code="K-1")
    third = make_draft(first.host)

    pk = first.host_id
    assert [first.course.code, second.course.code] == [f"H{pk}-01", f"H{pk}-02"]
    assert third.course.code == f"H{pk}-01"


@pytest.mark.django_db(transaction=True)
def test_two_courses_begun_at_once_get_two_codes(now: datetime) -> None:
    host = OrganisationFactory(vocational_school=True)
    by = manager_of(host)

    def begin() -> str:
        version = versions.start_course(by=by, host_id=host.pk, code="", fields=FIELDS, now=now)
        return version.course.code

    assert sorted(at_once(begin, begin, begin)) == [f"H{host.pk}-0{number}" for number in (1, 2, 3)]


@pytest.mark.django_db
def test_course_that_is_not_published_cannot_be_withdrawn(now: datetime) -> None:
    draft = make_draft()

    with pytest.raises(errors.NotEditable):
        versions.withdraw_course(by=manager_of(draft.host), course=draft.course, now=now)


@pytest.mark.django_db
def test_new_version_replaces_the_old_and_opened_sessions_keep_theirs(
    reviewer: Actor, now: datetime
) -> None:
    first = make_version()
    by = manager_of(first.host)
    session = make_session(first, now=now)

    second = versions.start_new_version(by=by, course=first.course, now=now)
    with pytest.raises(errors.VersionInWork):
        versions.start_new_version(by=by, course=first.course, now=now)
    versions.edit_version(by=by, version=second, edition=1, fields={"class_hours": 7}, now=now)
    versions.submit_version(by=by, version=second, now=now)
    reviews.decide(
        by=reviewer,
        version=second,
        edition=second.edition,
        decision=ReviewDecision.APPROVED,
        verdicts=PASSED,
        comments={},
        now=now,
    )

    first.refresh_from_db()
    session.refresh_from_db()
    assert (first.state, second.number) == (VersionState.SUPERSEDED, 2)
    assert (session.version_id, session.class_hours) == (first.pk, 4)


@pytest.mark.django_db
def test_withdrawn_course_is_offered_no_more(now: datetime) -> None:
    version = make_version()
    by = manager_of(version.host)

    versions.withdraw_course(by=by, course=version.course, now=now)

    version.refresh_from_db()
    assert version.state == VersionState.WITHDRAWN
    assert version.course.published_version is None
    with pytest.raises(errors.NotEditable):
        versions.withdraw_course(by=by, course=version.course, now=now)


@pytest.mark.django_db
def test_others_do_not_write_a_hosts_courses(now: datetime) -> None:
    draft = make_draft()
    instructor = actor_of(MembershipFactory(organisation=draft.host, role=Role.INSTRUCTOR))
    stranger = manager_of(OrganisationFactory(enterprise=True))

    with pytest.raises(NotAllowed):
        versions.check_can_write(instructor, draft.host_id)
    with pytest.raises(NotYours):
        versions.check_can_write(stranger, draft.host_id)


@pytest.mark.django_db
def test_handing_in_from_a_page_opened_before_is_refused(now: datetime) -> None:
    draft = make_draft()
    by = manager_of(draft.host)
    stale = CourseVersion.objects.get(pk=draft.pk)
    versions.submit_version(by=by, version=draft, now=now)

    with pytest.raises(errors.NotEditable) as caught:
        versions.submit_version(by=by, version=stale, now=now)

    assert str(caught.value) == "这一版是“审核中”，不能再改。"
    assert Message.objects.filter(kind="review_requested").count() == 0
