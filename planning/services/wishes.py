"""What a class says it would like to learn about."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit
from courses import phases
from courses.choices import SeasonAction
from courses.models import Season
from hours.selectors import requirement_for
from planning.errors.wishes import NoHoursRequired, NotOnOffer, TooManyWishes, WishedTwice
from planning.models import ClassWish, WishList
from planning.models.wishes import WISHES_AT_MOST
from planning.selectors.wishes import occupations_on_offer
from rosters.models import ClassGroup


def check_can_wish(actor: Actor, season: Season, class_group: ClassGroup, now: datetime) -> None:
    """The class's teachers and the school's coordinators, in the season's wish phase. Refused:
    NotAllowed, NotYours, NoHoursRequired, and OutsideSeason with the date it opens or closed."""
    if not actor.is_school or actor.membership_id is None:
        raise NotAllowed
    if not ClassGroup.objects.visible_to(actor).current().filter(pk=class_group.pk).exists():
        raise NotYours
    if requirement_for(class_group) is None:
        raise NoHoursRequired
    phases.check_is_open(SeasonAction.WISH, season, now)


def say_wishes(
    *,
    by: Actor,
    season: Season,
    class_group: ClassGroup,
    occupations: Sequence[str],
    now: datetime,
) -> WishList:
    """The class wishes for these occupations in this order, or, without any, says that anything
    will do; what it said before no longer counts. Nobody is told.

    Refused: as ``check_can_wish``, and TooManyWishes, WishedTwice, NotOnOffer; then what it said
    before stands.
    """
    check_can_wish(by, season, class_group, now)
    assert by.membership_id is not None
    if len(occupations) > WISHES_AT_MOST:
        raise TooManyWishes(most=WISHES_AT_MOST)
    offered = {one.name_zh: one.name for one in occupations_on_offer(season, class_group)}
    for place, occupation in enumerate(occupations):
        if occupation in occupations[:place]:
            raise WishedTwice(occupation=offered[occupation], name_zh=occupation)
        if occupation not in offered:
            raise NotOnOffer(occupation=occupation, name_zh=occupation)
    with transaction.atomic():
        # Holds the row until the end, so that of two who say something at once the last counts.
        said, _is_new = WishList.objects.update_or_create(
            season=season,
            class_group=class_group,
            defaults={
                "school_id": class_group.school_id,
                "said_at": now,
                "said_by_id": by.membership_id,
            },
        )
        said.wishes.all().delete()
        ClassWish.objects.bulk_create(
            ClassWish(wish_list=said, rank=rank, occupation=occupation)
            for rank, occupation in enumerate(occupations, start=1)
        )
        audit.record(
            by=by,
            verb="wishes.said",
            now=now,
            target=class_group,
            season=season.pk,
            wishes=len(occupations),
        )
    return said
