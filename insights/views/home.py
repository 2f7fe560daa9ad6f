"""Where each role starts."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from insights.selectors import classes, trips
from insights.selectors.coverage import visible_classes
from sites.calendar import local_day
from sites.selectors import term_week

CARDS_ON_HOME = 12
# Hours in between are neither an evening nor a morning.
NIGHT_BEGINS, NIGHT_ENDS = 23, 5

START: dict[Role, str] = {
    Role.HOST_MANAGER: "attendance:host_today",
    Role.INSTRUCTOR: "attendance:host_today",
    Role.SECRETARIAT: "insights:alliance",
    Role.REVIEWER: "courses:review_list",
}


@dataclass(frozen=True, slots=True)
class Greeting:
    name: str
    now: datetime

    def __str__(self) -> str:
        hour = timezone.localtime(self.now).hour
        if hour < NIGHT_ENDS or hour >= NIGHT_BEGINS:
            sentence = _("%(name)s，您好")
        elif hour < 12:
            sentence = _("%(name)s，上午好")
        elif hour < 18:
            sentence = _("%(name)s，下午好")
        else:
            sentence = _("%(name)s，晚上好")
        return sentence % {"name": self.name}


@members_only
def show_home(request: MemberRequest) -> HttpResponse:
    """A school's people see their classes and trips; others begin in their own room."""
    actor = request.actor
    if actor.role in START:
        return redirect(START[actor.role])
    now = timezone.now()
    groups = list(visible_classes(actor)[: CARDS_ON_HOME + 1])
    cards = classes.cards(groups[:CARDS_ON_HOME], now)
    coming = trips.coming_trips(actor, now, limit=6)
    return render(
        request,
        "insights/home_teacher.html",
        {
            "greeting": Greeting(actor.name, now),
            "today": local_day(now),
            "week": term_week(local_day(now)),
            "is_coordinator": actor.is_coordinator,
            "cards": cards,
            "more_classes": len(groups) > CARDS_ON_HOME,
            "class_count": visible_classes(actor).count() if len(groups) > CARDS_ON_HOME else 0,
            "todos": [
                *classes.objections(actor),
                *classes.proposed_hours(actor),
                *classes.plans_to_make_good(actor, now),
                *classes.wishes_to_say(actor, now),
                *classes.teachers_to_name(actor, now),
                *classes.todos(cards, now),
            ],
            "trips": coming,
        },
    )
