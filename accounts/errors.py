"""The base of every refusal in the product, and those of this app."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
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

    def __init__(self, **facts: Any) -> None:
        super().__init__()
        self.facts = facts

    def __str__(self) -> str:
        return str(self.sentence) % self.facts


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
