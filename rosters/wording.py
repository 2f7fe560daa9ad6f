"""The consent texts that an alliance starts with, until its secretariat publishes its own.

They are documents, not sentences of a page: both languages stand together.
"""

from rosters.choices import ConsentKind

DEFAULT_TEXTS: dict[str, tuple[str, str]] = {
    ConsentKind.YEAR: (
        "各位家长：\n\n"
        "本学年，学校将组织学生到职业学校、企业等单位参加职业体验。出行的时间、地点、路线、带队教"
        "师和费用，学校会在每次出行前告知。\n\n"
        "为安排体验，学校会使用孩子的姓名、班级、座号和学号。开课单位只在体验前三天至体验后七天内"
        "看到参加学生的姓名，用于签到和安全管理。孩子行动、饮食方面需要照顾的，请您写在下面，只有"
        "当天的指导教师能看到，体验结束七天后删除。\n\n"
        "您可以随时查阅、更正孩子的信息，也可以撤回同意；不同意或撤回，不影响孩子在校学习。有疑问"
        "，请联系班主任。",
        "To parents and guardians,\n\n"
        "This school year the school takes its students to vocational schools, "
        "enterprises and other places for career experience. Time, place, route, "
        "accompanying teachers and cost are announced before each trip.\n\n"
        "For this the school uses your child's name, class, seat number and student "
        "number. The host sees the names of those who come only from three days before "
        "until seven days after the session, for the door and for safety. If your child "
        "needs help in moving or must not eat something, please say so below: only the "
        "instructor of the day sees it, and it is deleted seven days later.\n\n"
        "You may see and correct what is kept about your child, or withdraw your consent,"
        " at any time; refusing or withdrawing has no effect on lessons at school. Please"
        " ask the homeroom teacher if anything is unclear.",
    ),
    ConsentKind.TRIP: (
        "各位家长：\n\n"
        "学校将组织学生参加下面这次职业体验。时间、地点和带队教师如下，路线和费用见学校通知。\n\n"
        "开课单位只在体验前三天至体验后七天内看到参加学生的姓名，用于签到和安全管理。孩子行动、饮"
        "食方面需要照顾的，请您写在下面，只有当天的指导教师能看到，体验结束七天后删除。\n\n"
        "您可以在出行前撤回同意；不同意或撤回，不影响孩子在校学习。有疑问，请联系班主任。",
        "To parents and guardians,\n\n"
        "The school takes its students to the career experience named below. Time, place "
        "and accompanying teachers are given here, route and cost in the school's letter.\n\n"
        "The host sees the names of those who come only from three days before until "
        "seven days after the session, for the door and for safety. If your child needs "
        "help in moving or must not eat something, please say so below: only the "
        "instructor of the day sees it, and it is deleted seven days later.\n\n"
        "You may withdraw your consent before the trip; refusing or withdrawing has no "
        "effect on lessons at school. Please ask the homeroom teacher if anything is "
        "unclear.",
    ),
}
