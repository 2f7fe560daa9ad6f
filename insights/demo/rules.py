"""The attendance rules of the demonstration: an edition that came, and what held before it."""

from datetime import time, timedelta

from accounts.actors import Actor
from attendance.choices import Earns
from attendance.selectors import rule_sets as selectors
from attendance.services import rule_sets
from courses.models import CourseSession
from sites.calendar import at, local_day


def change(*, by: Actor, first: CourseSession) -> None:
    """From the day of the session on, half an hour late costs half of the class hours, and who
    leaves a little early keeps half; before, the one cost nothing and the other everything."""
    valid_from = local_day(first.starts_at)
    rule_sets.add_edition(
        by=by,
        now=at(valid_from - timedelta(days=12), time(15)),
        valid_from=valid_from,
        opens_before_minutes=60,
        late_minutes=15,
        late_earns=Earns.FULL,
        long_late_minutes=30,
        long_late_earns=Earns.REDUCED,
        early_minutes=15,
        early_earns=Earns.REDUCED,
        long_early_minutes=30,
        long_early_earns=Earns.NONE,
        note="各校反映：迟到很久与准时记得一样，提前一刻钟离开却一点不记。",
    )
    # What this process read before does not know of it: it was added in the past.
    selectors.forget_what_was_read()
