"""What is stored of students here; see ``accounts.data_map``."""

from django.utils.translation import gettext_lazy as _

from accounts.data_map import Basis, Impersonal, Person, PersonalField, Term

PERSONAL = (
    PersonalField(
        fields=("planning.PlannedPlace.student",),
        what=_("统筹方案为谁排了哪些场次"),
        person=Person.STUDENT,
        purpose=_("发布前核对，让每个学生修满学时"),
        basis=Basis.DUTY,
        seen_by=_("秘书处只见班级人数；本校管理员"),
        kept=Term.LIST,
    ),
    PersonalField(
        fields=("planning.PlanClass.refusal",),
        what=_("统筹没有约成或没有撤回的原因，其中有座号"),
        person=Person.STUDENT,
        purpose=_("让学校知道还差什么，另行预约"),
        basis=Basis.DUTY,
        seen_by=_("秘书处只看班级和座号；本校管理员"),
        kept=Term.LIST,
    ),
)

IMPERSONAL = (
    Impersonal(
        ("planning.ClassWish.occupation", "planning.ClassWish.rank"),
        "what a whole class would like to learn about",
    ),
    Impersonal(
        (
            "planning.CohortPlan.failure",
            "planning.CohortPlan.shortage",
            "planning.PlanClass.reason",
        ),
        "codes and figures of classes, no names",
    ),
    Impersonal(
        (
            "planning.CohortPlan.best",
            "planning.CohortPlan.bound",
            "planning.CohortPlan.reached",
            "planning.CohortPlan.reached_before",
            "planning.CohortPlan.seats_left",
            "planning.CohortPlan.seconds",
            "planning.CohortPlan.seed",
            "planning.CohortPlan.students",
            "planning.CohortPlan.tries",
            "planning.CohortPlan.trips",
            "planning.CohortPlan.wishes",
            "planning.CohortPlan.wishes_bound",
            "planning.CohortPlan.worst_school",
            "planning.CohortPlan.worst_school_bound",
            "planning.PlanClass.wishes",
            "planning.PlanSchool.reached",
            "planning.PlanSchool.reached_before",
            "planning.PlanSchool.seats",
            "planning.PlanSchool.students",
            "planning.PlanSchool.trips",
            "planning.PlanSchool.wishes",
        ),
        "figures of schools and classes",
    ),
)
