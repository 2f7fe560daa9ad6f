"""The first step of an installation."""

from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Membership, Organisation
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.django_db


def test_the_alliance_is_founded_and_its_first_secretary_comes_in(
    settings: LazySettings,
) -> None:
    settings.BASE_URL = "https://classroom.example"
    said = StringIO()

    call_command("found_alliance", "区职教联盟", "gu@example.org", stdout=said)
    link = said.getvalue().strip().removeprefix("https://classroom.example")
    Client().post(link, {"name": "顾秘书", "password": PASSWORD})

    membership = Membership.objects.get()
    assert (membership.user.name, membership.role) == ("顾秘书", "secretariat")
    assert membership.organisation.name == "区职教联盟"


@pytest.mark.parametrize(
    ("name", "email", "sentence"),
    [
        ("区职教联盟", "gu", "请输入合法的邮件地址。"),
        ("另一个联盟", "gu@example.org", "联盟只有一个，已经建好了。"),
    ],
)
def test_wrong_input_founds_nothing(name: str, email: str, sentence: str) -> None:
    if name == "另一个联盟":
        call_command("found_alliance", "区职教联盟", "a@example.org", stdout=StringIO())
    before = Organisation.objects.count()

    with pytest.raises(CommandError, match=sentence):
        call_command("found_alliance", name, email)

    assert Organisation.objects.count() == before
