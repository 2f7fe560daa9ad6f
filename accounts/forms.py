"""Input about people, checked for shape."""

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.utils.translation import gettext_lazy as _

from .choices import ROLES_BY_KIND, Language, OrganisationKind, Role, SchoolKind, Stage
from .models import Organisation
from .phones import check_phone


class SignInForm(allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("邮箱")
        self.fields["password"].label = _("密码")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("邮箱")
        self.fields["email"].widget.attrs.pop("placeholder", None)


class NewPasswordForm(allauth_forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("新密码")
        self.fields["password1"].help_text = _("至少 8 个字符，不要全是数字。")
        self.fields["password2"].label = _("再输一遍新密码")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class ChangePasswordForm(allauth_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("现在的密码")
        self.fields["oldpassword"].help_text = ""
        self.fields["password1"].label = _("新密码")
        self.fields["password1"].help_text = _("至少 8 个字符，不要全是数字。")
        self.fields["password2"].label = _("再输一遍新密码")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class InviteForm(forms.Form):
    """Whom to invite, in one of the roles of the organisation's kind."""

    email = forms.EmailField(label=_("邮箱"), max_length=254)
    name = forms.CharField(label=_("姓名"), max_length=60, required=False)
    role = forms.ChoiceField(label=_("身份"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, kind: OrganisationKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = ROLES_BY_KIND[kind]
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class AcceptForm(forms.Form):
    """A new person's name and password."""

    name = forms.CharField(label=_("姓名"), max_length=60)
    password = forms.CharField(
        label=_("设一个密码"),
        help_text=_("至少 8 个字符，不要全是数字。"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("姓名"), max_length=60)
    phone = forms.CharField(
        label=_("电话"),
        max_length=30,
        required=False,
        validators=[check_phone],
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    language = forms.ChoiceField(
        label=_("页面和邮件的语言"), choices=Language.choices, widget=forms.RadioSelect
    )


class TokenForm(forms.Form):
    label = forms.CharField(label=_("用途"), max_length=60, help_text=_("例如：校务系统"))


class OrganisationForm(forms.ModelForm):
    """An organisation's facts; the kind is chosen once, when it is founded."""

    stages = forms.MultipleChoiceField(
        label=_("学段"),
        choices=Stage.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("只有学校需要。"),
    )

    class Meta:
        model = Organisation
        fields = (
            "kind",
            "name",
            "short_name",
            "name_en",
            "stages",
            "school_kind",
            "address",
            "contact_name",
            "contact_phone",
            "is_active",
        )
        labels = {"is_active": _("在用")}
        help_texts = {
            "short_name": _("页面上常用的叫法。"),
            "is_active": _("停用后，这个单位的人立即不能进入。"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            del self.fields["is_active"]
            kinds = [kind for kind in OrganisationKind if kind != OrganisationKind.ALLIANCE]
            self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        else:
            del self.fields["kind"]
        self.initial.setdefault("stages", self.instance.stages)
        self.fields["contact_phone"].validators.append(check_phone)
        self.fields["school_kind"] = forms.ChoiceField(
            label=self.fields["school_kind"].label,
            choices=[("", _("未注明")), *SchoolKind.choices],
            required=False,
            help_text=_("只有学校需要。"),
        )

    def clean_school_kind(self) -> str:
        """Only a school has one: whatever else was chosen says nothing."""
        kind = self.cleaned_data.get("kind") or self.instance.kind
        return str(self.cleaned_data["school_kind"]) if kind == OrganisationKind.SCHOOL else ""

    def clean_stages(self) -> list[Stage]:
        return [Stage(stage) for stage in self.cleaned_data["stages"]]

    def validate_unique(self) -> None:
        """Whether the name is free is the service's to say, in its own sentence."""
