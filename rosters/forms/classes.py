"""Classes and students, checked for shape. Files come with the roster import."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Stage
from accounts.models import Membership
from rosters import selectors
from rosters.models import ClassGroup
from rosters.parsing.cells import STUDENT_NO
from rosters.services.students import NAME_LENGTH, StudentInput

# A class has fewer students than this; more lines are a slip of the clipboard.
MOST_LINES = 100


class ClassForm(forms.Form):
    """A new class, of one of the school's stages."""

    stage = forms.ChoiceField(label=gettext_lazy("学段"), widget=forms.RadioSelect)
    entry_year = forms.IntegerField(label=gettext_lazy("入学年份"), min_value=2000, max_value=2100)
    number = forms.IntegerField(label=gettext_lazy("班号"), min_value=1, max_value=60)

    def __init__(self, *args: Any, stages: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["stage"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(stage, Stage(stage).label) for stage in stages]
        if stages:
            field.initial = stages[0]


class StudentsForm(forms.Form):
    """One student a line: seat number, student number, name; as copied from a spreadsheet."""

    lines = forms.CharField(
        label=gettext_lazy("学生（每行一名：座号 学号 姓名）"),
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "autocomplete": "off"}),
    )

    def clean_lines(self) -> list[StudentInput]:
        students, wrong = [], []
        lines = self.cleaned_data["lines"].splitlines()
        for number, line in enumerate(lines, start=1):
            text = unicodedata.normalize("NFKC", line).strip()
            if not text:
                continue
            parts = re.split(r"[\t,;]+|\s+", text, maxsplit=2)
            if (
                len(parts) != 3
                or not re.fullmatch(r"[0-9]{1,6}", parts[0])
                or not 0 < int(parts[0]) < 1000
                or not STUDENT_NO.fullmatch(parts[1])
                or not 0 < len(parts[2].strip()) <= NAME_LENGTH
            ):
                wrong.append(number)
                continue
            students.append(StudentInput(parts[2].strip(), parts[1], int(parts[0])))
        if wrong:
            raise forms.ValidationError(
                _("第 %(lines)s 行看不懂，请写成“座号 学号 姓名”，例如“3 20250703 李子涵”。")
                % {"lines": _("、").join(map(str, wrong[:10]))}
            )
        if not students:
            raise forms.ValidationError(_("请至少填一名学生。"))
        if len(students) > MOST_LINES:
            raise forms.ValidationError(
                _("一次最多 %(most)d 名，请分班填写。") % {"most": MOST_LINES}
            )
        return students


class TeacherField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.user.name)


class TeacherForm(forms.Form):
    membership = TeacherField(label=gettext_lazy("任课教师"), queryset=Membership.objects.none())
    is_homeroom = forms.BooleanField(label=gettext_lazy("班主任"), required=False)

    def __init__(self, *args: Any, group: ClassGroup, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["membership"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = selectors.can_teach(group.school_id)
