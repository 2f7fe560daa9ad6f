"""How allauth signs people in here: its mails go through our outbox, its sentences are ours."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

import notifications.services

# allauth's name of a mail, and ours.
MAIL_KINDS = {"account/email/password_reset_key": "password_reset"}


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come by invitation, never by signing up."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("邮箱或密码不对。"),
        "invalid_login": _("邮箱或密码不对。"),
        "account_inactive": _("这个账号已停用。"),
        "too_many_login_attempts": _("密码错得太多，请过几分钟再试。"),
        "enter_current_password": _("现在的密码不对。"),
        "incorrect_password": _("密码不对。"),
        "rate_limited": _("请求太多，请过几分钟再试。"),
        "invalid_password_reset": _("这个链接已经用过或已过期。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:me")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """The mail as an outbox row, in the language of the person it is for."""
        user = context.get("user")
        with translation.override(user.language if user is not None else None):
            subject = render_to_string(f"{template_prefix}_subject.txt", context)
            body = render_to_string(f"{template_prefix}_message.txt", context)
        notifications.services.tell_address(
            address=email,
            kind=MAIL_KINDS[template_prefix],
            subject=subject,
            body=body.strip(),
            now=timezone.now(),
        )
