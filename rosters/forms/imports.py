"""A roster file and the answers about it, checked for shape."""

import hashlib
from pathlib import PurePath
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import STAGE_GRADES, Stage
from rosters import naming
from rosters.differences import NEW, SKIP, Decision, Doubt
from rosters.parsing.shapes import ClassName, ClassQuestion, RosterRow
from rosters.services.imports.roster import entry_year_of, stage_of
from rosters.services.imports.starting import PASTED

ACCEPTED = (".xlsx", ".xls", ".ods", ".csv", ".txt", ".et")
MOST_BYTES = 20 * 1024 * 1024
MOST_PASTED = 1_000_000
OTHER = "other"
# So many rows in doubt stand on one page.
DOUBTS_A_PAGE = 50


def class_words(name: ClassName, school_year: int) -> str:
    """七(3)班."""
    return naming.class_label(
        stage=stage_of(name.grade),
        grade=name.grade,
        entry_year=entry_year_of(name.grade, school_year),
        number=name.number,
    )


class UploadForm(forms.Form):
    """A file or pasted cells, one of them."""

    file = forms.FileField(
        label=gettext_lazy("名单文件"),
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(ACCEPTED)}),
    )
    cells = forms.CharField(
        label=gettext_lazy("或者，从表格里复制，粘贴到这里"),
        required=False,
        strip=False,
        max_length=MOST_PASTED,
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file, cells = data.get("file"), (data.get("cells") or "").strip("\r\n ")
        if self.errors:
            return data
        if bool(file) == bool(cells):
            raise forms.ValidationError(
                _("文件和粘贴的内容，请只用一样。") if file else _("请选一个文件，或粘贴表格内容。")
            )
        if file and file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("文件超过 20 MB。请删去图片和不用的工作表，或按年级分成几个文件上传。")
            )
        data["content"] = file.read() if file else cells.encode()
        # Of the file's name only the ending is looked at: it may name a child.
        data["suffix"] = PurePath(file.name).suffix.lower() if file else PASTED
        return data


class ClassQuestionsForm(forms.Form):
    """Which class a way of writing means, a group of fields for each question."""

    def __init__(
        self,
        *args: Any,
        questions: tuple[ClassQuestion, ...],
        stages: list[str],
        school_year: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questions = {key_of(question.written): question for question in questions}
        grades = [
            (grade, naming.grade_label(grade))
            for stage in stages
            for grade in range(STAGE_GRADES[Stage(stage)][0], STAGE_GRADES[Stage(stage)][1] + 1)
        ]
        for key, question in self.questions.items():
            choices = [
                (f"{name.grade}-{name.number}", class_words(name, school_year))
                for name in question.suggestions
            ]
            self.fields[key] = forms.ChoiceField(
                label=_("“%(written)s”是哪个班？") % {"written": question.written},
                help_text=_where(question),
                choices=[*choices, (OTHER, _("另一个班")), (SKIP, _("不导入这些行"))],
                widget=forms.RadioSelect,
                error_messages={"required": _("请选一个。")},
            )
            self.fields[f"{key}_grade"] = forms.TypedChoiceField(
                label=_("年级"),
                required=False,
                coerce=int,
                empty_value=None,
                choices=[("", _("选年级")), *grades],
            )
            self.fields[f"{key}_number"] = forms.IntegerField(
                label=_("班号"), required=False, min_value=1, max_value=60
            )

    def groups(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        return [(self[key], self[f"{key}_grade"], self[f"{key}_number"]) for key in self.questions]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for key in self.questions:
            is_whole = data.get(f"{key}_grade") and data.get(f"{key}_number")
            if data.get(key) == OTHER and not is_whole:
                self.add_error(key, _("请选年级，填班号。"))
        return data

    def answers(self) -> dict[str, ClassName | None]:
        found: dict[str, ClassName | None] = {}
        for key, question in self.questions.items():
            chosen = self.cleaned_data[key]
            if chosen == SKIP:
                found[question.written] = None
            elif chosen == OTHER:
                found[question.written] = ClassName(
                    self.cleaned_data[f"{key}_grade"], self.cleaned_data[f"{key}_number"]
                )
            else:
                grade, number = chosen.split("-")
                found[question.written] = ClassName(int(grade), int(number))
        return found


def key_of(written: str) -> str:
    """A field's name for a way of writing, whatever signs are in it."""
    return "c" + hashlib.blake2b(written.encode(), digest_size=5).hexdigest()


def _where(question: ClassQuestion) -> str:
    words = (
        _("工作表“%(sheet)s”第 %(row)d 行起，共 %(rows)d 行")
        if question.first_sheet
        else _("第 %(row)d 行起，共 %(rows)d 行")
    )
    return words % {
        "sheet": question.first_sheet,
        "row": question.first_row,
        "rows": question.rows,
    }


class DoubtsForm(forms.Form):
    """Who a row is, one question for each row in doubt."""

    def __init__(
        self,
        *args: Any,
        doubts: tuple[Doubt, ...],
        rows: tuple[RosterRow, ...],
        school_year: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.doubts = doubts[:DOUBTS_A_PAGE]
        for doubt in self.doubts:
            row = rows[doubt.index]
            self.fields[f"d{doubt.index}"] = forms.ChoiceField(
                label=_row_words(row, school_year),
                help_text=_why(doubt, row, rows),
                choices=list(_options(doubt, row, school_year)),
                initial=doubt.suggested,
                required=False,
                widget=forms.RadioSelect,
            )

    def answers(self) -> dict[int, Decision]:
        """What was chosen; rows left open stay in doubt."""
        found: dict[int, Decision] = {}
        for doubt in self.doubts:
            chosen = self.cleaned_data[f"d{doubt.index}"]
            if chosen:
                found[doubt.index] = chosen if chosen in (NEW, SKIP) else int(chosen)
        return found


def _row_words(row: RosterRow, school_year: int) -> str:
    assert row.class_name is not None
    words = _("第 %(row)d 行：%(name)s，%(class_group)s") % {
        "row": row.row,
        "name": row.name,
        "class_group": class_words(row.class_name, school_year),
    }
    if row.seat_no is not None:
        words += _("，%(seat)d 号") % {"seat": row.seat_no}
    if row.student_no:
        words += _("，学号 %(student_no)s") % {"student_no": row.student_no}
    return words


def _why(doubt: Doubt, row: RosterRow, rows: tuple[RosterRow, ...]) -> str:
    if doubt.options and row.student_no:
        if all(known.student_no == row.student_no for known in doubt.options):
            return _("学号相同，但姓名和班级都不同。")
        return _("姓名相同，但学号对不上。")
    if doubt.options:
        return _("有同名学生，文件里没有学号。")
    if doubt.like_row is not None:
        return _("与第 %(row)d 行同名同班，没有可以区分的学号。") % {
            "row": rows[doubt.like_row].row
        }
    return _("这个学号已对应另一行。")


def _options(doubt: Doubt, row: RosterRow, school_year: int) -> list[tuple[str, str]]:
    choices = []
    for known in doubt.options:
        facts = {
            "class_group": class_words(known.class_name, school_year)
            if known.class_name
            else _("已毕业班级"),
            "seat": known.seat_no,
            "name": known.name,
            "student_no": known.student_no or _("无"),
        }
        words = (
            _("就是 %(class_group)s %(seat)d 号 %(name)s（学号 %(student_no)s）")
            if known.is_current
            else _("就是已离开的 %(name)s（%(class_group)s %(seat)d 号，学号 %(student_no)s）")
        )
        choices.append((str(known.pk), words % facts))
    if doubt.may_be_new:
        choices.append((NEW, _("另一名学生，新增")))
    return [*choices, (SKIP, _("不导入这一行"))]
