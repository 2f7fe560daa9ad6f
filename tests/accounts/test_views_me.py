"""A person's own pages, the trail, and the header."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.access import SESSION_KEY
from accounts.actors import SYSTEM
from accounts.choices import VERBS
from accounts.context import page_frame
from accounts.models import ApiToken, AuditEntry, Membership
from accounts.services import audit, tokens
from notifications.choices import DeliveryState
from notifications.models import Delivery
from tests.factories.accounts import MembershipFactory, UserFactory, actor_of
from tests.factories.notifications import MessageFactory
from tests.factories.rosters import make_class

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


def test_the_profile_is_saved_and_the_page_changes_its_language() -> None:
    teacher = MembershipFactory()
    client = _signed_in(teacher)

    response = client.post(
        "/me/", {"name": "周敏", "phone": "021-5555 0101", "language": "en"}, follow=True
    )

    teacher.user.refresh_from_db()
    assert (teacher.user.name, teacher.user.phone, teacher.user.language) == (
        "周敏",
        "021-5555 0101",
        "en",
    )
    assert '<html lang="en"' in response.text
    assert AuditEntry.objects.get().verb == "person.edited"


@pytest.mark.parametrize(
    "typed",
    [
        {"name": "", "language": "en"},
        {"name": "长" * 10_000, "language": "en"},
        {"name": "周敏", "language": "xx"},
    ],
)
def test_a_wrong_profile_is_explained(typed: dict[str, str]) -> None:
    teacher = MembershipFactory()

    response = _signed_in(teacher).post("/me/", typed)

    assert response.status_code == 200
    assert response.context["form"].errors
    assert not AuditEntry.objects.exists()


def test_the_language_switch_keeps_the_choice_with_the_account() -> None:
    teacher = MembershipFactory()
    client = _signed_in(teacher)

    response = client.post("/i18n/setlang/", {"language": "en", "next": "/me/"})

    teacher.user.refresh_from_db()
    assert response["Location"] == "/me/"
    assert teacher.user.language == "en"
    assert client.cookies["django_language"].value == "en"


def test_the_language_switch_works_for_strangers_and_knows_its_languages() -> None:
    teacher = MembershipFactory()

    stranger = Client().post("/i18n/setlang/", {"language": "en", "next": "/accounts/login/"})
    _signed_in(teacher).post("/i18n/setlang/", {"language": "xx"})

    teacher.user.refresh_from_db()
    assert stranger.status_code == 302
    assert teacher.user.language == "zh-hans"


def test_somebody_without_a_membership_still_has_an_account() -> None:
    user = UserFactory()
    client = Client()
    client.force_login(user)

    page = client.get("/me/")
    client.post("/me/", {"name": "周敏", "language": "zh-hans"})

    user.refresh_from_db()
    assert "您目前不属于任何单位。" in page.text
    assert "接口密钥" not in page.text
    assert user.name == "周敏"


def test_switching_the_organisation_is_a_post_and_goes_on() -> None:
    one = MembershipFactory()
    two = MembershipFactory(user=one.user, instructor=True, organisation__name="曹杨职校")
    client = _signed_in(one)

    page = client.get("/me/switch/", {"next": "/me/tokens/"})
    switched = client.post(
        "/me/switch/", {"membership": two.pk, "next": "/me/tokens/"}, follow=True
    )

    assert list(page.context["memberships"]) == [one, two]
    assert switched.request["PATH_INFO"] == "/me/tokens/"
    assert switched.context["request"].actor == actor_of(two)
    assert _sentences(switched) == ["您现在代表曹杨职校。"]


@pytest.mark.parametrize("way", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_switching_never_leads_elsewhere(way: str) -> None:
    one = MembershipFactory()

    response = _signed_in(one).post("/me/switch/", {"membership": one.pk, "next": way})

    assert response["Location"] == "/"


@pytest.mark.parametrize("whose", ["ended", "somebody", "nonsense"])
def test_switching_to_what_is_not_ones_own_is_not_found(whose: str) -> None:
    one = MembershipFactory()
    chosen = {
        "ended": MembershipFactory(user=one.user, ended_at=timezone.now()).pk,
        "somebody": MembershipFactory().pk,
        "nonsense": "x",
    }[whose]
    client = _signed_in(one)

    response = client.post("/me/switch/", {"membership": chosen})

    assert response.status_code == 404
    assert client.get("/me/").context["request"].actor == actor_of(one)


def test_a_keys_secret_is_shown_once() -> None:
    client = _signed_in(MembershipFactory())

    issued = client.post("/me/tokens/", {"label": "校务系统"})
    later = client.get("/me/tokens/")

    secret = issued.context["secret"]
    assert tokens.use(secret=secret, now=timezone.now()) is not None
    assert secret in issued.text
    assert secret not in later.text
    assert "校务系统" in later.text


def test_a_key_is_revoked_by_its_owner_only() -> None:
    teacher = MembershipFactory()
    token, _secret = tokens.issue(by=actor_of(teacher), label="校务系统", now=timezone.now())

    stranger = _signed_in(MembershipFactory()).post(f"/me/tokens/{token.pk}/revoke/")
    own = _signed_in(teacher).post(f"/me/tokens/{token.pk}/revoke/", follow=True)

    assert stranger.status_code == 404
    assert _sentences(own) == ["密钥“校务系统”已停用。"]
    assert ApiToken.objects.get().revoked_at is not None


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_keys_costs_the_same_for_one_and_three(
    number: int, django_assert_num_queries
) -> None:
    teacher = MembershipFactory()
    for _ in range(number):
        tokens.issue(by=actor_of(teacher), label="校务系统", now=timezone.now())
    client = _signed_in(teacher)

    # The frame's four, and the list.
    with django_assert_num_queries(6):
        response = client.get("/me/tokens/")

    assert len(response.context["tokens"]) == number


# ── the trail ──


@pytest.mark.parametrize("number", [1, 3])
def test_the_trail_costs_the_same_for_one_and_three(
    number: int, now: datetime, django_assert_num_queries
) -> None:
    for _ in range(number):
        coordinator = MembershipFactory(coordinator=True)
        audit.record(by=actor_of(coordinator), verb="names.read", now=now)
    client = _signed_in(MembershipFactory(secretariat=True))

    # The frame's four, and the list.
    with django_assert_num_queries(5):
        response = client.get("/audit/")

    assert len(response.context["rows"]) == number


def test_the_trail_is_the_own_organisations_newest_first(now: datetime) -> None:
    coordinator, other = MembershipFactory(coordinator=True), MembershipFactory(coordinator=True)
    old = audit.record(by=actor_of(coordinator), verb="names.read", now=now)
    strange = audit.record(by=actor_of(other), verb="membership.ended", now=now)
    new = audit.record(
        by=actor_of(coordinator), verb="something.new", target=coordinator.organisation, now=now
    )

    own = _signed_in(coordinator).get("/audit/").context["rows"]
    everything = _signed_in(MembershipFactory(secretariat=True)).get("/audit/").context["rows"]

    assert own == [
        (new, "something.new", f"单位 {coordinator.organisation_id}"),
        (old, VERBS["names.read"], ""),
    ]
    assert [entry for entry, *_words in everything] == [new, strange, old]


def test_the_trail_goes_on_after_fifty_in_the_order_of_time(now: datetime) -> None:
    secretary = MembershipFactory(secretariat=True)
    # Entries of one moment, and one written late for an earlier moment.
    entries = [audit.record(by=SYSTEM, verb="names.read", now=now) for _ in range(50)]
    earlier = now - timedelta(days=300)
    entries.insert(0, audit.record(by=SYSTEM, verb="names.read", now=earlier))
    client = _signed_in(secretary)

    first = client.get("/audit/")
    second = client.get("/audit/", {"before": first.context["next_key"]})
    beyond = client.get("/audit/", {"before": 10**9})

    shown = [entry for entry, *_words in (*first.context["rows"], *second.context["rows"])]
    assert shown == list(reversed(entries))
    assert second.context["next_key"] is None
    assert beyond.context["rows"] == []


@pytest.mark.parametrize("who", ["reviewer", "instructor", "teacher"])
def test_the_trail_is_for_those_who_manage(who: str) -> None:
    assert _signed_in(MembershipFactory(**{who: True})).get("/audit/").status_code == 403


def test_reading_names_leaves_an_entry_without_names(now: datetime) -> None:
    teacher = MembershipFactory()

    own, other = make_class(students=2), make_class(students=1)
    shown = [*other.students.all(), *own.students.order_by("-pk")]

    entries = audit.record_names_read(
        by=replace(actor_of(teacher), address="10.0.0.9"),
        now=now,
        context="desk",
        target=teacher.organisation,
        students=shown,
    )

    assert [
        (entry.verb, entry.school_id, entry.address, entry.target, entry.facts)
        for entry in AuditEntry.objects.filter(pk__in=[entry.pk for entry in entries]).order_by(
            "pk"
        )
    ] == [
        (
            "names.read",
            group.school_id,
            "10.0.0.9",
            f"accounts.organisation:{teacher.organisation_id}",
            {
                "context": "desk",
                "count": group.students.count(),
                "classes": [group.pk],
                "students": sorted(group.students.values_list("pk", flat=True)),
            },
        )
        for group in (own, other)
    ]


def test_where_nobody_is_shown_nothing_is_written(now: datetime) -> None:
    assert audit.record_names_read(by=SYSTEM, now=now, context="class_page", students=[]) == []
    assert not AuditEntry.objects.exists()


def test_the_secretariat_sends_a_failed_mail_again() -> None:
    message = MessageFactory(subject="已确认")
    delivery = message.deliveries.get()
    Delivery.objects.update(state=DeliveryState.FAILED, attempts=5, last_error="SMTPDataError")
    client = _signed_in(MembershipFactory(secretariat=True))

    shown = client.get("/mails/undelivered/")
    again = client.post(f"/mails/undelivered/{delivery.pk}/retry/", follow=True)

    delivery.refresh_from_db()
    assert [row.pk for row in shown.context["deliveries"]] == [delivery.pk]
    assert _sentences(again) == ["1 封邮件已重新排队。"]
    assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, 0)


@pytest.mark.parametrize(
    "who", ["reviewer", "host_manager", "instructor", "coordinator", "teacher"]
)
def test_failed_mails_are_the_secretariats(who: str) -> None:
    client = _signed_in(MembershipFactory(**{who: True}))

    answers = [
        client.get("/mails/undelivered/").status_code,
        client.post("/mails/undelivered/1/retry/").status_code,
        client.post("/mails/undelivered/retry/").status_code,
    ]

    assert answers == [403] * 3


# ── the header ──


def test_the_header_says_who_and_for_whom() -> None:
    teacher = MembershipFactory(user__name="周敏", organisation__short_name="清河中学")
    request = RequestFactory().get("/people/")
    request.user, request.actor = teacher.user, actor_of(teacher)

    frame = page_frame(request)["frame"]

    assert (frame.name, frame.place) == ("周敏", "清河中学 · 教师")
    assert (frame.inbox_url, frame.account_url, frame.sign_in_url) == ("/inbox/", "/me/", "")
    assert frame.signed_in
    assert frame.unread == 0


def test_the_header_of_a_stranger_offers_to_sign_in(django_assert_num_queries) -> None:
    request = RequestFactory().get("/")

    with django_assert_num_queries(0):
        frame = page_frame(request)["frame"]

        assert (frame.name, frame.place, frame.nav, frame.unread) == ("", "", [], 0)
        assert (frame.inbox_url, frame.account_url) == ("", "")
        assert frame.sign_in_url == "/accounts/login/"
        assert not frame.signed_in


@pytest.mark.parametrize(
    ("who", "words"),
    {
        "secretariat": ["总览", "审核", "学时", "统筹", "预约季", "单位"],
        "reviewer": ["审核"],
        "host_manager": ["今天", "场次", "课程", "签到", "实训室", "人员"],
        "instructor": ["今天", "签到"],
        "coordinator": ["首页", "选课", "班级", "行程", "本校", "人员"],
        "teacher": ["首页", "选课", "班级", "行程"],
    }.items(),
)
def test_each_role_is_led_to_rooms_it_may_enter(who: str, words: list[str]) -> None:
    client = _signed_in(MembershipFactory(**{who: True}))

    nav = client.get("/me/").context["frame"].nav

    assert [str(item.label) for item in nav] == words
    assert {client.get(item.url).status_code for item in nav} == {200}


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/overview/", ["/overview/"]),
        ("/overview/classes/?show=none", ["/overview/classes/"]),
        ("/me/", []),
    ],
)
def test_the_header_marks_the_nearest_room(path: str, current: list[str]) -> None:
    client = _signed_in(MembershipFactory(secretariat=True))

    nav = client.get(path).context["frame"].nav

    assert [item.url for item in nav if item.is_current] == current


def test_the_header_marks_the_room_one_is_in() -> None:
    coordinator = MembershipFactory(coordinator=True)
    request = RequestFactory().get("/people/3/end/")
    request.user, request.actor = coordinator.user, actor_of(coordinator)

    nav = page_frame(request)["frame"].nav

    assert [item.url for item in nav if item.is_current] == ["/people/"]
