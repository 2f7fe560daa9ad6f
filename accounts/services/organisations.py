"""Founding and keeping the organisations of the alliance."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.choices import OrganisationKind, Stage
from accounts.errors import NameTaken, NotAllowed, OneAlliance, StagesMissing
from accounts.models import Organisation
from accounts.services import audit


def check_can_keep_organisations(actor: Actor) -> None:
    """Refuses everybody but the secretariat."""
    if not (actor.is_secretariat or actor.is_system):
        raise NotAllowed


def found_organisation(
    *,
    by: Actor,
    kind: OrganisationKind,
    name: str,
    now: datetime,
    short_name: str = "",
    name_en: str = "",
    stages: Iterable[Stage] = (),
    school_kind: str = "",
    address: str = "",
    contact_name: str = "",
    contact_phone: str = "",
) -> Organisation:
    """A new member of the alliance, without people yet: invite its first manager next.

    Refused: a name that is taken, a second alliance, a school without stages.
    """
    check_can_keep_organisations(by)
    if kind == OrganisationKind.ALLIANCE and Organisation.objects.filter(kind=kind).exists():
        raise OneAlliance
    organisation = Organisation(kind=kind)
    with transaction.atomic():
        _fill(
            organisation,
            name=name,
            short_name=short_name,
            name_en=name_en,
            stages=stages,
            school_kind=school_kind,
            address=address,
            contact_name=contact_name,
            contact_phone=contact_phone,
        )
        audit.record(by=by, verb="organisation.founded", now=now, target=organisation, kind=kind)
    return organisation


def edit_organisation(
    *,
    by: Actor,
    organisation: Organisation,
    name: str,
    now: datetime,
    short_name: str = "",
    name_en: str = "",
    stages: Iterable[Stage] = (),
    school_kind: str = "",
    address: str = "",
    contact_name: str = "",
    contact_phone: str = "",
    is_active: bool = True,
) -> Organisation:
    """The organisation with these facts; its kind never changes.

    An inactive organisation's people lose access at once, and get it back with it. Refused as
    for founding; the alliance itself stays active.
    """
    check_can_keep_organisations(by)
    if organisation.kind == OrganisationKind.ALLIANCE and not is_active:
        raise NotAllowed
    with transaction.atomic():
        organisation.is_active = is_active
        _fill(
            organisation,
            name=name,
            short_name=short_name,
            name_en=name_en,
            stages=stages,
            school_kind=school_kind,
            address=address,
            contact_name=contact_name,
            contact_phone=contact_phone,
        )
        audit.record(
            by=by, verb="organisation.edited", now=now, target=organisation, is_active=is_active
        )
    return organisation


def _fill(
    organisation: Organisation,
    *,
    name: str,
    short_name: str,
    name_en: str,
    stages: Iterable[Stage],
    school_kind: str,
    address: str,
    contact_name: str,
    contact_phone: str,
) -> None:
    chosen = set(stages)
    if organisation.kind == OrganisationKind.SCHOOL and not chosen:
        raise StagesMissing
    organisation.name = name
    organisation.short_name = short_name
    organisation.name_en = name_en
    organisation.stages = [stage for stage in Stage if stage in chosen]
    organisation.school_kind = school_kind if organisation.kind == OrganisationKind.SCHOOL else ""
    organisation.address = address
    organisation.contact_name = contact_name
    organisation.contact_phone = contact_phone
    if Organisation.objects.filter(name=name).exclude(pk=organisation.pk).exists():
        raise NameTaken(name=name)
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError as error:
        # Two secretaries founded it at the same moment.
        raise NameTaken(name=name) from error
