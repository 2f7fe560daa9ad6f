"""What is stored of students here; see ``accounts.data_map``."""

from django.utils.translation import gettext_lazy as _

from accounts.data_map import Basis, Impersonal, Person, PersonalField, Term

PERSONAL = (
    PersonalField(
        fields=(
            "attendance.CheckIn.student",
            "attendance.CheckIn.kind",
            "attendance.CheckIn.way_in",
            "attendance.CheckIn.happened_at",
            "attendance.CheckIn.recorded_at",
            "attendance.CheckIn.written_at",
            "attendance.CheckIn.seal_salt",
        ),
        what=_("到场、离场、请假"),
        person=Person.STUDENT,
        purpose=_("当天点到人，据此记学时"),
        basis=Basis.RECORD,
        seen_by=_("本校管理员，任课教师；开课单位看自己的场次"),
        kept=Term.NUMBERED,
    ),
    PersonalField(
        fields=("attendance.CheckIn.reason",),
        what=_("缺席、请假或没有扫码的原因"),
        person=Person.STUDENT,
        purpose=_("当天点到人，据此记学时"),
        basis=Basis.RECORD,
        seen_by=_("本校管理员，任课教师；开课单位看自己的场次"),
        kept=Term.GRADUATION,
    ),
    PersonalField(
        fields=(
            "attendance.Objection.student",
            "attendance.Objection.text",
            "attendance.Objection.made_at",
            "attendance.Objection.state",
            "attendance.Objection.answer",
            "attendance.Objection.decided_at",
        ),
        what=_("对公示学时的异议和学校的答复"),
        person=Person.STUDENT,
        purpose=_("核对学时，答复提出异议的人"),
        basis=Basis.RECORD,
        seen_by=_("本校管理员，本人"),
        kept=Term.GRADUATION,
    ),
    PersonalField(
        fields=(
            "attendance.LawfulRemoval.student",
            "attendance.LawfulRemoval.kind",
            "attendance.LawfulRemoval.key",
            "attendance.LawfulRemoval.text_digest",
            "attendance.LawfulRemoval.ground",
            "attendance.LawfulRemoval.written_at",
            "attendance.LawfulRemoval.seal_salt",
        ),
        what=_("哪些记录的原因已经依法删除"),
        person=Person.STUDENT,
        purpose=_("证明记录只删去了原因，其余没有改过"),
        basis=Basis.LOG,
        seen_by=_("只有系统管理员"),
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
    Impersonal(
        ("attendance.PublicNotice.starts_on", "attendance.PublicNotice.ends_on"),
        "when a school shows the hours of a cohort",
    ),
    Impersonal(
        (
            "attendance.DaySeal.day",
            "attendance.DaySeal.entries",
            "attendance.DaySeal.previous",
            "attendance.DaySeal.head",
        ),
        "how many entries a day had, and one number for all of them",
    ),
    Impersonal(
        ("attendance.SealedEntry.key", "attendance.SealedEntry.digest"),
        "the number of an entry and of what stands in it, from which nothing can be read",
    ),
    Impersonal(("attendance.Desk.reopen_reason",), "says why a session's door was opened again"),
)
