"""What comes to the door, checked for shape."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings import wording
from courses.choices import ReasonCode
from courses.models import CourseSession
from hours.models import PracticumRequirement
from rosters.models import ClassGroup, Student
from rosters.parsing.cells import STUDENT_NO
from sites.calendar import local_day
from sites.dates import check_day

from .choices import (
    FIRST_EDITION,
    MOST_HOURS_BY_HAND,
    Earns,
    EventKind,
    NoBadge,
    ProposalKind,
    WayIn,
)
from .models import AttendanceRuleSet


class CodeInput(forms.TextInput):
    """A line for a code, which a phone is not to correct, complete or remember."""

    def __init__(self) -> None:
        super().__init__(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        )


class ArrivalForm(forms.Form):
    """A scanned or typed code. The page makes the event's id, so that sending it twice is once."""

    code = forms.CharField(
        label=_("胸牌码"),
        max_length=200,
        widget=CodeInput,
    )
    event_id = forms.UUIDField(widget=forms.HiddenInput)
    way_in = forms.ChoiceField(
        choices=WayIn.choices, initial=WayIn.TYPED, required=False, widget=forms.HiddenInput
    )


class WalkInForm(forms.Form):
    """The badge of somebody on no list; the event's id comes once the person is sure."""

    code = forms.CharField(max_length=200)
    event_id = forms.UUIDField(required=False)


class TickForm(forms.Form):
    """A seat of the grid, and why the student has no badge to show."""

    no_badge = forms.ChoiceField(
        label=_("点座号签到的原因"),
        choices=NoBadge.choices,
        initial=NoBadge.NOT_SHOWN,
        required=False,
    )


class BadgeForm(forms.Form):
    """A student or guardian looks up what a badge is good for."""

    code = forms.CharField(
        label=_("胸牌码（16 个字符）"),
        max_length=200,
        error_messages={"required": _("请输入胸牌上的 16 个字符。")},
        widget=CodeInput,
    )
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
    badge = forms.CharField(
        label=_("胸牌码（16 个字符）"),
        max_length=200,
        error_messages={"required": _("请输入胸牌上的 16 个字符。")},
        widget=CodeInput,
    )


class CertificateForm(forms.Form):
    """Somebody asks whether a certificate is good."""

    code = forms.CharField(
        label=_("证书编号（16 个字符）"),
        max_length=200,
        error_messages={"required": _("请输入证书上的 16 个字符。")},
        widget=CodeInput,
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("原因"), max_length=200)


class CloseForm(forms.Form):
    """Whether as many left as came: everybody now, or so many as were counted, or why not; and
    that doubtful events wait longer."""

    leave_undecided = forms.BooleanField(required=False, widget=forms.HiddenInput)
    everybody_left = forms.BooleanField(required=False, widget=forms.HiddenInput)
    heads_out = forms.IntegerField(
        label=_("清点离开的学生人数"), min_value=0, max_value=999, required=False
    )
    heads_note = forms.CharField(label=_("对不上的原因"), max_length=200, required=False)

    def values(self) -> dict[str, Any]:
        """What ``services.desk.close_desk`` takes."""
        return {name: self.cleaned_data[name] for name in self.fields}


class DeviceForm(forms.Form):
    name = forms.CharField(
        label=_("设备名称"),
        max_length=40,
        help_text=_("写哪里用的，例如“门口平板”。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class DropForm(forms.Form):
    """Why a doubtful event does not count."""

    reason = forms.CharField(label=_("不记的原因"), max_length=200, required=False)


class ReplaceForm(ReasonForm):
    """What becomes of badges that are lost: new ones, or none for now."""

    then = forms.ChoiceField(
        label=_("作废以后"),
        choices=[("reissue", _("补发新胸牌")), ("revoke", _("暂不补发"))],
        initial="reissue",
        widget=forms.RadioSelect,
    )
    # The newest badge when the page was opened, 0 for none: sent twice, the form does it once.
    newest = forms.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, widget=forms.HiddenInput
    )


class MarkForm(forms.Form):
    kind = forms.ChoiceField(
        choices=[
            (kind.value, kind.label)
            for kind in (EventKind.OUT, EventKind.ABSENT, EventKind.EXCUSED, EventKind.VOID)
        ]
    )
    event_id = forms.UUIDField()


class ClassField(forms.ModelChoiceField):
    moment: Any = None

    def label_from_instance(self, obj: Any) -> str:
        return wording.class_name(obj, self.moment)


class AcceptForm(forms.Form):
    """Where a student who comes from another school goes."""

    class_group = ClassField(
        label=_("班级"), queryset=ClassGroup.objects.none(), empty_label=_("请选班级")
    )
    seat_no = forms.IntegerField(
        label=_("座号"),
        min_value=1,
        max_value=999,
        required=False,
        help_text=_("留空就排在最后一号。"),
    )
    student_no = forms.RegexField(
        rf"^{STUDENT_NO.pattern}$",
        label=_("本校学号"),
        required=False,
        error_messages={"invalid": _("学号只能是字母、数字和短横，最多 20 个，请勿填身份证号。")},
    )

    def __init__(self, *args: Any, classes: Any, moment: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["class_group"]
        field.queryset, field.moment = classes, moment  # type: ignore[attr-defined]


class DuplicateForm(forms.Form):
    """Which row is the same child."""

    duplicate = forms.ModelChoiceField(queryset=Student.objects.none())

    def __init__(self, *args: Any, candidates: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["duplicate"].queryset = candidates  # type: ignore[attr-defined]


class EraseForm(forms.Form):
    name = forms.CharField(
        label=_("学生姓名"), max_length=60, help_text=_("请照原样输入，确认没有选错人。")
    )


class DayForm(forms.Form):
    """Which day of the host to look at."""

    day = forms.DateField(label=_("日期"), validators=[check_day], widget=forms.DateInput)


class NoShowForm(forms.Form):
    """Why nobody of a class came."""

    code = forms.TypedChoiceField(
        label=_("原因"),
        choices=[("", _("请选择")), *ReasonCode.choices],
        coerce=ReasonCode,
        error_messages={"required": _("请选一个原因。")},
    )


class RuleSetForm(forms.ModelForm):
    """A new edition of the rule table; filled in with the last one."""

    class Meta:
        model = AttendanceRuleSet
        fields = (
            "valid_from",
            "opens_before_minutes",
            "late_minutes",
            "late_earns",
            "long_late_minutes",
            "long_late_earns",
            "early_minutes",
            "early_earns",
            "long_early_minutes",
            "long_early_earns",
            "note",
        )
        widgets = {"valid_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, last: AttendanceRuleSet | None, **kwargs: Any) -> None:
        first = FIRST_EDITION
        known = {
            "opens_before_minutes": first.opens_before.seconds // 60,
            "late_minutes": first.late[0].after.seconds // 60,
            "late_earns": first.late[0].earns,
            "early_minutes": first.early[0].after.seconds // 60,
            "early_earns": first.early[0].earns,
        }
        if last is not None:
            known = {
                name: getattr(last, name)
                for name in self.Meta.fields
                if name not in ("valid_from", "note")
            }
        super().__init__(*args, **{"initial": known, **kwargs})
        for name in self.fields:
            if name.endswith("_minutes"):
                field = self.fields[name]
                self.fields[name] = forms.IntegerField(
                    label=field.label, min_value=0, max_value=480, required=field.required
                )
            elif name.endswith("_earns") and name.startswith("long_"):
                self.fields[name] = forms.ChoiceField(
                    label=self.fields[name].label,
                    choices=[("", _("没有第二档")), *Earns.choices[1:]],
                    required=False,
                )
        self.fields["valid_from"].validators.append(check_day)

    def _post_clean(self) -> None:
        """The service says what is wrong with the whole; nothing is saved here."""

    def values(self) -> dict[str, Any]:
        """What ``services.rule_sets.add_edition`` takes."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def fingerprint(self) -> str:
        """The same for what was looked at and for what is added after it."""
        return " ".join(f"{value}" for name, value in self.values().items() if name != "note")


class ProposalForm(forms.Form):
    """Hours by hand: of a ``session``, missed and made up or not recorded, or of none."""

    kind = forms.ChoiceField(
        label=_("怎么回事"),
        choices=[
            (ProposalKind.MAKE_UP.value, _("补课：缺席或请假，后来补上了")),
            (ProposalKind.MANUAL.value, _("漏记：到了，但没有记上学时")),
        ],
        widget=forms.RadioSelect,
    )
    class_hours = forms.IntegerField(label=_("学时"), min_value=1)
    earned_on = forms.DateField(
        label=_("哪一天"),
        validators=[check_day],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = forms.CharField(label=_("原因"), max_length=200)

    def __init__(
        self, *args: Any, session: CourseSession | None, now: datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        hours = self.fields["class_hours"]
        most = MOST_HOURS_BY_HAND if session is None else session.class_hours
        self.fields["class_hours"] = forms.IntegerField(
            label=hours.label, min_value=1, max_value=most, initial=session and most
        )
        self.fields["earned_on"].initial = local_day(now)
        if session is None:
            del self.fields["kind"]
        else:
            self.fields["earned_on"].label = _("补课是哪一天")
            self.fields["earned_on"].required = False

    def values(self) -> dict[str, Any]:
        """What ``services.proposals.propose`` takes."""
        kind = ProposalKind(self.cleaned_data.get("kind", ProposalKind.MANUAL))
        return {**self.cleaned_data, "kind": kind}


class CorrectionForm(forms.Form):
    """How many hours a credit should have been."""

    class_hours = forms.IntegerField(label=_("应记几学时（0 为全部冲正）"), min_value=0)
    reason = forms.CharField(label=_("原因"), max_length=200)

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["class_hours"] = forms.IntegerField(
            label=self.fields["class_hours"].label, min_value=0, max_value=most
        )


class AnswerForm(forms.Form):
    """Confirmed, or refused or withdrawn with the reason."""

    what = forms.ChoiceField(
        choices=[("confirm", ""), ("refuse", ""), ("withdraw", "")], widget=forms.HiddenInput
    )
    answer = forms.CharField(label=_("原因"), max_length=200, required=False)


class OwnHoursForm(forms.Form):
    """A student or guardian looks up her hours in the public notice, and may object to them."""

    code = forms.CharField(
        label=_("胸牌码（16 个字符）"),
        max_length=200,
        error_messages={"required": _("请输入胸牌上的 16 个字符。")},
        widget=CodeInput,
    )
    student_no = forms.CharField(
        label=_("学号"),
        max_length=20,
        error_messages={"required": _("请输入学号。")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ObjectionForm(forms.Form):
    text = forms.CharField(
        label=_("异议"),
        max_length=300,
        help_text=_("写明哪一天、哪一场、应是多少学时。不用写姓名和电话。"),
        error_messages={"required": _("请写明异议。")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class NoticeForm(forms.Form):
    """Which requirement's hours a school shows, and for how many school days."""

    requirement = forms.ModelChoiceField(
        label=_("学时要求"), queryset=PracticumRequirement.objects.none(), empty_label=None
    )
    days = forms.IntegerField(
        label=_("公示几个上课日"),
        min_value=1,
        max_value=30,
        initial=5,
        help_text=_("今天是上课日的，算第一天。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField", self.fields["requirement"])
        field.queryset = PracticumRequirement.objects.order_by("due_on", "pk")


class DecisionForm(forms.Form):
    upheld = forms.TypedChoiceField(
        label=_("处理结果"),
        choices=[("yes", _("成立")), ("no", _("不成立"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=_("处理说明"),
        max_length=300,
        help_text=_("提出异议的人会看到。请不要写姓名。"),
        error_messages={"required": _("请写明处理说明，提出异议的人会看到。")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
