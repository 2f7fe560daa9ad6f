"""What does not agree with what the clients were told, or with itself."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from django.db.models import Count

from accounts.models import AuditEntry
from bench.race.clients import Notes
from bench.race.servers import VAR, Servers
from bookings.choices import BookingState
from bookings.models import Booking, Reservation
from insights.selectors import invariants
from notifications.channels import message_id
from notifications.choices import DeliveryState
from notifications.models import Delivery, Message

MESSAGE_ID = re.compile(r"^Message-ID: (\S+)$", re.MULTILINE)


def findings(notes: Notes, servers: Servers) -> list[str]:
    return [
        *[str(one) for one in invariants.findings()],
        *_lost(notes),
        *_reservations(),
        *_messages(),
        *_mails(),
        *notes.wrong,
        *[
            f"{one.what}: no answer, though the {one.server} was not dead"
            for one in notes.gone
            if not servers.was_down(one.server, one.began, one.ended)
        ],
        *servers.wrong,
    ]


def _lost(notes: Notes) -> Iterable[str]:
    """What was confirmed to a client and is not so."""
    by_key: dict[str, list[int]] = {}
    for key, pk in Reservation.objects.values_list("idempotency_key", "pk"):
        by_key.setdefault(key, []).append(pk)
    for key, pk in notes.confirmed.items():
        if by_key.get(key, []) != [pk]:
            yield f"reservation {pk}, confirmed once: there are {by_key.get(key, [])}"
    there = dict(Booking.objects.values_list("pk", "state"))
    for pk in notes.swapped - there.keys():
        yield f"booking {pk}, confirmed by a swap, is lost"
    for pk in notes.cancelled:
        if there.get(pk) != BookingState.CANCELLED:
            yield f"booking {pk}, cancelled says its client, is {there.get(pk)}"


def _reservations() -> Iterable[str]:
    """Each made whole, once: one entry of the audit trail, with just its bookings."""
    made: Counter[str] = Counter()
    listed: dict[str, set[int]] = {}
    for target, facts in AuditEntry.objects.filter(verb="reservation.made").values_list(
        "target", "facts"
    ):
        made[target] += 1
        listed[target] = set(facts["bookings"])
    swapped_in = {pk for facts in _facts("booking.swapped") for pk in facts["new_bookings"]}
    of_reservation: dict[str, set[int]] = {
        f"bookings.reservation:{pk}": set()
        for pk in Reservation.objects.values_list("pk", flat=True)
    }
    for pk, reservation in Booking.objects.values_list("pk", "reservation_id"):
        if pk not in swapped_in:
            of_reservation[f"bookings.reservation:{reservation}"].add(pk)
    if listed != of_reservation:
        different = {
            target
            for target in listed.keys() | of_reservation.keys()
            if listed.get(target) != of_reservation.get(target)
        }
        yield f"not made whole, or not written down: {sorted(different)[:5]}"
    for target, number in made.items():
        if number != 1:
            yield f"{target} was made {number} times"


def _facts(verb: str) -> list[dict[str, list[int]]]:
    return list(AuditEntry.objects.filter(verb=verb).values_list("facts", flat=True))


def _messages() -> Iterable[str]:
    """The school learned of each change of a booking once, no more and no less."""
    due: Counter[tuple[str, int]] = Counter()
    swapped_out = set()
    for kind, verb, lists in (
        ("booking_confirmed", "reservation.made", ("bookings",)),
        ("booking_changed", "booking.changed", ("bookings",)),
        ("booking_swapped", "booking.swapped", ("bookings", "new_bookings")),
        ("session_moved", "session.changed", ("bookings",)),
    ):
        for facts in _facts(verb):
            due.update((kind, pk) for name in lists for pk in facts[name])
            if verb == "booking.swapped":
                swapped_out.update(facts["bookings"])
    due.update(
        ("booking_cancelled", pk)
        for pk in Booking.objects.filter(state=BookingState.CANCELLED)
        .exclude(pk__in=swapped_out)
        .values_list("pk", flat=True)
    )
    told = Counter(
        {
            (kind, int(path.strip("/").rpartition("/")[2])): number
            for kind, path, number in Message.objects.exclude(calendar="")
            .values_list("kind", "path")
            .annotate(number=Count("pk"))
        }
    )
    for kind, pk in sorted((due - told).keys() | (told - due).keys()):
        yield f"booking {pk}, {kind}: {due[kind, pk]} due, {told[kind, pk]} told"
    made, to_host = Reservation.objects.count(), Message.objects.filter(kind="booking_made").count()
    if made != to_host:
        yield f"{made} reservations, of which the host was told {to_host} times"


def _mails() -> Iterable[str]:
    """Every message has one delivery; what is sent lies in the folder. A mail in hand-over at a
    kill may lie there twice with one Message-ID, which is printed."""
    states = Counter(Delivery.objects.values_list("state", flat=True))
    if states[DeliveryState.FAILED]:
        yield f"{states[DeliveryState.FAILED]} mails failed"
    messages = Message.objects.count()
    if messages != states.total():
        yield f"{messages} messages, {states.total()} deliveries"
    lying = Counter(
        found
        for file in Path(VAR / "mail").glob("*.log")
        for found in MESSAGE_ID.findall(file.read_text(encoding="utf-8", errors="replace"))
    )
    sent = {
        message_id(one.message)
        for one in Delivery.objects.filter(state=DeliveryState.SENT).select_related("message")
    }
    twice = sum(number - 1 for number in lying.values())
    print(f"  mails: {len(sent)} sent, {twice} of them twice, in hand-over at a kill")
    if missing := sent - lying.keys():
        yield f"{len(missing)} mails are sent, say their rows, and are nowhere"
