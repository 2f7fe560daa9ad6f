"""What a form's page showed of its sessions, carried along out of sight."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast

from django import forms
from django.http import QueryDict

from bookings.services.sessions_seen import Seen
from courses.models import CourseSession

# Key, sequence, start and end in seconds.
ONE = re.compile(r"(\d{1,18}):(\d{1,9}):(\d{1,11}):(\d{1,11})", re.ASCII)


class SeenField(forms.CharField):
    """``Seen`` sessions in one hidden field. What is not of our writing says nothing: then nothing
    was seen, and nothing is compared."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, max_length=20_000)

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value
        return ",".join(
            f"{one.session_id}:{one.sequence}:{one.starts_at.timestamp():.0f}"
            f":{one.ends_at.timestamp():.0f}"
            for one in value
        )

    def clean(self, value: Any) -> list[Seen]:
        found = [ONE.fullmatch(part) for part in str(super().clean(value)).split(",")]
        return [
            Seen(int(one[1]), int(one[2]), _moment(one[3]), _moment(one[4])) for one in found if one
        ]


class SeenForm(forms.Form):
    """A form about sessions that its page shows."""

    seen = SeenField()

    def see(self, sessions: Iterable[CourseSession]) -> None:
        """The next submission is made with the sessions as they are now in view; what was filled
        in stays."""
        data = cast("QueryDict", self.data).copy()
        data["seen"] = self.fields["seen"].prepare_value([Seen.of(one) for one in sessions])
        self.data = data


def _moment(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
