"""Taking a roster import back, unless something was built on it."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actors import Actor
from attendance.errors.students import ImportBuiltUpon
from attendance.models import Badge, CheckIn, HourProposal
from bookings.models import Place
from hours.models import HourCredit
from rosters.choices import ChangeKind
from rosters.models import RosterImport
from rosters.services.imports import undoing


def undo(*, by: Actor, roster_import: RosterImport, now: datetime) -> RosterImport:
    """Every student is as before the import; new students and the new classes left empty are
    gone. All of it or nothing.

    Refused: NothingToUndo, UndoTooLate, EditedSince; ImportBuiltUpon naming what was built: a
    new student's seats, badge, check-ins or hours, or seats that a moved student took with the
    new class.
    """
    with transaction.atomic():
        begun = undoing.begin(by=by, roster_import=roster_import, now=now)
        check_nothing_was_built(begun)
        return undoing.finish(begun, by=by, now=now)


def check_nothing_was_built(begun: undoing.Undoing) -> None:
    """Refused: ImportBuiltUpon. The students are locked, so nothing is built meanwhile."""
    new = begun.of_kinds(ChangeKind.NEW)
    moved = begun.of_kinds(ChangeKind.MOVED, ChangeKind.BACK)
    seats = (
        Place.objects.filter(student__in=new).count()
        + Place.objects.live()
        .filter(student__in=moved, booking__class_group=F("student__class_group"))
        .count()
    )
    badges = Badge.objects.filter(student__in=new).count()
    check_ins = CheckIn.objects.filter(student__in=new).count()
    hours = (
        HourCredit.objects.filter(student__in=new).count()
        + HourProposal.objects.filter(student__in=new).count()
    )
    found = [
        words % {"count": count}
        for count, words in (
            (seats, ngettext("约了 %(count)d 个名额", "约了 %(count)d 个名额", seats)),
            (badges, ngettext("发了 %(count)d 张胸牌", "发了 %(count)d 张胸牌", badges)),
            (check_ins, ngettext("签到 %(count)d 次", "签到 %(count)d 次", check_ins)),
            (hours, ngettext("记了 %(count)d 次学时", "记了 %(count)d 次学时", hours)),
        )
        if count
    ]
    if found:
        raise ImportBuiltUpon(what=_("，").join(found))
