"""The data map: what is known of people, why, who sees it and for how long.

Each app that stores something of a person lists it in its own ``data_map.py``, beside its models;
``insights.selectors.data_map`` puts the lists together, and a test holds them complete. What lies
below this app (notifications, the parts that come from packages) is listed here.
"""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Person(TextChoices):
    """Whom a piece of data concerns."""

    STUDENT = "student", _("学生")
    GUARDIAN = "guardian", _("监护人")
    STAFF = "staff", _("学校、开课单位和秘书处的工作人员")


class Basis(TextChoices):
    """On which ground it is stored: a duty, a consent, or the work of the people concerned."""

    DUTY = (
        "duty",
        _(
            "法定职责：学校组织校外实践（个人信息保护法第十三条第三项、第三十四条）；"
            "一律按未满十四周岁保护（第二十八条、第三十一条）"
        ),
    )
    RECORD = (
        "record",
        _(
            "法定职责：如实记录校外实践（上海市中小学校外实践教育促进规定第十四条）；"
            "一律按未满十四周岁保护（个人信息保护法第二十八条、第三十一条）"
        ),
    )
    CONSENT = (
        "consent",
        _("同意：监护人同意后才保存，可以随时撤回（个人信息保护法第二十九条、第三十一条）"),
    )
    WORK = "work", _("工作需要：履行岗位职责所必需（个人信息保护法第十三条第二项）")
    LOG = (
        "log",
        _(
            "法定职责：访问未成年人信息须留记录（未成年人网络保护条例第三十六条），"
            "日志至少保存六个月（网络安全法）"
        ),
    )
    PUBLIC = "public", _("法定职责：场所信息列入名录（上海市中小学校外实践教育促进规定第十一条）")


class Term(TextChoices):
    """How long it is kept. Those in ``DAYS_KEPT`` are ended by ``manage.py retain``."""

    GRADUATION = "graduation", _("毕业满一年后删除，只留编号")
    NEED = "need", _("之后的场次结束 7 天后删除")
    IMPORT = "import", _("确认或退回时立即删除，最长 1 小时")
    UNDO = "undo", _("导入 30 天后删除")
    BADGE = "badge", _("作废 30 天后删除")
    BASKET = "basket", _("场次结束当晚删除")
    ANSWER = "answer", _("1 天后删除")
    LIST = "list", _("场次结束 30 天后删除")
    TRIP = "trip", _("场次结束 365 天后删除")
    MESSAGE = "message", _("365 天后删除")
    INVITATION = "invitation", _("接受、撤回或过期 90 天后删除")
    SIGN_IN = "sign_in", _("登录后最长 14 天")
    NUMBERED = "numbered", _("长期保存；姓名删除后只对应编号")
    TRAIL = "trail", _("长期保存，不能修改或删除，不含学生姓名")
    WORDS = "words", _("写明某个学生学时的，随其姓名删除；其余长期保存，不能修改，不含学生姓名")
    ACCOUNT = "account", _("账号存续期间；以后作为操作记录的署名保存")
    CONTACT = "contact", _("由本单位随时修改或清空")


# After how many days each term is over; graduation is counted in years from the class's own.
DAYS_KEPT = {
    Term.GRADUATION: 365,
    Term.NEED: 7,
    Term.IMPORT: 0,
    Term.UNDO: 30,
    Term.BADGE: 30,
    Term.BASKET: 0,
    Term.ANSWER: 1,
    Term.LIST: 30,
    Term.TRIP: 365,
    Term.MESSAGE: 365,
    Term.INVITATION: 90,
    Term.SIGN_IN: 14,
}


@dataclass(frozen=True, slots=True)
class PersonalField:
    """One line of the map: fields of one kind, ``app.Model.field``, stored for one purpose."""

    fields: tuple[str, ...]
    what: str | Promise
    person: Person
    purpose: str | Promise
    basis: Basis
    seen_by: str | Promise
    kept: Term


@dataclass(frozen=True, slots=True)
class Impersonal:
    """Fields that say nothing of a person, and why not."""

    fields: tuple[str, ...]
    why: str


OWN_AND_MANAGERS = _("本人，本单位管理员，秘书处")
OWN = _("本人")
KEEPERS_OF_MACHINES = _("只有系统管理员")

# Every foreign key to a membership or a person says who did something; they are one line.
REFERENCES = PersonalField(
    fields=("accounts.Membership", "accounts.User"),
    what=_("每条记录的经手人"),
    person=Person.STAFF,
    purpose=_("知道谁做了什么，出错时可以核对"),
    basis=Basis.WORK,
    seen_by=_("看得到这条记录的人"),
    kept=Term.TRAIL,
)

PERSONAL = (
    PersonalField(
        fields=(
            "accounts.User.email",
            "accounts.User.name",
            "accounts.User.phone",
            "account.EmailAddress.email",
        ),
        what=_("姓名、邮箱、电话"),
        person=Person.STAFF,
        purpose=_("登录、署名、带队时联系"),
        basis=Basis.WORK,
        seen_by=OWN_AND_MANAGERS,
        kept=Term.ACCOUNT,
    ),
    PersonalField(
        fields=(
            "accounts.User.password",
            "accounts.User.last_login",
            "accounts.User.language",
            "accounts.User.joined_at",
            "accounts.User.is_active",
            "accounts.User.is_staff",
            "accounts.User.is_superuser",
            "account.EmailAddress.verified",
            "account.EmailAddress.primary",
        ),
        what=_("登录信息：密码的摘要、上次登录、语言"),
        person=Person.STAFF,
        purpose=_("登录和显示语言"),
        basis=Basis.WORK,
        seen_by=KEEPERS_OF_MACHINES,
        kept=Term.ACCOUNT,
    ),
    PersonalField(
        fields=("accounts.ApiToken.label",),
        what=_("接口密钥的用途"),
        person=Person.STAFF,
        purpose=_("知道哪个程序在用"),
        basis=Basis.WORK,
        seen_by=OWN,
        kept=Term.ACCOUNT,
    ),
    PersonalField(
        fields=("accounts.Invitation.email", "accounts.Invitation.name"),
        what=_("受邀人的邮箱和姓名"),
        person=Person.STAFF,
        purpose=_("寄出邀请"),
        basis=Basis.WORK,
        seen_by=_("本单位管理员，秘书处"),
        kept=Term.INVITATION,
    ),
    PersonalField(
        fields=("accounts.Organisation.contact_name", "accounts.Organisation.contact_phone"),
        what=_("单位联系人和电话"),
        person=Person.STAFF,
        purpose=_("有事时能找到人"),
        basis=Basis.WORK,
        seen_by=_("联盟各单位的成员"),
        kept=Term.CONTACT,
    ),
    PersonalField(
        fields=("accounts.AuditEntry.reason",),
        what=_("查看姓名、申请学时、重新打开签到的原因，答复，人数对不上的原因"),
        person=Person.STAFF,
        purpose=_("学校能核对为什么看过学生姓名，学时为什么改过"),
        basis=Basis.LOG,
        seen_by=_("被查看学生的学校管理员，秘书处"),
        kept=Term.WORDS,
    ),
    PersonalField(
        fields=("accounts.AuditEntry.address",),
        what=_("操作时的网络地址"),
        person=Person.STAFF,
        purpose=_("学校能核对谁从哪里看过学生姓名"),
        basis=Basis.LOG,
        seen_by=_("被查看学生的学校管理员，秘书处"),
        kept=Term.TRAIL,
    ),
    PersonalField(
        fields=("accounts.AuditEntry.facts", "accounts.AuditEntry.target"),
        what=_("操作记录里的学生编号"),
        person=Person.STUDENT,
        purpose=_("学校和本人能核对谁看过学生的姓名"),
        basis=Basis.LOG,
        seen_by=_("本校管理员，秘书处"),
        kept=Term.TRAIL,
    ),
    PersonalField(
        fields=(
            "notifications.Message.subject",
            "notifications.Message.body",
            "notifications.Message.path",
            "notifications.Message.calendar",
            "notifications.Message.once_key",
            "notifications.Delivery.address",
            "notifications.Delivery.last_error",
        ),
        what=_("收到的消息和收件邮箱"),
        person=Person.STAFF,
        purpose=_("告诉本人预约、场次和账号的变化；不含学生姓名"),
        basis=Basis.WORK,
        seen_by=OWN,
        kept=Term.MESSAGE,
    ),
    PersonalField(
        fields=("sessions.Session.session_data", "sessions.Session.session_key"),
        what=_("登录状态"),
        person=Person.STAFF,
        purpose=_("保持登录"),
        basis=Basis.WORK,
        seen_by=KEEPERS_OF_MACHINES,
        kept=Term.SIGN_IN,
    ),
    PersonalField(
        fields=("admin.LogEntry.object_repr", "admin.LogEntry.change_message"),
        what=_("系统管理员在后台的操作"),
        person=Person.STAFF,
        purpose=_("出错时可以核对；后台按编号显示学生"),
        basis=Basis.WORK,
        seen_by=KEEPERS_OF_MACHINES,
        kept=Term.TRAIL,
    ),
)

IMPERSONAL = (
    Impersonal(
        (
            "accounts.Organisation.name",
            "accounts.Organisation.short_name",
            "accounts.Organisation.name_en",
            "accounts.Organisation.stages",
            "accounts.Organisation.address",
        ),
        "an organisation is not a person",
    ),
    Impersonal(
        ("accounts.Invitation.token_digest", "accounts.ApiToken.digest"),
        "the digest of a random secret",
    ),
    Impersonal(
        ("accounts.AuditEntry.verb", "notifications.Message.kind"), "a code from a list of ours"
    ),
    Impersonal(
        (
            "account.EmailConfirmation.key",
            "auth.Group.name",
            "auth.Permission.codename",
            "auth.Permission.name",
            "contenttypes.ContentType.app_label",
            "contenttypes.ContentType.model",
        ),
        "names of parts of the software, or a table that is never written",
    ),
    Impersonal(("admin.LogEntry.object_id",), "the key of a row"),
    Impersonal(
        (
            "django_q.OrmQ.key",
            "django_q.OrmQ.payload",
            "django_q.Schedule.args",
            "django_q.Schedule.cluster",
            "django_q.Schedule.cron",
            "django_q.Schedule.func",
            "django_q.Schedule.hook",
            "django_q.Schedule.intended_date_kwarg",
            "django_q.Schedule.kwargs",
            "django_q.Schedule.name",
            "django_q.Schedule.repeats",
            "django_q.Schedule.task",
            "django_q.Task.args",
            "django_q.Task.attempt_count",
            "django_q.Task.cluster",
            "django_q.Task.func",
            "django_q.Task.group",
            "django_q.Task.hook",
            "django_q.Task.id",
            "django_q.Task.kwargs",
            "django_q.Task.name",
            "django_q.Task.result",
        ),
        "tasks take and return keys and counts; the planted name is searched for in them",
    ),
)
