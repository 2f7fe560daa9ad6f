"""The base of every refusal in the product, and those of this app."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):  # noqa: N818 (the refusal itself names it)
    """A rule said no. ``code`` is stable, ``str()`` is a sentence fit for a teacher in the
    active language, ``facts`` are the values it names.

    ``kind`` says how an edge answers: NOT_NOW (the same request may succeed later or with
    other values), NOT_ALLOWED (this actor never may), NOT_FOUND (not the actor's to see),
    INVALID (the input itself cannot be right).
    """

    NOT_NOW: ClassVar[str] = "not_now"
    NOT_ALLOWED: ClassVar[str] = "not_allowed"
    NOT_FOUND: ClassVar[str] = "not_found"
    INVALID: ClassVar[str] = "invalid"

    code: ClassVar[str] = "refused"
    kind: ClassVar[str] = NOT_NOW
    sentence: ClassVar[str | Promise] = _("现在不能这样做。")
    # Why in a few words, where a list has room for no more; else the sentence.
    short: ClassVar[str | Promise] = ""

    # Of several things that were asked for at once, the one that was refused.
    about: object = None

    def __init__(self, **facts: Any) -> None:
        super().__init__()
        self.facts = facts

    def __str__(self) -> str:
        return str(self.sentence) % self.facts

    @property
    def brief(self) -> str:
        return str(self.short) % self.facts if self.short else str(self)


@contextmanager
def refused_about(thing: object) -> Iterator[None]:
    """Whatever is refused within is ``about`` the thing, unless it is about another already."""
    try:
        yield
    except Refusal as refusal:
        refusal.about = refusal.about or thing
        raise


class AccountsRefusal(Refusal):
    """Base of the refusals of people and memberships."""


class NotAllowed(AccountsRefusal):
    code = "not_allowed"
    kind = Refusal.NOT_ALLOWED
    sentence = _("您的身份不能做这件事。")


class NotYours(AccountsRefusal):
    """The thing exists or not: the actor must not be able to tell."""

    code = "not_found"
    kind = Refusal.NOT_FOUND
    sentence = _("没有找到，或不属于您的单位。")


class NoMembership(AccountsRefusal):
    code = "no_membership"
    kind = Refusal.NOT_ALLOWED
    sentence = _("您的账号目前不属于任何单位。请单位的管理员发一封邀请。")


class WrongRole(AccountsRefusal):
    """The page belongs to other roles than the actor's."""

    code = "wrong_role"
    kind = Refusal.NOT_ALLOWED
    sentence = _("您现在的身份是%(organisation)s的%(role)s，不能看这个页面。")


class RoleNotInOrganisation(AccountsRefusal):
    code = "role_not_in_organisation"
    kind = Refusal.INVALID
    sentence = _("%(organisation)s没有“%(role)s”这个身份。")


class AlreadyMember(AccountsRefusal):
    code = "already_member"
    sentence = _("%(email)s已经是%(organisation)s的%(role)s。")


class AlreadyInvited(AccountsRefusal):
    code = "already_invited"
    sentence = _("已经邀请过%(email)s，邀请还有效。可以重新发送。")


class InvitationUnknown(AccountsRefusal):
    code = "invitation_unknown"
    kind = Refusal.NOT_FOUND
    sentence = _("这个邀请链接不完整，或者已被新的邮件代替。请打开最近一封邀请邮件里的链接。")


class InvitationExpired(AccountsRefusal):
    code = "invitation_expired"
    sentence = _("这份邀请已经过期。请%(organisation)s的管理员重新发送。")


class InvitationUsed(AccountsRefusal):
    code = "invitation_used"
    sentence = _("这份邀请已经用过。请直接登录。")


class InvitationWithdrawn(AccountsRefusal):
    code = "invitation_withdrawn"
    sentence = _("这份邀请已被撤回。如有疑问，请联系%(organisation)s的管理员。")


class InvitationForAnother(AccountsRefusal):
    code = "invitation_for_another"
    kind = Refusal.NOT_ALLOWED
    sentence = _("这份邀请是发给另一个邮箱的。请先退出登录，再打开邀请链接。")


class SignInToAccept(AccountsRefusal):
    code = "sign_in_to_accept"
    sentence = _("这个邮箱已有账号。请先登录，再接受邀请。")


class LastManager(AccountsRefusal):
    code = "last_manager"
    sentence = _("%(organisation)s只有这一位“%(role)s”。请先邀请另一位，再结束这一位。")


class MembershipEnded(AccountsRefusal):
    code = "membership_ended"
    sentence = _("这个身份已经结束。")


class OrganisationInactive(AccountsRefusal):
    code = "organisation_inactive"
    sentence = _("%(organisation)s已停用，不能再加人。")


class NameTaken(AccountsRefusal):
    code = "organisation_name_taken"
    sentence = _("已有名为“%(name)s”的单位。")


class OneAlliance(AccountsRefusal):
    code = "one_alliance"
    sentence = _("联盟只有一个，已经建好了。")


class StagesMissing(AccountsRefusal):
    code = "stages_missing"
    kind = Refusal.INVALID
    sentence = _("学校请至少选一个学段。")


class PasswordRefused(AccountsRefusal):
    """The password is too weak; ``reasons`` are sentences."""

    code = "password_refused"
    kind = Refusal.INVALID
    sentence = _("%(reasons)s")


class TokenRevoked(AccountsRefusal):
    code = "token_revoked"
    sentence = _("这个密钥已经停用。")


class PersonaUnknown(AccountsRefusal):
    code = "persona_unknown"
    kind = Refusal.NOT_FOUND
    sentence = _("没有这位演示人员。")
