"""Booking seats for a class."""

from collections.abc import Collection

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import NotYours, Refusal
from accounts.services import audit
from bookings import wording
from bookings.errors.basket import KeyReused
from bookings.errors.reserving import SessionMoved
from bookings.forms.reserve import ReserveForm
from bookings.models import Reservation
from bookings.selectors import choosing
from bookings.selectors.progress import ClassProgress, of_students, progress_of_classes
from bookings.services import freeze, offers, reservations
from bookings.services.companions import CompanionInput, needed_for
from bookings.services.offers import Answer, Offer
from bookings.services.parts import Part
from courses.naming import headline
from rosters.models import ClassGroup, Student


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Role.TEACHER, Role.SCHOOL_COORDINATOR)
def reserve(request: MemberRequest, pk: int) -> HttpResponse:
    """Seats in the session, or in all days of its set, for a class. A refusal is shown on the
    form, with everything as it was filled in."""
    now = timezone.now()
    offer = offers.offer_of(request.actor, pk)
    groups = choosing.classes_to_book_for(request.actor)
    group = _class_asked_for(request, groups)
    context = {
        "offer": offer,
        "version": offer.first.version,
        "title": headline(offer.first.version),
        "host": wording.organisation_name(offer.first.host),
        "days": [
            (session, wording.where(session), wording.address(session))
            for session in offer.sessions
        ],
        "group": group,
        "classes": [(one, wording.class_name(one, now)) for one in groups],
    }
    if group is None:
        return render(request, "bookings/reserve.html", context)
    answer = offers.answers(request.actor, [offer], group, now)[0]
    students = Student.objects.visible_to(request.actor).current().filter(class_group=group)
    progress = progress_of_classes([group], now)[group.pk]
    chosen = usual_choice(progress, offer, answer)
    form = ReserveForm(
        request.POST if request.method == "POST" else None,
        students=students.order_by("seat_no", "pk"),
        chosen=chosen,
        busy=answer.busy,
        unsigned=answer.unsigned,
        companions=[CompanionInput(request.user.name, request.user.phone)],
        adults=needed_for(offer.first.version, len(chosen)),
        phone=request.user.phone,
        version=offer.first.version,
        seats_left=offer.seats_left,
        of_class=progress.students,
        sessions=offer.sessions,
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            made = reservations.reserve(
                by=request.actor,
                parts=[
                    Part(
                        class_group=group,
                        session_ids=() if offer.session_set else [offer.first.pk],
                        session_set_id=offer.session_set.pk if offer.session_set else None,
                        student_ids=form.student_ids(),
                        seats=form.cleaned_data["seats"],
                        adults=form.cleaned_data["adults"],
                        companions=form.companions(),
                        seen=form.cleaned_data["seen"],
                    )
                ],
                contact_phone=form.cleaned_data["contact_phone"],
                note=form.cleaned_data["note"],
                idempotency_key=form.cleaned_data["key"],
                now=now,
            )
        except Refusal as refusal:
            if isinstance(refusal, KeyReused):
                form.renew_key()
            status = put_on(form, refusal)
            # What stood in the way may have changed what is still to be had.
            offer = offers.offer_of(request.actor, pk)
            answer = offers.answers(request.actor, [offer], group, now)[0]
            if isinstance(refusal, SessionMoved):
                form.see(offer.sessions)
        else:
            return _to_booking(request, made, group, wording.class_name(group, now))
    audit.record_names_read(
        by=request.actor,
        now=now,
        context="reserve_form",
        target=group,
        students=[row.student for row in progress.rows],
    )
    chosen = {row.student.pk for row in form.student_rows() if row.is_chosen}
    number = form.number()
    of_chosen = of_students(progress, chosen) if chosen and number is None else progress
    coming = of_chosen.students if number is None else number
    outside = progress.outside_of(offer.sessions)
    counting = offer.class_hours - outside.hours
    return render(
        request,
        "bookings/reserve.html",
        context
        | {
            "offer": offer,
            "is_settled": any(freeze.is_settled(one, now) for one in offer.sessions),
            "form": form,
            "label": wording.class_name(group, now),
            "why_not_text": str(answer.why_not) if answer.why_not else "",
            "booking": answer.booking,
            "progress": of_chosen,
            "new_hours": counting,
            "booked_then": of_chosen.booked + counting,
            "hours_then": of_chosen.reached_with(counting),
            "outside": wording.outside_then(outside.before, outside.after),
            "of_class": progress.students,
            "free_students": progress.students - len(answer.busy),
            "needed": needed_for(offer.first.version, progress.students),
            "coming": coming,
            "is_by_number": number is not None,
            "is_part": coming != progress.students,
        },
        status=status,
    )


def _class_asked_for(request: MemberRequest, groups: list[ClassGroup]) -> ClassGroup | None:
    """The class in the address. Refused: one that is not the actor's (NotYours), since no other
    may be booked in its stead."""
    asked = request.GET.get("class", "")
    group = choosing.chosen_class(request.actor, groups, asked)
    if asked and (group is None or str(group.pk) != asked):
        raise NotYours
    return group


def usual_choice(progress: ClassProgress, offer: Offer, answer: Answer) -> Collection[int]:
    """All who are free then and may come; where there are fewer seats, those who miss most
    hours."""
    kept = answer.busy | answer.unsigned
    free = [row for row in progress.rows if row.student.pk not in kept]
    if len(free) > offer.seats_left:
        free = sorted(free, key=lambda row: (-row.missing, row.student.seat_no))
    return [row.student.pk for row in free[: offer.seats_left]]


def _to_booking(
    request: MemberRequest, made: Reservation, group: ClassGroup, label: str
) -> HttpResponse:
    first = made.bookings.select_related("session").order_by("session__starts_at", "pk")[0]
    messages.success(
        request,
        _("%(class_group)s约好了，%(seats)d 人，%(when)s。预约号 %(reference)s。")
        % {
            "class_group": label,
            "seats": first.seats,
            "when": wording.when(first.session),
            "reference": made.reference,
        },
    )
    return redirect("bookings:booking", pk=first.pk)
