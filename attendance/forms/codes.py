"""Codes that are typed: of a badge, a screen, a certificate."""

from django import forms
from django.utils.translation import gettext_lazy as _


class CodeInput(forms.TextInput):
    """A line for a code, which a phone is not to correct, complete or remember."""

    def __init__(self) -> None:
        super().__init__(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        )


class BadgeCodeField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("胸牌码（16 个字符）"),
            max_length=200,
            error_messages={"required": _("请输入胸牌上的 16 个字符。")},
            widget=CodeInput,
        )


class BadgeForm(forms.Form):
    """A student or guardian looks up what a badge is good for."""

    code = BadgeCodeField()
    student_no = forms.CharField(
        label=_("学号"),
        max_length=20,
        required=False,
        help_text=_("填了学号，还能看到地点和时间。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class RoomCodeForm(forms.Form):
    """The six characters on the room's screen."""

    code = forms.CharField(
        label=_("屏幕上的六位码"),
        max_length=40,
        error_messages={"required": _("请输入屏幕上的六位码。")},
        widget=CodeInput,
    )


class RoomBadgeForm(forms.Form):
    """Whose badge it is that comes in by the room's code, and by which opening of the page."""

    ticket = forms.CharField(max_length=400, widget=forms.HiddenInput)
    badge = BadgeCodeField()


class CertificateForm(forms.Form):
    """Somebody asks whether a certificate is good."""

    code = forms.CharField(
        label=_("证书编号（16 个字符）"),
        max_length=200,
        error_messages={"required": _("请输入证书上的 16 个字符。")},
        widget=CodeInput,
    )


class OwnHoursForm(forms.Form):
    """A student or guardian looks up her hours in the public notice, and may object to them."""

    code = BadgeCodeField()
    student_no = forms.CharField(
        label=_("学号"),
        max_length=20,
        error_messages={"required": _("请输入学号。")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
