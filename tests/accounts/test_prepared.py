"""Queries whose SQL is made once answer as Django's own do."""

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from accounts.models import Membership
from accounts.prepared import Prepared, asked
from tests.factories.accounts import MembershipFactory

pytestmark = pytest.mark.django_db

MEMBERS = Prepared(
    lambda: (
        Membership.objects.filter(
            asked("accounts_membership.id = ANY(%s) AND accounts_membership.role <> %s"),
            ended_at=None,
        )
        .select_related("user", "organisation")
        .order_by("pk")
    )
)
LOCKED = Prepared(
    lambda: Membership.objects.filter(asked("accounts_membership.id = %s")).select_for_update()
)


def test_each_call_is_one_query_with_its_own_values(django_assert_num_queries) -> None:
    one, other, third = (MembershipFactory() for _ in range(3))

    for keys in ([one.pk], [one.pk, third.pk], [], [other.pk, third.pk]):
        with django_assert_num_queries(1):
            found = MEMBERS(keys, "nobody")
            names = [(row.user.name, row.organisation.name) for row in found]
        own = Membership.objects.filter(pk__in=keys).select_related("user", "organisation")
        assert found == list(own.order_by("pk"))
        assert names == [(row.user.name, row.organisation.name) for row in own.order_by("pk")]


def test_every_column_is_as_django_reads_it() -> None:
    member = MembershipFactory()

    (found,) = MEMBERS([member.pk], "nobody")

    own = Membership.objects.select_related("user", "organisation").get(pk=member.pk)
    for mine, theirs in (
        (found, own),
        (found.user, own.user),
        (found.organisation, own.organisation),
    ):
        assert not mine.get_deferred_fields()
        assert not mine._state.adding
        for field in mine._meta.concrete_fields:
            assert getattr(mine, field.attname) == getattr(theirs, field.attname)


def test_values_stand_in_their_order() -> None:
    member = MembershipFactory()

    assert MEMBERS([member.pk], member.role) == []


@pytest.mark.django_db(transaction=True)
def test_a_query_that_locks_is_asked_within_a_transaction() -> None:
    member = MembershipFactory()
    with transaction.atomic():
        assert LOCKED(member.pk) == [member]
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE mode = 'RowShareLock'")
            assert cursor.fetchone()[0] > 0

    with pytest.raises(TransactionManagementError):
        LOCKED(member.pk)
