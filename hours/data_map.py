"""What is stored of students here; see ``accounts.data_map``."""

from django.utils.translation import gettext_lazy as _

from accounts.data_map import Basis, Impersonal, Person, PersonalField, Term

PERSONAL = (
    PersonalField(
        fields=(
            "hours.HourCredit.student",
            "hours.HourCredit.kind",
            "hours.HourCredit.class_hours",
            "hours.HourCredit.revision",
            "hours.HourCredit.rule_version",
            "hours.HourCredit.earned_on",
            "hours.HourCredit.credited_at",
            "hours.HourCredit.written_at",
            "hours.HourCredit.seal_salt",
        ),
        what=_("学时记账"),
        person=Person.STUDENT,
        purpose=_("知道是否达到实践要求，出具证明"),
        basis=Basis.RECORD,
        seen_by=_("本校管理员，任课教师；秘书处只看人数和学时"),
        kept=Term.NUMBERED,
    ),
    PersonalField(
        fields=("hours.HourCredit.reason",),
        what=_("更正学时的原因"),
        person=Person.STUDENT,
        purpose=_("知道学时为什么更正"),
        basis=Basis.RECORD,
        seen_by=_("本校管理员，任课教师"),
        kept=Term.GRADUATION,
    ),
)

IMPERSONAL = (
    Impersonal(
        ("hours.PeriodLock.reopen_reason",),
        "says why a school may correct hours again; names are refused, and taken out with the"
        " student",
    ),
    Impersonal(
        (
            "hours.PracticumRequirement.name",
            "hours.PracticumRequirement.counts_from",
            "hours.PracticumRequirement.due_on",
        ),
        "what a whole cohort must reach",
    ),
)
