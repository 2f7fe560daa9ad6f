"""Names of students who are erased leave what was written of sessions."""

from collections.abc import Collection

from courses.models import CourseSession
from rosters.services import plain_words


def take_out_names(session_ids: Collection[int], names: Collection[str]) -> int:
    """Reasons of these sessions that name one of them are a dash; how many."""
    return plain_words.take_out(
        CourseSession.objects.filter(pk__in=session_ids), ("cancel_reason",), names
    )
