"""What a device sends from a door, and what it hears: ids, seat numbers and states, no names."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from attendance.choices import AttendanceState, WayIn

# What PostgreSQL's bigint and smallint hold.
MAX_KEY = 2**63 - 1
MAX_SEAT = 2**15 - 1


class CheckInInput(serializers.Serializer[Any]):
    """A badge's ``code``, or a tick: ``class_group`` and ``seat_no`` as the list gives them.
    ``id`` is the client's own; sent again under it, an arrival is the same arrival.
    Without ``happened_at`` it happened just now."""

    id = serializers.UUIDField()
    code = serializers.CharField(max_length=200, required=False)
    class_group = serializers.IntegerField(min_value=1, max_value=MAX_KEY, required=False)
    seat_no = serializers.IntegerField(min_value=1, max_value=MAX_SEAT, required=False)
    way_in = serializers.ChoiceField(choices=WayIn.choices, default=WayIn.API)
    happened_at = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = {"code", "class_group", "seat_no"} & attrs.keys()
        if given not in ({"code"}, {"class_group", "seat_no"}):
            raise serializers.ValidationError(
                _("请给出胸牌码 code，或 class_group 和 seat_no，二者选一。")
            )
        return attrs


class CheckInBatchInput(serializers.Serializer[Any]):
    check_ins = serializers.ListField(child=CheckInInput(), allow_empty=False, max_length=200)


class CheckInOutput(serializers.Serializer[Any]):
    """``outcome`` is new, or already where the student was in before by another event;
    ``check_in`` is the event that counts, which then is the earlier one."""

    id = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=["new", "already"])
    check_in = serializers.UUIDField()
    happened_at = serializers.DateTimeField()
    class_group = serializers.IntegerField()
    seat_no = serializers.IntegerField()


class CheckInAnswer(CheckInOutput):
    """One answer of a batch: as of a single check-in, or the refusal's ``code`` and ``detail``."""

    status = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=["new", "already"], required=False)
    check_in = serializers.UUIDField(required=False)
    happened_at = serializers.DateTimeField(required=False)
    class_group = serializers.IntegerField(required=False)
    seat_no = serializers.IntegerField(required=False)
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)


class CheckInBatchOutput(serializers.Serializer[Any]):
    check_ins = CheckInAnswer(many=True)


class AttendanceOutput(serializers.Serializer[Any]):
    """How far one student of the session is."""

    class_group = serializers.IntegerField()
    seat_no = serializers.IntegerField()
    attendance = serializers.ChoiceField(choices=AttendanceState.choices)
    came_at = serializers.DateTimeField(allow_null=True)
    left_at = serializers.DateTimeField(allow_null=True)
    is_credited = serializers.BooleanField()
