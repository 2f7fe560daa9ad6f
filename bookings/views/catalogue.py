"""Finding a course, and looking at one."""

from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.errors import NotYours
from accounts.models import Organisation
from bookings import wording
from bookings.selectors import choosing
from bookings.selectors.progress import ClassProgress, progress_of_classes
from bookings.services import offers
from bookings.views import finding, narrowing
from bookings.views import week as free_week
from bookings.views.finding import ANY_STAGE, OWN_GRADE, Looker, Query
from courses.filters import CourseFilter
from courses.models import Course
from courses.naming import headline
from courses.selectors import catalogue
from rosters.models import ClassGroup

CARDS_ON_PAGE = 12
# Further offers stand in a fold.
LINES_ON_PAGE = 10
FACETS = ("stage", "hours", "family", "half", "since", "until", "seats", "kind", "host")


def looker_of(request: MemberRequest, now: datetime) -> Looker:
    """Who looks, and for which of her classes."""
    groups = choosing.classes_to_book_for(request.actor)
    group = choosing.chosen_class(request.actor, groups, request.GET.get("class", ""))
    return Looker(actor=request.actor, now=now, group=group, groups=groups)


def class_choices(looker: Looker) -> list[tuple[ClassGroup, str]]:
    return [(group, wording.class_name(group, looker.now)) for group in looker.groups]


def progress_of(looker: Looker) -> ClassProgress | None:
    """The chosen class's hours."""
    if looker.group is None:
        return None
    return progress_of_classes([looker.group], looker.now)[looker.group.pk]


@require_safe
@members_only
def show_catalogue(request: MemberRequest) -> HttpResponse:
    """The courses on offer, by everything a teacher may want. All choices stand in the address."""
    looker = looker_of(request, timezone.now())
    query = _query(request.GET, looker)
    chosen = CourseFilter(_conditions(query, looker), queryset=Course.objects.none())
    wanted = chosen.wanted()
    sort = query.first("sort") if query.first("sort") in catalogue.SORTS else catalogue.SORTS[0]
    found = catalogue.search(looker.actor, wanted, looker.now, sort=sort)
    page = Paginator(found, CARDS_ON_PAGE).get_page(request.GET.get("page"))
    counts = catalogue.facets(
        looker.actor, wanted, looker.now, grade=looker.grade, seats=looker.seats or 1
    )
    hosts = list(
        Organisation.objects.visible_to(looker.actor)
        .filter(pk__in={*counts.hosts, *wanted.hosts})
        .order_by("name", "pk")
    )
    chips = narrowing.loosenings(wanted, query, looker, hosts)
    return render(
        request,
        "bookings/catalogue.html",
        {
            "carried_without_words": query.pairs("q"),
            "carried_without_class": query.pairs("class", "stage"),
            "carried_besides_facets": query.pairs(*FACETS),
            "clear_url": finding.with_class(reverse("bookings:catalogue"), looker.group),
            "form": chosen.form,
            "group": looker.group,
            "classes": class_choices(looker),
            "progress": progress_of(looker),
            "week": free_week.week(wanted, query, looker),
            "options": narrowing.options(counts, wanted, query, looker, hosts),
            "hosts_chosen": bool(wanted.hosts),
            "chips": [chip for chip, _drops in chips],
            "sorts": finding.sorts(query, sort),
            "page": page,
            "cards": finding.cards(list(page), wanted, looker),
            "next_url": query.url(page=page.next_page_number()) if page.has_next() else "",
            "previous_url": query.url(page=page.previous_page_number())
            if page.has_previous()
            else "",
            "looser": []
            if page.paginator.count
            else narrowing.counted_loosenings(chips, wanted, looker),
        },
    )


@require_safe
@members_only
def show_course(request: MemberRequest, pk: int) -> HttpResponse:
    """What the course is, and its sessions, each with what the class may do."""
    looker = looker_of(request, timezone.now())
    course = (
        Course.objects.visible_to(looker.actor)
        .filter(pk=pk)
        .select_related("published_version", "host")
        .first()
    )
    version = course.published_version if course is not None else None
    if course is None or version is None:
        raise NotYours
    offered = offers.offers_of(catalogue.offered_sessions(looker.actor, course, looker.now))
    sites = {
        session.room.site
        for offer in offered
        for session in offer.sessions
        if session.room is not None
    }
    lines = finding.offer_lines(offered, looker)
    return render(
        request,
        "bookings/course.html",
        {
            "course": course,
            "version": version,
            "title": headline(version),
            "host": wording.organisation_name(course.host),
            "grades": wording.grades(version.grade_from, version.grade_to),
            "sites": sorted(sites, key=lambda site: (site.name, site.pk)),
            "group": looker.group,
            "label": wording.class_name(looker.group, looker.now) if looker.group else "",
            "seats": looker.seats,
            "classes": class_choices(looker),
            "progress": progress_of(looker),
            "lines": lines[:LINES_ON_PAGE],
            "further": lines[LINES_ON_PAGE:],
            "catalogue_url": finding.with_class(reverse("bookings:catalogue"), looker.group),
        },
    )


def _query(data: QueryDict, looker: Looker) -> Query:
    """The page's address with what is preselected: the class, and its own grade."""
    query = Query.of(data)
    values = dict(query.values)
    if looker.group is not None:
        values["class"] = (str(looker.group.pk),)
    else:
        values.pop("class", None)
    stage = query.first("stage")
    if looker.group is not None and not stage:
        stage = OWN_GRADE
    if looker.group is None and stage in ("", OWN_GRADE):
        stage = ANY_STAGE
    values["stage"] = (stage,)
    return Query(values)


def _conditions(query: Query, looker: Looker) -> QueryDict:
    """The address as the filter reads it: the class's own grade in its numbers."""
    data = QueryDict(mutable=True)
    for name, value in query.pairs("stage"):
        data.appendlist(name, value)
    stage = query.first("stage")
    if stage == OWN_GRADE and looker.group is not None:
        data["stage"] = looker.group.stage
        data["grade"] = str(looker.grade)
    elif stage != ANY_STAGE:
        data["stage"] = stage
    return data
