"""What somebody has chosen for a class and not reserved yet."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.actors import Actor


class BasketItemQuerySet(models.QuerySet["BasketItem"]):
    def visible_to(self, actor: Actor) -> Self:
        """One's own basket."""
        return self.filter(membership_id=actor.membership_id)


class BasketItem(models.Model):
    """A session, or the days of a set, chosen for a class and not yet reserved. Holds no seats.

    ``student_ids`` null means the whole class; else the part of the class that comes.
    """

    membership = models.ForeignKey(
        "accounts.Membership", on_delete=models.CASCADE, related_name="basket_items"
    )
    class_group = models.ForeignKey(
        "rosters.ClassGroup", on_delete=models.CASCADE, related_name="basket_items"
    )
    session = models.ForeignKey(
        "courses.CourseSession", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    session_set = models.ForeignKey(
        "courses.SessionSet", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    student_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)
    added_at = models.DateTimeField()

    objects = BasketItemQuerySet.as_manager()

    class Meta:
        constraints = [
            # A session or a set.
            models.CheckConstraint(
                condition=Q(session=None, session_set__isnull=False)
                | Q(session__isnull=False, session_set=None),
                name="basket_item_names_one",
            ),
            models.UniqueConstraint(
                fields=["membership", "class_group", "session", "session_set"],
                nulls_distinct=False,
                name="basket_item_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.class_group_id}"
