"""A host's own devices: registered, given the list of a door to keep, and revoked."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours
from accounts.selectors import actor_of
from accounts.services import audit
from attendance.errors.devices import DeviceNameMissing, DeviceRevoked
from attendance.models import Badge, Device, RosterPack
from attendance.selectors import desk as selectors
from attendance.services import desk as desks
from attendance.services import needs
from bookings import wording
from bookings.models import Place
from bookings.services import rosters
from courses.models import CourseSession
from courses.naming import headline
from rosters import naming
from sites.calendar import local_day

PREFIX = "dev_"
BADGE_DIGEST = re.compile("[0-9a-f]{32}")
NAME_LENGTH = 40
# A list is of use until so long after its session: the last students leave, the door is closed.
AFTER_END = timedelta(hours=1)
# What happened by then is still taken for so long: until the session's names are out of reach.
GRACE = timedelta(days=7)
# No clock is so wrong; whatever says so is not believed further than this.
CLOCK_MOST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SignedPack:
    """A list as it travels: its text, and the text's seal for the one device."""

    text: str
    seal: str


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def badge_digest(salt: str, code: str) -> str:
    """What a list says of a badge's code. A code has 80 random bits, which nobody tries out,
    so one quick round is enough; the salt keeps the digests of two lists from being compared."""
    return hmac.new(bytes.fromhex(salt), code.encode(), hashlib.sha256).hexdigest()[:32]


def is_badge_digest(text: str) -> bool:
    return BADGE_DIGEST.fullmatch(text) is not None


def seal(digest: str, text: str) -> str:
    """The text's HMAC-SHA256 under the digest of the device's secret, which both sides know."""
    return hmac.new(bytes.fromhex(digest), text.encode(), hashlib.sha256).hexdigest()


def register(*, by: Actor, name: str, now: datetime) -> tuple[Device, str]:
    """The device, and its secret, which is told this once. Refused: others than the host's
    managers and instructors; DeviceNameMissing."""
    if by.role not in (Role.HOST_MANAGER, Role.INSTRUCTOR) or by.membership_id is None:
        raise NotAllowed
    name = " ".join(name.split())[:NAME_LENGTH]
    if not name:
        raise DeviceNameMissing
    assert by.organisation_id is not None
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        device = Device.objects.create(
            host_id=by.organisation_id,
            name=name,
            digest=digest_of(secret),
            registered_at=now,
            registered_by_id=by.membership_id,
        )
        audit.record(by=by, verb="device.registered", now=now, target=device)
    return device, secret


def revoke(*, by: Actor, device: Device, now: datetime) -> Device:
    """From now on the device gets no names, and what it sends waits for somebody to decide.
    Revoking it again changes nothing. Refused: a device that is not the actor's to see."""
    if not Device.objects.visible_to(by).filter(pk=device.pk).exists() or not by.is_host:
        raise NotYours
    with transaction.atomic():
        locked = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
        if locked.revoked_at is None:
            locked.revoked_at = now
            locked.revoked_by_id = by.membership_id
            locked.save(update_fields=["revoked_at", "revoked_by"])
            audit.record(by=by, verb="device.revoked", now=now, target=locked)
    return locked


def bearer_of(secret: str) -> Device | None:
    """The device with this secret, revoked or not, with whoever registered it; or None."""
    return (
        Device.objects.filter(digest=digest_of(secret))
        .select_related("registered_by__user", "registered_by__organisation")
        .first()
    )


def is_trusted(device: Device) -> bool:
    """Not revoked, and whoever registered it still works here."""
    member = device.registered_by
    return (
        device.revoked_at is None
        and member.ended_at is None
        and member.user.is_active
        and member.organisation.is_active
    )


def note_clock(device: Device, *, device_now: datetime, now: datetime) -> timedelta:
    """How far the device's clock is ahead of ours, kept with when it was last seen."""
    ahead = believed(device_now - now)
    Device.objects.filter(pk=device.pk).update(last_seen_at=now, clock_ahead=ahead)
    return ahead


def believed(ahead: timedelta) -> timedelta:
    return min(max(ahead, -CLOCK_MOST), CLOCK_MOST)


def take_along(
    *, device: Device, device_now: datetime, now: datetime, address: str | None = None
) -> list[SignedPack]:
    """The lists of today's doors that whoever registered the device keeps and that are not
    over: seat numbers and masked names. Each is a reading of names, on the record.

    Of the host's other doors of today each list has digests of badges alone: whoever holds one
    of these badges is told where to go, and without the badge they tell nothing.

    Refused: DeviceRevoked.
    """
    if not is_trusted(device):
        raise DeviceRevoked
    actor = actor_of(device.registered_by, address=address)
    sessions = [
        session
        for session in selectors.sessions_to_keep(actor, local_day(now))
        if now < session.ends_at + AFTER_END and not _is_closed(session)
    ]
    elsewhere = _elsewhere(actor, sessions, now) if sessions else []
    with transaction.atomic():
        note_clock(device, device_now=device_now, now=now)
        return [_pack(actor, device, session, elsewhere, now) for session in sessions]


def _is_closed(session: CourseSession) -> bool:
    desk = getattr(session, "desk", None)
    return desk is not None and desk.closed_at is not None


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Another door of the host today, and the badges of those who are booked there."""

    title: str
    where: str
    session: CourseSession
    codes: tuple[str, ...]


def _elsewhere(actor: Actor, kept: Sequence[CourseSession], now: datetime) -> list[_Elsewhere]:
    sessions = selectors.doors_of_others(actor, kept, now)
    booked: dict[int, list[int]] = {}
    for session_id, student_id in (
        Place.objects.live()
        .filter(session__in=sessions, student__isnull=False)
        .order_by("pk")
        .values_list("session_id", "student_id")
    ):
        booked.setdefault(session_id, []).append(student_id)
    badges = _codes_of({student for students in booked.values() for student in students})
    return [
        _Elsewhere(
            title=headline(session.version).occupation,
            where=wording.where(session),
            session=session,
            codes=tuple(
                badges[student] for student in booked.get(session.pk, ()) if student in badges
            ),
        )
        for session in sessions
    ]


def _codes_of(students: Collection[int]) -> dict[int, str]:
    """The codes of the live badges by the keys of their bearers."""
    return dict(Badge.objects.live().filter(student__in=students).values_list("student_id", "code"))


def _pack(
    actor: Actor,
    device: Device,
    session: CourseSession,
    elsewhere: Iterable[_Elsewhere],
    now: datetime,
) -> SignedPack:
    places = rosters.read_roster(by=actor, session=session, now=now, context="pack")
    seats = selectors.seats_of(session, places)
    groups = selectors.grouped(places, seats)
    keys = [seat.student_id for seat in seats]
    pack = RosterPack.objects.create(
        device=device,
        session=session,
        students=keys,
        salt=secrets.token_hex(16),
        issued_at=now,
        expires_at=session.ends_at + AFTER_END,
    )
    badges = _codes_of(keys)
    heeded = needs.who_has_needs(by=actor, session=session, students=keys, now=now, context="pack")
    content = {
        "pack": pack.pk,
        "device": device.pk,
        "salt": pack.salt,
        "issued_at": now.isoformat(),
        "expires_at": pack.expires_at.isoformat(),
        "session": session.pk,
        "title": headline(session.version).occupation,
        "where": wording.where(session),
        "opens_at": desks.opens_at(session).isoformat(),
        "starts_at": session.starts_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
        "groups": [_group(group, pack.salt, badges, heeded) for group in groups],
        "classes": _classes(places, pack.salt),
        "elsewhere": [
            {
                "title": other.title,
                "where": other.where,
                "starts_at": other.session.starts_at.isoformat(),
                "ends_at": other.session.ends_at.isoformat(),
                "badges": [badge_digest(pack.salt, code) for code in other.codes],
            }
            for other in elsewhere
        ],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return SignedPack(text, seal(device.digest, text))


def _classes(places: Sequence[Place], salt: str) -> list[dict[str, Any]]:
    """Who is let in at once by the code that a companion shows. A reference is short enough to
    be found from its digest; it opens nothing, and the host reads it on every booking."""
    whole: dict[str, list[Place]] = {}
    for place in places:
        whole.setdefault(place.booking.reservation.reference, []).append(place)
    return [
        {
            "code": badge_digest(salt, reference),
            "students": [place.student_id for place in own],
            "adults": sum({place.booking_id: place.booking.adults for place in own}.values()),
        }
        for reference, own in whole.items()
    ]


def _group(
    group: selectors.SeatGroup, salt: str, badges: dict[int, str], heeded: Sequence[int] | set[int]
) -> dict[str, Any]:
    return {
        "label": group.label,
        "school": group.school,
        "seats": [
            {
                "student": seat.student_id,
                "seat_no": seat.seat_no,
                "name": naming.masked(seat.name),
                "badge": badge_digest(salt, badges[seat.student_id])
                if seat.student_id in badges
                else "",
                "needs": seat.student_id in heeded,
                "mark": seat.mark,
                "left": seat.attendance.has_left,
            }
            for seat in group.seats
        ],
    }
