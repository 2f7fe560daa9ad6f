"""The people page, invitations and leaving, in a browser without JavaScript."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.access import SESSION_KEY
from accounts.choices import Role
from accounts.models import Invitation, Membership, User
from accounts.services import invitations
from tests.factories.accounts import (
    PASSWORD,
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


def _sentences(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


@pytest.mark.parametrize("number", [1, 3])
def test_the_people_page_costs_the_same_for_one_and_three(
    number: int, django_assert_num_queries
) -> None:
    coordinator = MembershipFactory(coordinator=True)
    school = coordinator.organisation
    for position in range(number):
        MembershipFactory(organisation=school, coordinator=True)
        invitations.invite(
            by=actor_of(coordinator),
            organisation=school,
            role=Role.TEACHER,
            email=f"new{position}@example.org",
            now=timezone.now(),
        )
    client = _signed_in(coordinator)

    # The frame's four; the organisation, its members, its invitations.
    with django_assert_num_queries(8):
        response = client.get("/people/")

    assert len(response.context["members"]) == number + 1
    assert len(response.context["invitations"]) == number


def test_the_people_page_shows_the_own_organisation_only() -> None:
    coordinator = MembershipFactory(coordinator=True)
    own = MembershipFactory(organisation=coordinator.organisation)
    stranger = MembershipFactory(user__name="别校老师")

    response = _signed_in(coordinator).get("/people/")

    assert [row.membership for row in response.context["members"]] == [coordinator, own]
    assert stranger.user.name not in response.text


def test_the_people_page_goes_on_after_fifty() -> None:
    coordinator = MembershipFactory(coordinator=True)
    members = [
        coordinator,
        *MembershipFactory.create_batch(50, organisation=coordinator.organisation),
    ]
    client = _signed_in(coordinator)

    first = client.get("/people/")
    second = client.get("/people/", {"after": first.context["next_key"]})

    shown = [row.membership for row in first.context["members"]]
    assert shown == members[:50]
    assert [row.membership for row in second.context["members"]] == members[50:]
    assert second.context["next_key"] is None


@pytest.mark.parametrize("after", ["x", "-1", "９", "9" * 30])
def test_a_nonsense_key_starts_at_the_beginning(after: str) -> None:
    coordinator = MembershipFactory(coordinator=True)

    response = _signed_in(coordinator).get("/people/", {"after": after})

    assert [row.membership for row in response.context["members"]] == [coordinator]


def test_the_last_manager_reads_why_she_cannot_be_ended() -> None:
    coordinator = MembershipFactory(coordinator=True, organisation__name="清河中学")
    client = _signed_in(coordinator)
    sentence = "这是清河中学最后一位学校管理员。请先邀请另一位，再结束这一位。"

    page = client.get("/people/")
    forced = client.post(f"/people/{coordinator.pk}/end/")

    assert sentence in page.text
    assert (forced.status_code, sentence in forced.text) == (409, True)


def test_inviting_sends_and_says_so() -> None:
    coordinator = MembershipFactory(coordinator=True)

    response = _signed_in(coordinator).post(
        "/people/", {"email": "zhou@example.org", "name": "", "role": "teacher"}, follow=True
    )

    assert _sentences(response) == ["邀请已发到 zhou@example.org。"]
    assert Invitation.objects.get().organisation == coordinator.organisation


def test_a_refused_invitation_keeps_what_was_typed() -> None:
    coordinator = MembershipFactory(coordinator=True)
    client = _signed_in(coordinator)
    typed = {"email": "zhou@example.org", "name": "周老师", "role": "teacher"}
    client.post("/people/", typed)

    response = client.post("/people/", typed)

    assert response.status_code == 409
    assert "已经邀请过zhou@example.org，邀请还有效。可以重新发送。" in response.text
    assert 'value="周老师"' in response.text


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "zhou", "role": "teacher"},
        {"email": "zhou@example.org", "role": "instructor"},
        {"email": "zhou@example.org", "role": "teacher", "name": "长" * 10_000},
        {"email": "zhou@example.org", "role": "teacher", "name": "a\x00b"},
        {"email": ""},
    ],
)
def test_wrong_input_is_explained_and_invites_nobody(typed: dict[str, str]) -> None:
    coordinator = MembershipFactory(coordinator=True)

    response = _signed_in(coordinator).post("/people/", typed)

    assert response.status_code == 200
    assert response.context["form"].errors
    assert not Invitation.objects.exists()


def test_html_in_a_name_stays_text() -> None:
    coordinator = MembershipFactory(coordinator=True, user__name="<b>周</b>")

    response = _signed_in(coordinator).get("/people/")

    assert "<b>周</b>" not in response.text
    assert "&lt;b&gt;周&lt;/b&gt;" in response.text


def test_an_invitation_is_resent_and_withdrawn() -> None:
    coordinator = MembershipFactory(coordinator=True)
    invitation, _token = invitations.invite(
        by=actor_of(coordinator),
        organisation=coordinator.organisation,
        role=Role.TEACHER,
        email="zhou@example.org",
        now=timezone.now(),
    )
    client = _signed_in(coordinator)

    resent = client.post(f"/people/invitations/{invitation.pk}/resend/", follow=True)
    asked = client.get(f"/people/invitations/{invitation.pk}/withdraw/")
    withdrawn = client.post(f"/people/invitations/{invitation.pk}/withdraw/", follow=True)

    assert _sentences(resent) == ["邀请已重新发到 zhou@example.org，原来的链接不再有效。"]
    assert "撤回给 zhou@example.org 的邀请？" in asked.text
    assert _sentences(withdrawn) == ["给 zhou@example.org 的邀请已撤回。"]
    assert Invitation.objects.get().revoked_at is not None


def test_a_member_is_ended_after_one_more_question() -> None:
    coordinator = MembershipFactory(coordinator=True)
    teacher = MembershipFactory(organisation=coordinator.organisation, user__name="周老师")
    client = _signed_in(coordinator)

    asked = client.get(f"/people/{teacher.pk}/end/")
    live_then = Membership.objects.live().filter(pk=teacher.pk).exists()
    ended = client.post(f"/people/{teacher.pk}/end/", follow=True)

    assert "结束周老师的“教师”身份？" in asked.text
    assert live_then
    assert _sentences(ended) == ["周老师已不能再进入。"]
    assert not Membership.objects.live().filter(pk=teacher.pk).exists()


def test_another_schools_rows_are_not_found() -> None:
    coordinator = MembershipFactory(coordinator=True)
    other = MembershipFactory(coordinator=True)
    teacher = MembershipFactory(organisation=other.organisation)
    invitation, _token = invitations.invite(
        by=actor_of(other),
        organisation=other.organisation,
        role=Role.TEACHER,
        email="zhou@example.org",
        now=timezone.now(),
    )
    client = _signed_in(coordinator)

    answers = [
        client.get(f"/people/{teacher.pk}/end/").status_code,
        client.post(f"/people/{teacher.pk}/end/").status_code,
        client.post(f"/people/invitations/{invitation.pk}/resend/").status_code,
        client.get(f"/people/invitations/{invitation.pk}/withdraw/").status_code,
        client.get(f"/organisations/{other.organisation_id}/").status_code,
    ]

    assert answers == [404] * 5
    assert _signed_in(other).get(f"/people/{teacher.pk}/end/").status_code == 200


@pytest.mark.parametrize("who", ["reviewer", "instructor", "teacher"])
def test_the_people_page_is_for_those_who_manage(who: str) -> None:
    assert _signed_in(MembershipFactory(**{who: True})).get("/people/").status_code == 403


# ── the link ──


def _link(email: str = "zhou@example.org", **ago) -> str:
    coordinator = MembershipFactory(coordinator=True)
    _invitation, token = invitations.invite(
        by=actor_of(coordinator),
        organisation=coordinator.organisation,
        role=Role.TEACHER,
        email=email,
        now=timezone.now() - timedelta(**ago),
    )
    return f"/invitation/{token}/"


def test_a_new_person_gives_name_and_password_and_is_in() -> None:
    link, client = _link(), Client()

    client.post(link, {"name": "周老师", "password": PASSWORD})

    user = User.objects.get(email="zhou@example.org")
    assert client.get("/me/").context["request"].user == user
    assert client.get("/me/").context["request"].actor.role == Role.TEACHER


def test_a_weak_password_is_explained_and_the_name_kept() -> None:
    response = Client().post(_link(), {"name": "周老师", "password": "12345"})

    assert response.status_code == 422
    assert "密码太短，至少要 8 个字符。" in response.text
    assert 'value="周老师"' in response.text


def test_a_known_person_signs_in_and_accepts() -> None:
    user = UserFactory(email="zhou@example.org")
    link, client = _link(), Client()

    asked = client.get(link)
    signed_in = client.post(
        f"/accounts/login/?next={link}", {"login": user.email, "password": PASSWORD}
    )
    client.post(link)

    assert f'href="/accounts/login/?next={link}"' in asked.text
    assert signed_in["Location"] == link
    assert Membership.objects.get(user=user).role == Role.TEACHER


def test_a_known_person_who_is_not_signed_in_accepts_nothing_by_post() -> None:
    UserFactory(email="zhou@example.org")

    response = Client().post(_link(), {"name": "周", "password": PASSWORD}, follow=True)

    assert _sentences(response) == ["这个邮箱已有账号。请先登录，再接受邀请。"]
    assert not Membership.objects.filter(user__email="zhou@example.org").exists()


def test_somebody_else_signed_in_is_told_to_sign_out_first() -> None:
    response = _signed_in(MembershipFactory()).get(_link())

    assert response.status_code == 403
    assert "这份邀请是发给另一个邮箱的。请先退出登录，再打开邀请链接。" in response.text


def test_an_expired_link_has_its_own_page() -> None:
    response = Client().get(_link(days=15))

    assert response.status_code == 409
    assert "这份邀请已经过期。" in response.text


def test_an_unknown_link_has_its_own_page() -> None:
    response = Client().get("/invitation/guessed/")

    assert response.status_code == 404
    assert "请打开最近一封邀请邮件里的链接。" in response.text


# ── organisations ──


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_organisations_costs_the_same_for_one_and_three(
    number: int, django_assert_num_queries
) -> None:
    secretary = MembershipFactory(secretariat=True)
    for _ in range(number):
        MembershipFactory(host_manager=True)
    client = _signed_in(secretary)

    # The frame's four, and the list.
    with django_assert_num_queries(5):
        response = client.get("/organisations/", {"show": "hosts"})

    assert [row.people for row in response.context["organisations"]] == [1] * number


def test_the_secretariat_founds_a_school_and_invites_its_first_coordinator() -> None:
    client = _signed_in(MembershipFactory(secretariat=True))

    founded = client.post(
        "/organisations/new/",
        {"kind": "school", "name": "清河中学", "stages": ["junior"]},
        follow=True,
    )
    client.post(founded.request["PATH_INFO"], {"email": "a@b.org", "role": "school_coordinator"})

    assert _sentences(founded) == ["清河中学已建好。请邀请第一位管理员。"]
    invitation = Invitation.objects.get()
    assert (invitation.organisation.name, invitation.role) == ("清河中学", "school_coordinator")


def test_a_taken_name_is_refused_and_the_form_kept() -> None:
    OrganisationFactory(name="清河中学")
    client = _signed_in(MembershipFactory(secretariat=True))

    response = client.post(
        "/organisations/new/",
        {"kind": "school", "name": "清河中学", "stages": ["junior"], "address": "清河路 1 号"},
    )

    assert response.status_code == 409
    assert "已有名为“清河中学”的单位。" in response.text
    assert 'value="清河路 1 号"' in response.text


def test_editing_to_a_taken_name_is_refused() -> None:
    OrganisationFactory(name="清河中学")
    other = OrganisationFactory()
    client = _signed_in(MembershipFactory(secretariat=True))

    response = client.post(
        f"/organisations/{other.pk}/edit/", {"name": "清河中学", "stages": ["junior"]}
    )

    assert response.status_code == 409
    assert "已有名为“清河中学”的单位。" in response.text


def test_the_list_of_organisations_shows_all_or_a_part_and_goes_on() -> None:
    secretary = MembershipFactory(secretariat=True)
    schools = OrganisationFactory.create_batch(51)
    client = _signed_in(secretary)

    everything = client.get("/organisations/")
    second = client.get("/organisations/", {"show": "schools", "after": schools[49].pk}).context[
        "organisations"
    ]
    wrong = client.get("/organisations/", {"show": "nonsense"})

    assert everything.context["organisations"] == [secretary.organisation, *schools[:49]]
    assert everything.context["next_key"] == schools[48].pk
    assert second == [schools[50]]
    assert wrong.context["organisations"] == everything.context["organisations"]


def test_wrong_input_for_an_organisation_is_explained() -> None:
    client = _signed_in(MembershipFactory(secretariat=True))

    response = client.post("/organisations/new/", {"kind": "alliance", "name": ""})

    assert response.status_code == 200
    assert set(response.context["form"].errors) == {"kind", "name"}


def test_a_school_needs_a_stage() -> None:
    client = _signed_in(MembershipFactory(secretariat=True))

    response = client.post("/organisations/new/", {"kind": "school", "name": "清河中学"})

    assert response.status_code == 422
    assert "学校请至少选一个学段。" in response.text


def test_the_secretariat_edits_and_closes_an_organisation() -> None:
    school = OrganisationFactory()
    client = _signed_in(MembershipFactory(secretariat=True))

    shown = client.get(f"/organisations/{school.pk}/edit/")
    client.post(
        f"/organisations/{school.pk}/edit/",
        {"name": "清河第二中学", "stages": ["junior", "senior"]},
    )

    school.refresh_from_db()
    assert shown.context["form"].initial["stages"] == ["junior"]
    assert (school.name, school.stages, school.is_active) == (
        "清河第二中学",
        ["junior", "senior"],
        False,
    )


@pytest.mark.parametrize(
    "who", ["reviewer", "host_manager", "instructor", "coordinator", "teacher"]
)
def test_organisations_are_the_secretariats(who: str) -> None:
    client = _signed_in(MembershipFactory(**{who: True}))
    school = OrganisationFactory()

    answers = [
        client.get("/organisations/").status_code,
        client.get("/organisations/new/").status_code,
        client.get(f"/organisations/{school.pk}/edit/").status_code,
    ]

    assert answers == [403] * 3
