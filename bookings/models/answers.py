"""Answers kept, so that a request sent twice is answered alike."""

from django.db import models


class IdempotentAnswer(models.Model):
    """The answer a request got under its key, kept 24 hours: a replay gets it again, the same
    key with another body is refused."""

    membership = models.ForeignKey(
        "accounts.Membership", on_delete=models.CASCADE, related_name="idempotent_answers"
    )
    key = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "key"], name="idempotent_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.status}"
