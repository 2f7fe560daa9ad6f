"""What is stored of students here; see ``accounts.data_map``."""

from django.utils.translation import gettext_lazy as _

from accounts.data_map import Basis, Impersonal, Person, PersonalField, Term

PERSONAL = (
    PersonalField(
        fields=(
            "attendance.CheckIn.student",
            "attendance.CheckIn.kind",
            "attendance.CheckIn.way_in",
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
            "attendance.HourProposal.student",
            "attendance.HourProposal.kind",
            "attendance.HourProposal.class_hours",
            "attendance.HourProposal.earned_on",
            "attendance.HourProposal.reason",
            "attendance.HourProposal.state",
            "attendance.HourProposal.proposed_at",
            "attendance.HourProposal.decided_at",
            "attendance.HourProposal.answer",
        ),
        what=_("补课、补记和更正学时的申请"),
        person=Person.STUDENT,
        purpose=_("漏记、错记的学时由两个人核对后改正"),
        basis=Basis.RECORD,
        seen_by=_("本校管理员，任课教师；开课单位看自己提的；秘书处只看班级和座号"),
        kept=Term.NUMBERED,
    ),
    PersonalField(
        fields=(
            "attendance.RoomScan.opened_at",
            "attendance.RoomScan.browser",
        ),
        what=_("扫屏幕签到时打开网页的时刻，浏览器的随机编号"),
        person=Person.STUDENT,
        purpose=_("代扫时提醒开课单位看一眼"),
        basis=Basis.RECORD,
        seen_by=_("开课单位只看到提示，看不到编号"),
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
    PersonalField(
        fields=(
            "attendance.Certificate.student",
            "attendance.Certificate.code",
            "attendance.Certificate.class_hours",
            "attendance.Certificate.required_hours",
            "attendance.Certificate.lines",
            "attendance.Certificate.issued_at",
            "attendance.Certificate.revoked_at",
            "attendance.Certificate.revoke_reason",
        ),
        what=_("学时证书：编号（随机，不含姓名），当时的学时和场次，作废的原因"),
        person=Person.STUDENT,
        purpose=_("出具证明，供人核验"),
        basis=Basis.RECORD,
        seen_by=_("本校管理员，任课教师；持证书核验的人只看姓氏和学时"),
        kept=Term.NUMBERED,
    ),
)

IMPERSONAL = (
    Impersonal(("attendance.Desk.heads_note",), "says why as many did not leave as came"),
    Impersonal(
        (
            "attendance.AttendanceRuleSet.valid_from",
            "attendance.AttendanceRuleSet.late_earns",
            "attendance.AttendanceRuleSet.long_late_earns",
            "attendance.AttendanceRuleSet.early_earns",
            "attendance.AttendanceRuleSet.long_early_earns",
            "attendance.AttendanceRuleSet.note",
            "attendance.AttendanceRuleSet.added_on",
        ),
        "the rules that all sessions follow",
    ),
    Impersonal(("attendance.Desk.reopen_reason",), "says why a session's door was opened again"),
    Impersonal(("attendance.RoomCode.salt",), "random; tells one room's codes from another's"),
    Impersonal(("attendance.RoomScan.step",), "the number of fifteen seconds of the clock"),
)
