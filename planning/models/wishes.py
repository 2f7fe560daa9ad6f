"""What a class would like to learn about, in order."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor

# So many occupations are ranked at most.
WISHES_AT_MOST = 5


class WishListQuerySet(models.QuerySet["WishList"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school's own people, and the secretariat."""
        if actor.is_system or actor.is_secretariat:
            return self
        if actor.is_school:
            return self.filter(school_id=actor.organisation_id)
        return self.none()


class WishList(models.Model):
    """What a class says in a season's wish phase (``Season.wishes_from`` to ``wishes_until``): its
    ranked occupations, or with no ``ClassWish`` that anything will do. No row: nothing said yet."""

    season = models.ForeignKey("courses.Season", on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    class_group = models.ForeignKey(
        "rosters.ClassGroup", on_delete=models.CASCADE, related_name="wish_lists"
    )
    said_at = models.DateTimeField()
    said_by = models.ForeignKey("accounts.Membership", on_delete=models.PROTECT, related_name="+")

    objects = WishListQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["season", "class_group"], name="wish_list_once_per_class"
            ),
        ]
        indexes = [models.Index(fields=["season", "school"], name="wish_list_by_school")]

    def __str__(self) -> str:
        return f"{self.class_group_id} {self.season_id}"


class ClassWish(models.Model):
    """One ranked occupation; rank 1 is wished for most. ``occupation`` is written as
    ``CourseVersion.occupation_zh``."""

    wish_list = models.ForeignKey(WishList, on_delete=models.CASCADE, related_name="wishes")
    rank = models.PositiveSmallIntegerField(_("第几志愿"))
    occupation = models.CharField(_("职业"), max_length=40)

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rank__range=(1, WISHES_AT_MOST)), name="wish_rank_range"
            ),
            models.UniqueConstraint(fields=["wish_list", "rank"], name="wish_rank_once"),
            models.UniqueConstraint(
                fields=["wish_list", "occupation"], name="wish_occupation_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank} {self.occupation}"
