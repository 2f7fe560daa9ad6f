"""The ledger's entries as they go out."""

from rest_framework import serializers

from hours.models import HourCredit


class HourCreditOutput(serializers.ModelSerializer[HourCredit]):
    """One entry. The sum over a student's entries is what the student has earned."""

    class Meta:
        model = HourCredit
        fields = (
            "id",
            "student",
            "school",
            "session",
            "kind",
            "class_hours",
            "reverses",
            "reason",
            "earned_on",
            "credited_at",
        )
