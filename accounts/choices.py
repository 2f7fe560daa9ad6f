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
    "names.exported": _("导出学生姓名"),
    "student.exported": _("导出一名学生的全部数据"),
    "student.erased": _("删除学生个人数据"),
    "retention.ran": _("到期数据清理"),
    "keys.rotated": _("更换加密密钥"),
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
    "import.started": _("上传学生名单"),
    "import.answered": _("回答导入的问题"),
    "import.refused": _("没有导入名单"),
    "import.confirmed": _("导入学生名单"),
    "import.dropped": _("放弃导入"),
    "import.expired": _("导入过期"),
    "import.undone": _("撤销导入"),
    "student.moved": _("换班"),
    "student.transferred": _("转入学生"),
    "student.merged": _("合并重复的学生"),
    "class.archived": _("班级毕业归档"),
    "class.restored": _("恢复归档的班级"),
    "transfer.asked": _("请求转学"),
    "transfer.withdrawn": _("撤回转学"),
    "transfer.declined": _("退回转学"),
    "transfer.accepted": _("接收转学"),
    "school.settings_set": _("修改学校设置"),
    "phone.kept": _("保存监护人电话"),
    "phone.deleted": _("删除监护人电话"),
    "phone.read": _("查看监护人电话"),
    "needs.set": _("修改学生需要"),
    "needs.read": _("查看学生需要"),
    "needs.forgotten": _("删除到期的学生需要"),
    "consent_text.published": _("发布同意书"),
    "consents.recorded": _("记下同意书"),
    "consents.withdrawn": _("撤回同意书"),
    "places.released": _("放出名额"),
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
    "session.people_named": _("安排场次教师"),
    "session.cancelled": _("取消场次"),
    "session_set.opened": _("开设连排"),
    "reservation.made": _("提交预约"),
    "reservation.taken_back": _("撤回方案时取消预约"),
    "wishes.said": _("填写班级志愿"),
    "plan.asked": _("计算统筹方案"),
    "plan.found": _("统筹方案算好"),
    "plan.failed": _("统筹方案没有算成"),
    "plan.cancelled": _("停止计算统筹方案"),
    "plan.dropped": _("放弃统筹方案"),
    "plan.publishing": _("发布统筹方案"),
    "plan.published": _("统筹方案发布完成"),
    "plan.class_refused": _("统筹方案没有约成一个班"),
    "plan.undoing": _("撤回统筹方案"),
    "plan.undone": _("统筹方案撤回完成"),
    "booking.changed": _("修改预约"),
    "change.asked": _("申请修改预约"),
    "change.accepted": _("同意修改申请"),
    "change.declined": _("没有同意修改申请"),
    "change.withdrawn": _("撤回修改申请"),
    "change.expired": _("修改申请过期"),
    "booking.cancelled": _("取消预约"),
    "booking.swap_started": _("开始换场次，保留名额"),
    "booking.swapped": _("换场次"),
    "booking.swap_given_up": _("放弃换场次"),
    "booking.no_show": _("登记没有人到场的原因"),
    "feed.made": _("生成日历订阅"),
    "feed.revoked": _("停用日历订阅"),
    "companions.named": _("填写带队教师"),
    "place.swapped": _("换一名学生"),
    "place.walked_in": _("现场加入学生"),
    "place.walk_in_taken_back": _("撤销现场加入"),
    "badge.issued": _("发放胸牌"),
    "badges.issued": _("发放全班胸牌"),
    "badge.revoked": _("停用胸牌"),
    "badges.revoked": _("停用全班胸牌"),
    "badges.printed": _("打印胸牌"),
    "record.layout_set": _("设置导出的列"),
    "record.exported": _("导出实践记录"),
    "certificates.issued": _("签发证书"),
    "certificate.revoked": _("作废证书"),
    "certificates.revoked": _("作废学生的全部证书"),
    "device.registered": _("登记签到设备"),
    "device.revoked": _("停用签到设备"),
    "desk.opened": _("打开签到台"),
    "desk.closed": _("关闭签到台"),
    "desk.reopened": _("重开签到台"),
    "attendance.in": _("签到"),
    "attendance.out": _("签退"),
    "attendance.absent": _("记为缺席"),
    "attendance.excused": _("记为请假"),
    "attendance.voided": _("撤销签到"),
    "attendance.rest_admitted": _("其余记为已到"),
    "rules.added": _("新加到场规则"),
    "rules.withdrawn": _("撤回到场规则"),
    "attendance.class_in": _("全班签到"),
    "attendance.class_out": _("全班签退"),
    "room_code.put_up": _("打开屏幕签到"),
    "room_code.taken_down": _("关闭屏幕签到"),
    "attendance.synced": _("设备补传签到"),
    "conflict.accepted": _("记入补传的签到"),
    "conflict.dropped": _("不记补传的签到"),
    "hours.credited": _("记入学时"),
    "hours.reversed": _("冲销学时"),
    "hours.carried_over": _("学时并入"),
    "hours.proposed": _("申请补记或更正学时"),
    "hours.proposal_confirmed": _("同意补记或更正学时"),
    "hours.proposal_refused": _("没有同意补记或更正学时"),
    "hours.proposal_withdrawn": _("撤回补记或更正申请"),
    "notice.started": _("开始学时公示"),
    "objection.made": _("对学时提出异议"),
    "objection.upheld": _("学时异议成立"),
    "objection.dismissed": _("学时异议不成立"),
    "period.locked": _("锁定学时"),
    "period.reopened": _("重新开放学时"),
}

# What the audit page calls the thing of an entry, by the model's label.
TARGETS = {
    "accounts.apitoken": pgettext_lazy("singular", "密钥"),
    "accounts.invitation": pgettext_lazy("singular", "邀请"),
    "accounts.membership": pgettext_lazy("singular", "成员"),
    "accounts.organisation": pgettext_lazy("singular", "单位"),
    "accounts.user": pgettext_lazy("singular", "人员"),
    "attendance.badge": pgettext_lazy("singular", "胸牌"),
    "attendance.attendanceruleset": pgettext_lazy("singular", "到场规则"),
    "attendance.certificate": pgettext_lazy("singular", "证书"),
    "attendance.hourproposal": pgettext_lazy("singular", "补记申请"),
    "attendance.objection": pgettext_lazy("singular", "异议"),
    "attendance.publicnotice": pgettext_lazy("singular", "学时公示"),
    "attendance.conflict": pgettext_lazy("singular", "待定的签到"),
    "attendance.desk": pgettext_lazy("singular", "签到台"),
    "attendance.device": pgettext_lazy("singular", "签到设备"),
    "bookings.booking": pgettext_lazy("singular", "预约"),
    "bookings.reservation": pgettext_lazy("singular", "预约单"),
    "bookings.place": pgettext_lazy("singular", "名额"),
    "courses.course": pgettext_lazy("singular", "课程"),
    "courses.courseversion": pgettext_lazy("singular", "课程版本"),
    "courses.coursesession": pgettext_lazy("singular", "场次"),
    "courses.season": pgettext_lazy("singular", "预约季"),
    "courses.sessionset": pgettext_lazy("singular", "连排"),
    "insights.recordlayout": pgettext_lazy("singular", "导出的列"),
    "hours.hourcredit": pgettext_lazy("singular", "学时记录"),
    "hours.periodlock": pgettext_lazy("singular", "学时锁定"),
    "hours.practicumrequirement": pgettext_lazy("singular", "学时要求"),
    "notifications.delivery": pgettext_lazy("singular", "邮件"),
    "rosters.classgroup": pgettext_lazy("singular", "班级"),
    "rosters.consenttext": pgettext_lazy("singular", "同意书"),
    "rosters.rosterimport": pgettext_lazy("singular", "名单导入"),
    "rosters.schoolsettings": pgettext_lazy("singular", "学校设置"),
    "rosters.student": pgettext_lazy("singular", "学生"),
    "rosters.studentneed": pgettext_lazy("singular", "学生需要"),
    "rosters.studenttransfer": pgettext_lazy("singular", "转学"),
    "sites.room": pgettext_lazy("singular", "实训室"),
    "sites.roomhold": pgettext_lazy("singular", "停用"),
    "sites.site": pgettext_lazy("singular", "基地"),
}

# For what names were read. A code without words here is shown as it is.
READINGS = {
    "class_page": _("看全班学时"),
    "student_page": _("看一名学生的学时"),
    "plan_class": _("看方案里一个班的名单"),
    "class_export": _("导出学时表"),
    "roster_export": _("导出班级名单"),
    "class_edit": _("维护班级名单"),
    "student_edit": _("修改学生信息"),
    "student_data": _("查看学生数据"),
    "student_export": _("导出学生数据"),
    "badges": _("看胸牌发放情况"),
    "badge_sheet": _("打印胸牌"),
    "badge_reissue": _("补发胸牌"),
    "certificates": _("看证书签发情况"),
    "certificate_sheet": _("打印证书"),
    "certificate_revoke": _("作废证书"),
    "sign_in_sheet": _("打印签到表"),
    "record_preview": _("看导出前的检查"),
    "record_export": _("导出学时记录"),
    "desk": _("场次签到"),
    "desk_place": _("签到台上看一名学生"),
    "hour_proposals": _("复核补记的学时"),
    "class_at_door": _("签到台上看一个班"),
    "pack": _("签到设备带走名单（姓名打码）"),
    "conflicts": _("处理补传的签到"),
    "session_names": _("看场次名单"),
    "day_print": _("打印当天名单"),
    "reserve_form": _("填写预约"),
    "booking": _("看预约单"),
    "booking_change": _("修改预约学生"),
    "split_form": _("给班级分组"),
    "booking_print": _("打印出行名单"),
    "api_booking": _("接口读取预约"),
    "api_desk": _("接口签到"),
    "secretariat": _("秘书处查看"),
    "phone_emergency": _("看监护人电话：学生身体不适或受伤"),
    "phone_trip": _("看监护人电话：通知行程变化"),
    "phone_check": _("看监护人电话：核对号码"),
    "student_search": _("查找学生"),
    "student_move": _("学生换班"),
    "student_merge": _("合并重复的学生"),
    "transfers": _("看转学"),
    "transfer_ask": _("请求转学"),
    "transfer_accept": _("接收转学"),
    "class_consents": _("登记全班同意书"),
    "trip_consents": _("登记出行同意书"),
    "import_preview": _("看导入预览"),
    "import_copy": _("下载标注的名单"),
    "import_api": _("接口读取导入"),
    "notice": _("处理学时异议"),
    "notice_print": _("打印学时公示单"),
}
