"""Courses describe work, not people; see ``accounts.data_map``. Who wrote, reviewed or teaches
is a reference to a member."""

from accounts.data_map import Impersonal, PersonalField

PERSONAL: tuple[PersonalField, ...] = ()

IMPERSONAL = (
    Impersonal(
        (
            "courses.Course.code",
            "courses.CourseVersion.title_zh",
            "courses.CourseVersion.title_en",
            "courses.CourseVersion.occupation_zh",
            "courses.CourseVersion.occupation_en",
            "courses.CourseVersion.stages",
            "courses.CourseVersion.labour_task_group",
            "courses.CourseVersion.summary_zh",
            "courses.CourseVersion.summary_en",
            "courses.CourseVersion.plan",
            "courses.CourseVersion.materials",
            "courses.CourseVersion.hazards",
            "courses.CourseVersion.assessment",
            "courses.CourseVersion.handbook",
            "courses.CourseVersion.edition",
            "courses.SessionSet.name",
        ),
        "the text of a course",
    ),
    Impersonal(
        (
            "courses.CourseReview.goal_orientation_comment",
            "courses.CourseReview.content_standard_comment",
            "courses.CourseReview.assessment_method_comment",
            "courses.CourseReview.safety_assurance_comment",
        ),
        "says what to change in a course",
    ),
    Impersonal(
        ("courses.Season.name", "courses.Season.runs_from", "courses.Season.runs_until"),
        "when booking is open for all",
    ),
    Impersonal(
        (
            "courses.CourseSession.online_url",
            "courses.CourseSession.cancel_reason",
            "courses.CourseSession.sequence",
        ),
        "where a session meets, or why it does not; names are refused, and taken out with the"
        " student",
    ),
)
