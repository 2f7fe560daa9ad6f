"""What classes wish for, and what there is to wish for."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.utils.translation import get_language

from accounts.actors import Actor
from accounts.choices import OrganisationKind
from accounts.models import Organisation
from courses.choices import Venue, VersionState
from courses.models import CourseSession, CourseVersion, Season
from hours.selectors import requirements_of
from planning.models import ClassWish, WishList
from rosters.models import ClassGroup


def season_of_wishes(now: datetime) -> Season | None:
    """The season in which wishes are said now, that with the nearest deadline; else the next one
    with a wish phase, else the last. None where no season has such a phase."""
    seasons = Season.objects.exclude(wishes_until=None)
    return (
        open_season(now)
        or seasons.filter(wishes_from__gt=now).order_by("wishes_from", "pk").first()
        or seasons.order_by("-wishes_until", "-pk").first()
    )


def open_season(now: datetime) -> Season | None:
    """The season in which wishes are said now."""
    return (
        Season.objects.filter(wishes_from__lte=now, wishes_until__gt=now)
        .order_by("wishes_until", "pk")
        .first()
    )


@dataclass(frozen=True, slots=True)
class Occupation:
    """What can be wished for, with what the season's sessions of it hold by now: ``seats`` are
    all, taken or not."""

    name_zh: str
    name_en: str
    family: str
    sessions: int = 0
    seats: int = 0

    @property
    def name(self) -> str:
        """The English name on English pages, where there is one."""
        return self.name_en if get_language() == "en" and self.name_en else self.name_zh


def occupations_on_offer(season: Season, class_group: ClassGroup | None = None) -> list[Occupation]:
    """The occupations of courses that are published, or held in the season in an earlier version;
    those for the class's stage and grade alone, and without sessions at other schools. By family
    and name. Two queries."""
    taught, held = Q(), Q()
    if class_group is not None:
        grade = class_group.grade(season.school_year)
        taught = Q(stages__contains=[class_group.stage], grade_from__lte=grade, grade_to__gte=grade)
        held = ~Q(venue=Venue.SCHOOL) | Q(school_id=class_group.school_id)
    sessions = CourseSession.objects.scheduled().filter(held, season=season)
    versions = (
        CourseVersion.objects.filter(taught)
        .filter(Q(state=VersionState.PUBLISHED) | Exists(sessions.filter(version=OuterRef("pk"))))
        .exclude(occupation_zh="")
        .order_by("occupation_family", "occupation_zh", "-published_at", "-pk")
    )
    kept: dict[str, CourseVersion] = {}
    keys: dict[str, list[int]] = defaultdict(list)
    for version in versions.only("occupation_zh", "occupation_en", "occupation_family"):
        kept.setdefault(version.occupation_zh, version)
        keys[version.occupation_zh].append(version.pk)
    counts: dict[int, tuple[int, int]] = {
        pk: (number, seats)
        for pk, number, seats in sessions.order_by()
        .values("version_id")
        .annotate(number=Count("pk"), seats=Sum("capacity"))
        .values_list("version_id", "number", "seats")
    }
    return [
        Occupation(
            name_zh=name,
            name_en=version.occupation_en,
            family=version.occupation_family,
            sessions=sum(counts.get(pk, (0, 0))[0] for pk in keys[name]),
            seats=sum(counts.get(pk, (0, 0))[1] for pk in keys[name]),
        )
        for name, version in kept.items()
    ]


def shown_names(occupations: Collection[str]) -> dict[str, str]:
    """How the occupations are called in the language of the page; one query on English pages."""
    names = {name: name for name in occupations}
    if get_language() == "en" and names:
        names |= dict(
            CourseVersion.objects.filter(occupation_zh__in=names)
            .exclude(occupation_en="")
            .order_by("pk")
            .values_list("occupation_zh", "occupation_en")
        )
    return names


def wishes_of(season: Season, class_group_ids: Iterable[int]) -> dict[int, list[str]]:
    """The occupations each class wishes for in the season, the first wish first. Classes that
    said nothing, or that anything will do, are absent. One query."""
    found: dict[int, list[str]] = {}
    for class_group_id, occupation in (
        ClassWish.objects.filter(
            wish_list__season=season, wish_list__class_group__in=list(class_group_ids)
        )
        .order_by("wish_list__class_group", "rank")
        .values_list("wish_list__class_group", "occupation")
    ):
        found.setdefault(class_group_id, []).append(occupation)
    return found


@dataclass(frozen=True, slots=True)
class ClassWishes:
    """One class that is asked, and what it said: ``said`` is None where it said nothing, without
    ``occupations`` that anything will do."""

    class_group: ClassGroup
    students: int
    said: WishList | None
    occupations: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        return self.said is None

    @property
    def takes_anything(self) -> bool:
        return self.said is not None and not self.occupations


def classes_asked(actor: Actor, season: Season) -> list[ClassWishes]:
    """The actor's classes that have students and hours to reach, by school and from the youngest;
    each with what it said in the season. Constant queries."""
    groups = _with_students(ClassGroup.objects.visible_to(actor)).order_by(
        "school__name", "school_id", "-entry_year", "number", "pk"
    )
    return _with_wishes(actor, season, groups)


def wishes_of_class(actor: Actor, season: Season, class_group: ClassGroup) -> ClassWishes | None:
    """The same for one class; None where it is not asked."""
    groups = _with_students(ClassGroup.objects.visible_to(actor)).filter(pk=class_group.pk)
    return next(iter(_with_wishes(actor, season, groups)), None)


def silent_classes(actor: Actor, season: Season) -> list[ClassGroup]:
    """Those of the actor's classes that are asked and have said nothing, in the same order."""
    return [one.class_group for one in classes_asked(actor, season) if one.is_silent]


def _with_students(groups: "QuerySet[ClassGroup]") -> "QuerySet[ClassGroup, Any]":
    return (
        groups.current()  # type: ignore[attr-defined]
        .filter(school__kind=OrganisationKind.SCHOOL, school__is_active=True)
        .annotate(
            size=Count("students", filter=Q(students__left_at=None, students__merged_into=None))
        )
        .filter(size__gt=0)
        .select_related("school")
    )


def _with_wishes(
    actor: Actor, season: Season, groups: "QuerySet[ClassGroup, Any]"
) -> list[ClassWishes]:
    loaded = list(groups)
    required = requirements_of(loaded)
    wishes = Prefetch("wishes", ClassWish.objects.order_by("rank"))
    lists = {
        one.class_group_id: one
        for one in WishList.objects.visible_to(actor)
        .filter(season=season, class_group__in=loaded)
        .select_related("said_by__user")
        .prefetch_related(wishes)
    }
    found = []
    for group in loaded:
        if required[group.pk] is None:
            continue
        said = lists.get(group.pk)
        found.append(
            ClassWishes(
                class_group=group,
                students=group.size,
                said=said,
                occupations=tuple(wish.occupation for wish in said.wishes.all()) if said else (),
            )
        )
    return found


@dataclass(slots=True)
class SchoolProgress:
    """How many classes of a school are asked, have wishes, take anything, said nothing."""

    school: Organisation
    classes: int = 0
    wishing: int = 0
    anything: int = 0
    silent: int = 0

    @property
    def said(self) -> int:
        return self.wishing + self.anything


def progress_of_schools(asked: Iterable[ClassWishes]) -> list[SchoolProgress]:
    """Each school of the classes, in their order. No query."""
    found: dict[int, SchoolProgress] = {}
    for one in asked:
        group = one.class_group
        progress = found.setdefault(group.school_id, SchoolProgress(group.school))
        progress.classes += 1
        progress.silent += one.is_silent
        progress.anything += one.takes_anything
        progress.wishing += bool(one.occupations)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Demand:
    """One occupation: the classes and students that wish for it first or at all, beside what is
    on offer."""

    occupation: Occupation
    first_classes: int
    first_students: int
    classes: int
    students: int

    @property
    def seats(self) -> int:
        return self.occupation.seats

    @property
    def is_short(self) -> bool:
        """Not even those who want it most find seats."""
        return self.first_students > self.seats


def demand(season: Season, asked: Iterable[ClassWishes]) -> list[Demand]:
    """Each occupation that is on offer or wished for, the most wanted first. Two queries."""
    classes, students = Counter[str](), Counter[str]()
    first_classes, first_students = Counter[str](), Counter[str]()
    for one in asked:
        for rank, name in enumerate(one.occupations):
            classes[name] += 1
            students[name] += one.students
            if rank == 0:
                first_classes[name] += 1
                first_students[name] += one.students
    offered = {one.name_zh: one for one in occupations_on_offer(season)}
    # What was taken out of the catalogue since stands there with the wishes and no seats.
    for name in classes.keys() - offered.keys():
        offered[name] = Occupation(name, name_en="", family="")
    found = [
        Demand(one, first_classes[name], first_students[name], classes[name], students[name])
        for name, one in offered.items()
    ]
    return sorted(
        found,
        key=lambda one: (-one.first_students, -one.students, -one.seats, one.occupation.name_zh),
    )
