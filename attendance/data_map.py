"""What is stored of students here; see ``accounts.data_map``."""

from django.utils.translation import gettext_lazy as _

from accounts.data_map import Basis, Impersonal, Person, PersonalField, Term

PERSONAL = (
    PersonalField(
        fields=(
            "attendance.CheckIn.student",
            "attendance.CheckIn.kind",
            "attendance.CheckIn.way_in",
            "attendance.CheckIn.trust",
            "attendance.CheckIn.reason",
            "attendance.CheckIn.happened_at",
            "attendance.CheckIn.recorded_at",
        ),
        what=_("到场、离场、请假和原因"),
        person=Person.STUDENT,
        purpose=_("当天点到人，据此记学时"),
        basis=Basis.RECORD,
        seen_by=_("本校管理员，任课教师；开课单位看自己的场次"),
        kept=Term.NUMBERED,
    ),
    PersonalField(
        fields=(
            "attendance.Conflict.student",
            "attendance.Conflict.kind",
            "attendance.Conflict.way_in",
            "attendance.Conflict.doubt",
            "attendance.Conflict.happened_at",
            "attendance.Conflict.received_at",
            "attendance.ConflictDecision.decision",
            "attendance.ConflictDecision.reason",
            "attendance.ConflictDecision.decided_at",
            "attendance.RosterPack.students",
        ),
        what=_("断网时记下、送到时对不上的签到，和怎样处理"),
        person=Person.STUDENT,
        purpose=_("由人决定记不记，据此记学时"),
        basis=Basis.RECORD,
        seen_by=_("开课单位看自己的场次，姓名打码；家长要求时由学校提供"),
        kept=Term.NUMBERED,
    ),
    PersonalField(
        fields=(
            "attendance.Badge.student",
            "attendance.Badge.code",
            "attendance.Badge.issued_at",
            "attendance.Badge.printed_at",
            "attendance.Badge.revoked_at",
            "attendance.Badge.revoke_reason",
        ),
        what=_("胸牌码（随机，不含姓名）"),
        person=Person.STUDENT,
        purpose=_("不带手机也能签到"),
        basis=Basis.DUTY,
        seen_by=_("本校管理员，任课教师，本人"),
        kept=Term.BADGE,
    ),
)

IMPERSONAL = (
    Impersonal(("attendance.Device.name",), "says where a host's tablet is used"),
    Impersonal(("attendance.Device.clock_ahead",), "how wrong a device's clock is"),
    Impersonal(("attendance.Device.digest",), "recognises a device without keeping its secret"),
    Impersonal(("attendance.RosterPack.salt",), "random, made for one list of one device"),
    Impersonal(("attendance.Desk.reopen_reason",), "says why a session's door was opened again"),
)
