from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OrganisationKind(TextChoices):
    ALLIANCE = "alliance", _("联盟")
    VOCATIONAL_SCHOOL = "vocational_school", _("中等职业学校")
    ENTERPRISE = "enterprise", _("企业")
    EDUCATION_UNIT = "education_unit", _("其他教育单位")
    SCHOOL = "school", pgettext_lazy("organisation kind", "学校")


HOST_KINDS = (
    OrganisationKind.VOCATIONAL_SCHOOL,
    OrganisationKind.ENTERPRISE,
    OrganisationKind.EDUCATION_UNIT,
)


class SchoolKind(TextChoices):
    PUBLIC = "public", _("公办")
    PRIVATE = "private", _("民办")
    SPECIAL = "special", _("特殊教育")


class Stage(TextChoices):
    PRIMARY = "primary", _("小学")
    JUNIOR = "junior", _("初中")
    SENIOR = "senior", _("高中")


# First grade and last grade of each stage in Shanghai: primary 1-5, junior 6-9, senior 10-12.
STAGE_GRADES = {
    Stage.PRIMARY: (1, 5),
    Stage.JUNIOR: (6, 9),
    Stage.SENIOR: (10, 12),
}


class Role(TextChoices):
    SECRETARIAT = "secretariat", _("联盟秘书处")
    REVIEWER = "reviewer", _("审核专家")
    HOST_MANAGER = "host_manager", _("课程管理员")
    INSTRUCTOR = "instructor", _("指导教师")
    SCHOOL_COORDINATOR = "school_coordinator", _("学校管理员")
    TEACHER = "teacher", _("教师")


# Which roles a membership may have in an organisation of each kind.
ROLES_BY_KIND = {
    OrganisationKind.ALLIANCE: (Role.SECRETARIAT, Role.REVIEWER),
    OrganisationKind.VOCATIONAL_SCHOOL: (Role.HOST_MANAGER, Role.INSTRUCTOR),
    OrganisationKind.ENTERPRISE: (Role.HOST_MANAGER, Role.INSTRUCTOR),
    OrganisationKind.EDUCATION_UNIT: (Role.HOST_MANAGER, Role.INSTRUCTOR),
    OrganisationKind.SCHOOL: (Role.SCHOOL_COORDINATOR, Role.TEACHER),
}

# The role that may invite and remove people of its own organisation.
MANAGING_ROLES = (Role.SECRETARIAT, Role.HOST_MANAGER, Role.SCHOOL_COORDINATOR)


class ActorKind(TextChoices):
    MEMBERSHIP = "membership", _("成员")
    BADGE = "badge", _("胸牌")
    SYSTEM = "system", _("系统")


class Language(TextChoices):
    ZH = "zh-hans", "简体中文"
    EN = "en", "English"


# What the audit page calls an entry. A verb without a word here is shown as it is.
VERBS = {
    "organisation.founded": _("新建单位"),
    "organisation.edited": _("修改单位"),
    "membership.added": _("加入成员"),
    "membership.ended": _("结束成员身份"),
    "invitation.sent": _("发出邀请"),
    "invitation.resent": _("重新发送邀请"),
    "invitation.withdrawn": _("撤回邀请"),
    "invitation.accepted": _("接受邀请"),
    "token.issued": _("生成密钥"),
    "token.revoked": _("停用密钥"),
    "person.edited": _("修改个人资料"),
    "person.language_chosen": _("选择语言"),
    "mail.retried": _("重新发送邮件"),
    "names.read": _("查看学生姓名"),
    "site.added": _("新建基地"),
    "site.edited": _("修改基地"),
    "site.rated": _("评定星级"),
    "room.added": _("新建实训室"),
    "room.edited": _("修改实训室"),
    "room.closed": _("停用实训室一段时间"),
    "room.reopened": _("恢复实训室"),
    "class.created": _("新建班级"),
    "class.teacher_assigned": _("安排任课教师"),
    "class.teacher_released": _("取消任课教师"),
    "students.added": _("加入学生"),
    "student.edited": _("修改学生"),
    "student.removed": _("移出班级"),
    "course.started": _("新写课程"),
    "course.edited": _("修改课程"),
    "course.submitted": _("提交审核"),
    "course.taken_back": _("撤回送审"),
    "course.version_started": _("开始新版本"),
    "course.withdrawn": _("下架课程"),
    "review.approved": _("审核通过"),
    "review.returned": _("审核退回修改"),
    "season.set": _("设置预约季"),
    "requirement.set": _("设置学时要求"),
    "session.opened": _("开设场次"),
    "session.changed": _("修改场次"),
    "session.cancelled": _("取消场次"),
    "session_set.opened": _("开设连排"),
    "reservation.made": _("提交预约"),
    "booking.changed": _("修改预约"),
    "change.asked": _("申请修改预约"),
    "change.accepted": _("同意修改申请"),
    "change.declined": _("没有同意修改申请"),
    "change.withdrawn": _("撤回修改申请"),
    "booking.cancelled": _("取消预约"),
    "place.swapped": _("换一名学生"),
    "place.walked_in": _("现场加入学生"),
    "badge.issued": _("发放胸牌"),
    "badges.issued": _("发放全班胸牌"),
    "badge.revoked": _("停用胸牌"),
    "desk.opened": _("打开签到台"),
    "desk.closed": _("关闭签到台"),
    "desk.reopened": _("重开签到台"),
    "attendance.in": _("签到"),
    "attendance.out": _("签退"),
    "attendance.absent": _("记为缺席"),
    "attendance.excused": _("记为请假"),
    "attendance.voided": _("撤销签到"),
    "attendance.rest_admitted": _("其余记为已到"),
    "hours.credited": _("记入学时"),
    "hours.reversed": _("冲销学时"),
}
