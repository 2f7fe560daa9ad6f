"""The end of a session's door: everybody has left, and the hours are credited."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import MemberRequest, members_only, put_on
from accounts.errors import Refusal
from attendance.errors.desk import EventsUndecided, HeadsDiffer
from attendance.forms.door import CloseForm
from attendance.selectors import closing, held_back
from attendance.services import desk as desks
from attendance.views import answers, door
from bookings.selectors import names
from rosters.errors import TextNamesStudent


@members_only(*door.KEEPING)
def close(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks first, with the counts and who is still inside, and before that about doubtful events,
    which may wait (``leave_undecided``); then the hours are credited."""
    session = door.session_of(request, pk)
    now = timezone.now()
    form = CloseForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            desk = desks.close_desk(by=request.actor, session=session, now=now, **form.values())
        except (EventsUndecided, HeadsDiffer, TextNamesStudent) as refusal:
            status = put_on(form, refusal)
        except Refusal as refusal:
            result, status = answers.refused(refusal)
            return door.page(request, session, result=result, status=status)
        else:
            held = held_back.of_desks([desk])
            if held:
                messages.success(request, _("签到已结束。"))
                messages.warning(request, door.held_back_sentence(held))
            else:
                messages.success(request, _("签到已结束，学时已记。"))
            if names.names_window_open(session, now):
                return redirect("attendance:desk", pk)
            return redirect("attendance:desks")
    desks.check_can_close(request.actor, session, now)
    found = closing.closing_of(session, now)
    leaves_undecided = "leave_undecided" in request.GET or "leave_undecided" in request.POST
    return render(
        request,
        "attendance/close.html",
        {
            "session": session,
            "closing": found,
            "form": form,
            "asks_to_decide": bool(found.undecided) and not leaves_undecided,
        },
        status=status if status != 200 or not form.errors else 422,
    )
