"""Signing in and out, passwords, the demonstration's one click."""

import re

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone, translation

import notifications.services
from accounts.access import SESSION_KEY
from accounts.models import User
from notifications.models import Delivery, Message
from tests.factories.accounts import PASSWORD, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def _sign_in(client: Client, email: str, password: str = PASSWORD):
    return client.post("/accounts/login/", {"login": email, "password": password})


def test_sign_in_with_address_and_password() -> None:
    teacher = MembershipFactory(user__email="zhou@example.org")
    client = Client()

    response = _sign_in(client, "Zhou@example.org")

    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/me/").context["request"].actor.membership_id == teacher.pk


@pytest.mark.parametrize("email", ["zhou@example.org", "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_address_read_the_same(email: str) -> None:
    UserFactory(email="zhou@example.org")

    response = _sign_in(Client(), email, "wrong wrong wrong")

    assert response.context["form"].errors == {"password": ["邮箱或密码不对。"]} or (
        response.context["form"].non_field_errors() == ["邮箱或密码不对。"]
    )


def test_an_inactive_person_does_not_enter() -> None:
    UserFactory(email="zhou@example.org", is_active=False)
    client = Client()

    _sign_in(client, "zhou@example.org")

    assert "_auth_user_id" not in client.session


def test_too_many_wrong_passwords_are_slowed_down() -> None:
    UserFactory(email="zhou@example.org")
    client = Client()
    for _ in range(5):
        _sign_in(client, "zhou@example.org", "wrong wrong wrong")

    response = _sign_in(client, "zhou@example.org")

    assert "密码错得太多，请过几分钟再试。" in response.text
    assert "_auth_user_id" not in client.session


def test_behind_a_proxy_one_guesser_does_not_lock_the_others_out(settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
    UserFactory(email="zhou@example.org")
    # What a client claims of itself stands before what the proxy adds.
    guesser = Client(headers={"x-forwarded-for": "198.51.100.7, 203.0.113.9"})
    other = Client(headers={"x-forwarded-for": "203.0.113.10"})
    guesses = [_sign_in(guesser, f"n{n}@example.org", "wrong").status_code for n in range(4)]

    response = _sign_in(other, "zhou@example.org")

    assert guesses == [200, 200, 200, 429]
    assert (response.status_code, response["Location"]) == (302, "/")


def test_there_is_no_signing_up() -> None:
    response = Client().post("/accounts/signup/", {"email": "a@example.org", "password1": PASSWORD})

    assert "账号由邀请开通" in response.text
    assert not User.objects.exists()


def test_signing_out_is_a_post() -> None:
    client = Client()
    client.force_login(MembershipFactory().user)

    asked = client.get("/accounts/logout/")
    still_in = "_auth_user_id" in client.session
    response = client.post("/accounts/logout/")

    assert "退出登录？" in asked.text
    assert still_in
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/")
    assert "_auth_user_id" not in client.session


def test_a_forgotten_password_is_reset_by_a_mail_of_ours() -> None:
    user = UserFactory(email="zhou@example.org", name="周<老师")
    client = Client()

    asked = client.post("/accounts/password/reset/", {"email": "zhou@example.org"})
    mail = Message.objects.get()
    link = re.search(r"http://testserver(\S+)", mail.body)
    assert link is not None
    form = client.get(link[1], follow=True)
    done = client.post(
        form.request["PATH_INFO"],
        {"password1": "another pass phrase", "password2": "another pass phrase"},
        follow=True,
    )
    again = Client().get(link[1], follow=True)

    user.refresh_from_db()
    assert asked["Location"] == "/accounts/password/reset/done/"
    assert (mail.kind, mail.subject, mail.recipient) == (
        "password_reset",
        "职业学堂：设新密码",
        None,
    )
    assert mail.body.startswith("周<老师，您好：")
    assert "新密码已生效" in done.text
    assert user.check_password("another pass phrase")
    assert "链接已失效" in again.text


def test_the_mails_link_is_forgotten_once_it_has_left(settings: LazySettings) -> None:
    UserFactory(email="zhou@example.org")
    settings.DEMO = False
    Client().post("/accounts/password/reset/", {"email": "zhou@example.org"})

    notifications.services.deliver(delivery_id=Delivery.objects.get().pk, now=timezone.now())

    assert Message.objects.get().body == "—"


def test_an_unknown_address_hears_the_same_and_gets_no_mail() -> None:
    UserFactory(email="zhou@example.org")

    known = Client().post("/accounts/password/reset/", {"email": "zhou@example.org"})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.org"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [one.address for one in Delivery.objects.all()] == ["zhou@example.org"]


def test_the_password_is_changed_with_the_old_one() -> None:
    user = MembershipFactory().user
    client = Client()
    client.force_login(user)
    new = {"password1": "another pass phrase", "password2": "another pass phrase"}

    wrong = client.post("/accounts/password/change/", {"oldpassword": "no", **new})
    right = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new}, follow=True)

    user.refresh_from_db()
    assert "现在的密码不对。" in wrong.text
    assert [str(one) for one in right.context["messages"]] == ["新密码已生效。"]
    assert user.check_password("another pass phrase")


# ── the demonstration ──


def test_without_the_demo_switch_there_is_no_one_click(settings: LazySettings) -> None:
    settings.DEMO = False
    persona = MembershipFactory(user__email="teacher@demo.example")
    client = Client()

    answers = [
        client.get("/accounts/demo/").status_code,
        client.post("/accounts/demo/", {"membership": persona.pk}).status_code,
    ]

    assert answers == [404, 404]
    assert "_auth_user_id" not in client.session
    assert "一键登录" not in client.get("/accounts/login/").text


def test_with_the_demo_switch_one_click_signs_in(settings: LazySettings) -> None:
    settings.DEMO = True
    persona = MembershipFactory(user__email="teacher@demo.example")
    client = Client()

    response = client.post("/accounts/demo/", {"membership": persona.pk})

    assert response["Location"] == "/"
    assert client.get("/me/").context["request"].actor.membership_id == persona.pk
    assert "一键登录" in Client().get("/accounts/login/").text


def test_the_demo_signs_in_only_those_it_lists(settings: LazySettings) -> None:
    settings.DEMO = True
    real = MembershipFactory(user__email="zhou@example.org")

    response = Client().post("/accounts/demo/", {"membership": real.pk})

    assert response.status_code == 404
    assert "没有这位演示人员。" in response.text


def test_the_demo_lists_one_person_of_each_role_and_the_one_with_several(
    settings: LazySettings, django_assert_num_queries
) -> None:
    settings.DEMO = True
    several = UserFactory(email="several@demo.example")
    MembershipFactory(user=several)
    MembershipFactory(user=several, instructor=True)
    traits = ["teacher", "coordinator", "instructor", "host_manager", "reviewer", "secretariat"]
    first = {
        trait: MembershipFactory(**{trait: True, "user__email": f"{trait}@demo.example"})
        for trait in traits
    }
    MembershipFactory(user__email="second@demo.example")

    with django_assert_num_queries(1):
        response = Client().get("/accounts/demo/")

    assert [row.user for row in response.context["personas"]] == [
        *(first[trait].user for trait in reversed(traits)),
        several,
    ]


def test_the_demo_asks_somebody_with_several_which(settings: LazySettings) -> None:
    settings.DEMO = True
    several = UserFactory(email="several@demo.example")
    one = MembershipFactory(user=several)
    MembershipFactory(user=several, instructor=True)
    client = Client()

    client.post("/accounts/demo/", {"membership": one.pk})

    assert SESSION_KEY not in client.session
    assert client.get("/me/tokens/")["Location"].startswith("/me/switch/")


def test_pages_before_signing_in_speak_english_too() -> None:
    with translation.override("en"):
        response = Client(headers={"accept-language": "en"}).get("/accounts/login/")

    assert '<html lang="en"' in response.text


def test_the_mail_for_a_new_password_is_in_the_persons_language() -> None:
    UserFactory(email="smith@example.org", name="Smith", language="en")

    Client().post("/accounts/password/reset/", {"email": "smith@example.org"})

    mail = Message.objects.get()
    assert mail.subject == "Career Classroom: set a new password"
    assert mail.body.startswith("Dear Smith,\n\nSomebody, presumably you, wants to set")
