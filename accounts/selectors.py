"""Reads of people, memberships and organisations."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from .actors import Actor
from .choices import ActorKind, OrganisationKind, Role
from .models import ApiToken, AuditEntry, Invitation, Membership, Organisation, User

# Whose addresses end so may be signed in as, with one click, where the demo switch is on.
DEMO_ADDRESS = "@demo.example"


def actor_of(membership: Membership, *, address: str | None = None) -> Actor:
    """The actor a live membership acts as, from that address. ``membership.user`` and
    ``.organisation`` loaded."""
    return Actor(
        kind=ActorKind.MEMBERSHIP,
        name=membership.user.name,
        user_id=membership.user_id,
        membership_id=membership.pk,
        organisation_id=membership.organisation_id,
        organisation_kind=OrganisationKind(membership.organisation.kind),
        organisation_short_name=membership.organisation.short_name or membership.organisation.name,
        organisation_name_en=membership.organisation.name_en,
        role=Role(membership.role),
        address=address,
    )


def live_memberships(user_id: int) -> QuerySet[Membership]:
    """What a person may act as now, oldest first; user and organisation loaded."""
    return (
        Membership.objects.live()
        .filter(user_id=user_id)
        .select_related("user", "organisation")
        .order_by("created_at", "pk")
    )


def people_to_tell(organisation_id: int, roles: Iterable[Role]) -> list[User]:
    """The people who now hold one of the roles in the organisation, each once."""
    return list(
        User.objects.filter(
            pk__in=Membership.objects.live()
            .filter(organisation_id=organisation_id, role__in=list(roles))
            .values("user_id")
        ).order_by("pk")
    )


def secretariat() -> list[User]:
    """The people of the alliance's secretariat, each once. One query."""
    return list(
        User.objects.filter(
            pk__in=Membership.objects.live()
            .filter(organisation__kind=OrganisationKind.ALLIANCE, role=Role.SECRETARIAT)
            .values("user_id")
        ).order_by("pk")
    )


def person(user: User) -> Actor:
    """Somebody who acts for nobody but themselves: for their own name, language and keys."""
    return Actor(kind=ActorKind.MEMBERSHIP, name=user.name, user_id=user.pk)


def others_in_role(membership: Membership) -> int:
    """How many other people hold the same role of the same organisation now."""
    return (
        Membership.objects.live()
        .filter(organisation_id=membership.organisation_id, role=membership.role)
        .exclude(user_id=membership.user_id)
        .count()
    )


PAGE = 50

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A part of a list, and the key from which the next part starts (None at the end)."""

    rows: list[Row]
    next_key: int | None


def members_of(actor: Actor, organisation: Organisation, *, after: int = 0) -> Page[Membership]:
    """Who belongs to the organisation now, in the order they came; each row has ``others``, the
    number of other people in its role.
    """
    same_role = (
        Membership.objects.live()
        .filter(organisation_id=OuterRef("organisation_id"), role=OuterRef("role"))
        .exclude(user_id=OuterRef("user_id"))
        .order_by()
        .values("organisation_id")
        .annotate(number=Count("pk"))
        .values("number")
    )
    rows = list(
        Membership.objects.visible_to(actor)
        .live()
        .filter(organisation=organisation, pk__gt=after)
        .select_related("user", "organisation")
        .annotate(others=Coalesce(Subquery(same_role), 0))
        .order_by("pk")[: PAGE + 1]
    )
    return _page(rows)


def open_invitations(actor: Actor, organisation: Organisation) -> list[Invitation]:
    """Invitations neither accepted nor withdrawn, newest first, expired ones among them."""
    return list(
        Invitation.objects.visible_to(actor)
        .pending()
        .filter(organisation=organisation)
        .select_related("organisation")
        .order_by("-created_at", "-pk")[:200]
    )


def organisations(
    actor: Actor, *, kinds: Iterable[OrganisationKind] = (), after: int = 0
) -> Page[Organisation]:
    """The alliance's members with the number of their people (``people``) and of the
    invitations that wait (``waiting``), in the order they were founded.
    """
    people = (
        Membership.objects.live()
        .filter(organisation_id=OuterRef("pk"))
        .order_by()
        .values("organisation_id")
        .annotate(number=Count("user_id", distinct=True))
        .values("number")
    )
    waiting = (
        Invitation.objects.pending()
        .filter(organisation_id=OuterRef("pk"))
        .order_by()
        .values("organisation_id")
        .annotate(number=Count("pk"))
        .values("number")
    )
    rows = Organisation.objects.visible_to(actor).filter(pk__gt=after)
    chosen = list(kinds)
    if chosen:
        rows = rows.filter(kind__in=chosen)
    return _page(
        list(
            rows.annotate(
                people=Coalesce(Subquery(people), 0), waiting=Coalesce(Subquery(waiting), 0)
            ).order_by("pk")[: PAGE + 1]
        )
    )


def audit_trail(actor: Actor, *, before: int | None = None) -> Page[AuditEntry]:
    """What happened in the organisation, newest first; in the whole alliance for the
    secretariat. ``before`` is the last row's key of the part shown last.
    """
    entries = AuditEntry.objects.visible_to(actor)
    if before is not None:
        last = entries.filter(pk=before).values_list("at", flat=True).first()
        if last is None:
            return Page([], None)
        entries = entries.filter(Q(at__lt=last) | Q(at=last, pk__lt=before))
    return _page(
        list(
            entries.select_related("membership__user", "organisation").order_by("-at", "-pk")[
                : PAGE + 1
            ]
        )
    )


def api_tokens(actor: Actor) -> list[ApiToken]:
    """The keys of the membership, newest first, stopped ones among them."""
    return list(ApiToken.objects.visible_to(actor).order_by("-created_at", "-pk")[:100])


def demo_people() -> list[Membership]:
    """One person of each role, the first founded, and everybody with several memberships: whom
    one may be in the demonstration. A person with several is one row.
    """
    rows = (
        Membership.objects.live()
        .filter(user__email__endswith=DEMO_ADDRESS)
        .select_related("user", "organisation")
        .annotate(hats=Count("user__memberships", filter=Q(user__memberships__ended_at=None)))
        .order_by("pk")
    )
    single: dict[str, Membership] = {}
    several: dict[int, Membership] = {}
    for row in rows:
        if row.hats == 1:
            single.setdefault(row.role, row)
        else:
            several.setdefault(row.user_id, row)
    return [*(single[role] for role in Role if role in single), *list(several.values())[:3]]


def _page(rows: list[Any]) -> Page[Any]:
    has_more = len(rows) > PAGE
    rows = rows[:PAGE]
    return Page(rows, rows[-1].pk if has_more else None)


def reads_of_student(student_id: int, *, school_ids: Iterable[int]) -> list[AuditEntry]:
    """Every reading in which the student's name was shown, oldest first, with the readers; in
    the logs of the schools she has been at."""
    return list(
        AuditEntry.objects.filter(
            school_id__in=list(school_ids), facts__students__contains=[student_id]
        )
        .select_related("membership__user", "membership__organisation")
        .order_by("at", "pk")
    )
