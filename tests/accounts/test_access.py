"""Who acts on a request, and what a page says to somebody who may not see it."""

from datetime import datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from accounts.access import SESSION_KEY, MemberRequest, members_only
from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import NotYours, Refusal, WrongRole
from accounts.middleware import ActorMiddleware
from accounts.models import Invitation, Membership
from accounts.services import memberships, organisations
from tests.factories.accounts import (
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
    actor_of,
)

pytestmark = pytest.mark.django_db


def _signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    session = client.session
    session[SESSION_KEY] = membership.pk
    session.save()
    return client


def _acting(client: Client) -> Actor | None:
    """Who acts, as a page that everybody signed in may see was drawn for."""
    response = client.get("/me/")
    return response.context["request"].actor if response.status_code == 200 else None


def test_the_only_membership_acts_without_being_chosen() -> None:
    teacher = MembershipFactory()
    client = Client()
    client.force_login(teacher.user)

    assert _acting(client) == actor_of(teacher)
    assert client.session[SESSION_KEY] == teacher.pk


def test_with_several_memberships_one_is_chosen_first() -> None:
    one = MembershipFactory()
    MembershipFactory(user=one.user)
    client = Client()
    client.force_login(one.user)

    response = client.get("/me/tokens/?a=b")

    assert (response.status_code, response["Location"]) == (
        302,
        "/me/switch/?next=%2Fme%2Ftokens%2F%3Fa%3Db",
    )


def test_a_leaver_is_out_with_the_next_click(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True)
    teacher = MembershipFactory(organisation=coordinator.organisation)
    client = _signed_in(teacher)
    before = client.get("/me/tokens/").status_code

    memberships.end_membership(by=actor_of(coordinator), membership=teacher, now=now)
    after = client.get("/me/tokens/")

    assert before == 200
    assert (after.status_code, after["Location"]) == (
        302,
        "/accounts/login/?next=/me/tokens/",
    )
    assert "_auth_user_id" not in client.session


def test_a_leaver_with_another_organisation_goes_on_there(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True)
    teacher = MembershipFactory(organisation=coordinator.organisation)
    other = MembershipFactory(user=teacher.user)
    client = _signed_in(teacher)

    memberships.end_membership(by=actor_of(coordinator), membership=teacher, now=now)

    assert _acting(client) == actor_of(other)


def test_a_leaver_with_several_others_is_asked(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True)
    teacher = MembershipFactory(organisation=coordinator.organisation)
    MembershipFactory(user=teacher.user)
    MembershipFactory(user=teacher.user)
    client = _signed_in(teacher)

    memberships.end_membership(by=actor_of(coordinator), membership=teacher, now=now)

    assert client.get("/me/tokens/")["Location"] == "/me/switch/?next=%2Fme%2Ftokens%2F"


def _form_token(client: Client) -> str:
    """What the hidden field of a form of a page that is open now holds."""
    return str(get_token(client.get("/me/").wsgi_request))


def _two_schools() -> tuple[Client, Membership, Membership]:
    one = MembershipFactory(coordinator=True)
    other = MembershipFactory(coordinator=True, user=one.user)
    client = Client(enforce_csrf_checks=True)
    client.force_login(one.user)
    session = client.session
    session[SESSION_KEY] = one.pk
    session.save()
    return client, one, other


def _invite(client: Client, token: str) -> int:
    form = {"email": "zhou@example.org", "role": "teacher", "csrfmiddlewaretoken": token}
    return client.post("/people/", form).status_code


def test_a_form_opened_for_one_organisation_is_not_taken_for_another() -> None:
    client, _one, other = _two_schools()
    opened = _form_token(client)

    client.post("/me/switch/", {"membership": other.pk, "csrfmiddlewaretoken": opened})
    stale = _invite(client, opened)
    none = Invitation.objects.count()
    fresh = _invite(client, _form_token(client))

    assert (stale, none) == (403, 0)
    assert fresh == 302
    assert Invitation.objects.get().organisation_id == other.organisation_id


def test_a_leavers_open_form_is_not_taken_for_the_organisation_that_is_left(
    now: datetime,
) -> None:
    client, one, _other = _two_schools()
    remaining = MembershipFactory(coordinator=True, organisation=one.organisation)
    opened = _form_token(client)

    memberships.end_membership(by=actor_of(remaining), membership=one, now=now)

    assert [_invite(client, opened) for _ in range(2)] == [409, 403]
    assert not Invitation.objects.exists()


def test_a_closed_organisation_closes_its_peoples_pages_until_it_opens(now: datetime) -> None:
    secretary = actor_of(MembershipFactory(secretariat=True))
    teacher = MembershipFactory()
    school = teacher.organisation
    facts = {"name": school.name, "stages": school.stages}
    client = _signed_in(teacher)

    organisations.edit_organisation(
        by=secretary, organisation=school, is_active=False, now=now, **facts
    )
    closed = _acting(client)
    client.force_login(teacher.user)
    organisations.edit_organisation(
        by=secretary, organisation=school, is_active=True, now=now, **facts
    )

    assert closed is None
    assert _acting(client) == actor_of(teacher)


def test_an_inactive_person_is_out_at_once() -> None:
    teacher = MembershipFactory()
    client = _signed_in(teacher)

    teacher.user.is_active = False
    teacher.user.save()

    assert client.get("/me/tokens/").status_code == 302


def test_a_session_never_acts_as_somebody_elses_membership() -> None:
    teacher, other = MembershipFactory(), MembershipFactory()
    client = _signed_in(teacher)
    session = client.session
    session[SESSION_KEY] = other.pk
    session.save()

    assert _acting(client) == actor_of(teacher)


def test_somebody_without_a_membership_is_told_so() -> None:
    client = Client()
    client.force_login(UserFactory())

    response = client.get("/me/tokens/")

    assert response.status_code == 403
    assert "您的账号目前不属于任何单位。请单位的管理员发一封邀请。" in response.text


def test_the_frame_of_a_page_costs_five_queries(
    django_assert_num_queries,
) -> None:
    client = _signed_in(MembershipFactory())

    # The session, the person, the memberships, the basket, the unread messages.
    with django_assert_num_queries(5):
        client.get("/nowhere/at/all.txt")


def test_the_page_speaks_the_persons_language() -> None:
    teacher = MembershipFactory(user__language="en")
    client = _signed_in(teacher)

    response = client.get("/me/")

    assert '<html lang="en"' in response.text


@members_only(Role.TEACHER, Role.SCHOOL_COORDINATOR)
def _for_schools(request: MemberRequest) -> HttpResponse:
    return HttpResponse(request.actor.name)


@members_only
def _for_all(request: MemberRequest) -> HttpResponse:
    return HttpResponse(request.actor.name)


def _request(actor: Actor | None, **headers: str) -> HttpRequest:
    request = RequestFactory().get("/trips/?week=2", headers=headers)
    request.user = AnonymousUser()
    request.actor = actor
    return request


@pytest.mark.parametrize(
    ("who", "enters"),
    {
        "secretariat": False,
        "reviewer": False,
        "host_manager": False,
        "instructor": False,
        "coordinator": True,
        "teacher": True,
    }.items(),
)
def test_members_only_lets_the_roles_in(who: str, enters: bool) -> None:
    actor = actor_of(MembershipFactory(**{who: True}))

    try:
        status = _for_schools(_request(actor)).status_code
    except WrongRole:
        status = 403

    assert status == (200 if enters else 403)
    assert _for_all(_request(actor)).status_code == 200


def test_a_stranger_is_sent_to_sign_in_and_back() -> None:
    response = _for_schools(_request(None))

    assert (response.status_code, response["Location"]) == (
        302,
        "/accounts/login/?next=/trips/%3Fweek%3D2",
    )


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in() -> None:
    response = _for_schools(_request(None, **{"HX-Request": "true"}))

    assert (response.status_code, response["HX-Redirect"]) == (204, "/accounts/login/?next=/")


class _InvalidRefusal(Refusal):
    code = "invalid"
    kind = Refusal.INVALID
    sentence = "人数要是 %(number)s。"


@pytest.mark.parametrize(
    ("refusal", "status", "sentence"),
    [
        (Refusal(), 409, "现在不能这样做。"),
        (NotYours(), 404, "没有找到，或不属于您的单位。"),
        (
            WrongRole(organisation="清河中学", role="教师"),
            403,
            "您现在的身份是清河中学的教师，不能看这个页面。",
        ),
        (_InvalidRefusal(number=3), 422, "人数要是 3。"),
    ],
)
def test_a_refusal_that_escapes_a_page_becomes_its_page(
    refusal: Refusal, status: int, sentence: str
) -> None:
    middleware = ActorMiddleware(lambda _request: HttpResponse())

    response = middleware.process_exception(_request(None), refusal)

    assert response is not None
    assert response.status_code == status
    assert sentence in response.text


def test_other_errors_crash_loudly() -> None:
    middleware = ActorMiddleware(lambda _request: HttpResponse())

    assert middleware.process_exception(_request(None), ValueError()) is None


def test_every_role_of_every_kind_has_a_factory() -> None:
    roles = [
        MembershipFactory(**{trait: True}).role
        for trait in (
            "secretariat",
            "reviewer",
            "host_manager",
            "instructor",
            "coordinator",
            "teacher",
        )
    ]

    assert roles == list(Role)
    assert [OrganisationFactory(**{kind: True}).kind for kind in ("enterprise", "school")] == [
        "enterprise",
        "school",
    ]
