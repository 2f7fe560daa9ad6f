"""What is stored of students and guardians here; see ``accounts.data_map``."""

from django.utils.translation import gettext_lazy as _

from accounts.data_map import Basis, Impersonal, Person, PersonalField, Term

SCHOOL = _("本校管理员，任课教师；开课单位只在场次前 3 天到后 7 天；秘书处须写明原因")
SCHOOL_ONLY = _("本校管理员，任课教师")

PERSONAL = (
    PersonalField(
        fields=(
            "rosters.Student.name",
            "rosters.Student.initials",
            "rosters.Student.seat_no",
        ),
        what=_("姓名、姓名拼音首字母、座号"),
        person=Person.STUDENT,
        purpose=_("约名额、点名、记学时"),
        basis=Basis.DUTY,
        seen_by=SCHOOL,
        kept=Term.GRADUATION,
    ),
    PersonalField(
        fields=("rosters.Student.student_no",),
        what=_("校内学号"),
        person=Person.STUDENT,
        purpose=_("区分同名学生，下次导入时认出同一个人"),
        basis=Basis.DUTY,
        seen_by=SCHOOL_ONLY,
        kept=Term.GRADUATION,
    ),
    PersonalField(
        fields=(
            "rosters.Student.joined_at",
            "rosters.Student.left_at",
            "rosters.Student.merged_into",
            "rosters.Student.erased_at",
            "rosters.StudentTransfer.student",
            "rosters.StudentTransfer.state",
            "rosters.StudentTransfer.asked_at",
            "rosters.StudentTransfer.answered_at",
        ),
        what=_("入班、离班、转学的时间"),
        person=Person.STUDENT,
        purpose=_("学时跟着学生走"),
        basis=Basis.DUTY,
        seen_by=SCHOOL_ONLY,
        kept=Term.NUMBERED,
    ),
    PersonalField(
        fields=("rosters.GuardianPhone.student", "rosters.GuardianPhone.sealed"),
        what=_("监护人电话（加密）"),
        person=Person.GUARDIAN,
        purpose=_("出行当天有急事时联系；学校可以选择不保存"),
        basis=Basis.CONSENT,
        seen_by=_("本校管理员、任课教师看到末四位；看全号须写原因"),
        kept=Term.GRADUATION,
    ),
    PersonalField(
        fields=(
            "rosters.StudentNeed.student",
            "rosters.StudentNeed.kind",
            "rosters.StudentNeed.sealed",
            "rosters.StudentNeed.noted_at",
        ),
        what=_("行动和饮食需要（加密）"),
        person=Person.STUDENT,
        purpose=_("场次当天照顾到学生"),
        basis=Basis.CONSENT,
        seen_by=_("本校管理员，任课教师；场次当天的指导教师"),
        kept=Term.NEED,
    ),
    PersonalField(
        fields=(
            "rosters.Consent.student",
            "rosters.Consent.text",
            "rosters.Consent.school_year",
            "rosters.Consent.recorded_at",
            "rosters.Consent.withdrawn_at",
        ),
        what=_("监护人同意书的登记"),
        person=Person.GUARDIAN,
        purpose=_("证明已经同意，或已经撤回"),
        basis=Basis.CONSENT,
        seen_by=SCHOOL_ONLY,
        kept=Term.GRADUATION,
    ),
    PersonalField(
        fields=(
            "rosters.RosterImport.content",
            "rosters.RosterImport.reading",
            "rosters.RosterImport.answers",
        ),
        what=_("正在导入的名单文件"),
        person=Person.STUDENT,
        purpose=_("核对后再写入"),
        basis=Basis.DUTY,
        seen_by=_("导入的学校管理员"),
        kept=Term.IMPORT,
    ),
    PersonalField(
        fields=(
            "rosters.RosterChange.student",
            "rosters.RosterChange.kind",
            "rosters.RosterChange.before",
            "rosters.RosterChange.after",
        ),
        what=_("一次导入改动了什么"),
        person=Person.STUDENT,
        purpose=_("导错时可以撤销"),
        basis=Basis.DUTY,
        seen_by=_("本校管理员"),
        kept=Term.UNDO,
    ),
)

IMPERSONAL = (
    Impersonal(
        ("rosters.ConsentText.text_zh", "rosters.ConsentText.text_en"),
        "what all guardians read, the same for everybody",
    ),
    Impersonal(
        (
            "rosters.RosterImport.suffix",
            "rosters.RosterImport.size",
            "rosters.RosterImport.rows_total",
            "rosters.RosterImport.rows_read",
            "rosters.RosterImport.roster_digest",
            "rosters.RosterImport.summary",
        ),
        "counts, codes and a digest; what the file said is in content, reading and answers",
    ),
    Impersonal(("rosters.ClassNameAnswer.written",), "how a school writes a class"),
)
