"""A form's mistakes as an office would write them."""

from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.utils import translation

from config import mistakes


class RoomForm(forms.Form):
    name = forms.CharField(label="名称", min_length=2, max_length=5)
    seats = forms.IntegerField(label="工位", min_value=1, max_value=500)
    kind = forms.ChoiceField(label="类别", choices=[("", "---------"), ("a", "甲")])
    days = forms.MultipleChoiceField(
        label="每周", choices=[("0", "一")], widget=forms.CheckboxSelectMultiple
    )
    on = forms.DateField(label="日期")
    at = forms.DateTimeField(label="开始")
    clock = forms.TimeField(label="时间")
    mail = forms.EmailField(label="邮箱")
    page = forms.URLField(label="线上地址", assume_scheme="https")
    phone = forms.CharField(label="电话", error_messages={"required": "请留一个电话。"})


GOOD = {
    "name": "焙烤",
    "seats": "12",
    "kind": "a",
    "days": ["0"],
    "on": "2026-12-08",
    "at": "2026-12-08 09:00",
    "clock": "09:00",
    "mail": "a@example.org",
    "page": "https://example.org",
    "phone": "1",
}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "请填写“名称”。"),
        ("name", "烤", "“名称”至少 2 个字，现在是 1 个字。"),
        ("name", "焙烤焙烤焙烤", "“名称”最多 5 个字，现在是 6 个字。"),
        ("seats", "", "请填写“工位”。"),
        ("seats", "很多", "“工位”请填整数。"),
        ("seats", "0", "“工位”不能小于 1。"),
        ("seats", "501", "“工位”不能大于 500。"),
        ("kind", "", "请选择“类别”。"),
        ("kind", "z", "“类别”里没有这个选项，请重新选择。"),
        ("days", [], "请选择“每周”。"),
        ("days", ["9"], "“每周”里没有这个选项，请重新选择。"),
        ("on", "明天", "“日期”请填日期。"),
        ("at", "明天", "“开始”请填日期和时间。"),
        ("clock", "九点", "“时间”请填时间，例如 9:00。"),
        ("mail", "abc", "“邮箱”请填邮箱地址，例如 name@example.org。"),
        ("page", "http://", "“线上地址”请填网址，以 https:// 开头。"),
        ("phone", "", "请留一个电话。"),
    ],
)
def test_the_frameworks_sentence_names_the_field(field: str, value: Any, sentence: str) -> None:
    form = RoomForm(GOOD | {field: value})

    assert mistakes.sentences(form[field]) == [sentence]


def test_a_rules_own_sentence_stands_as_it_is() -> None:
    form = RoomForm(GOOD)
    form.add_error("name", "已有“焙烤”，请换一个名称。")
    form.add_error(
        "seats", forms.ValidationError("%(n)s 个太多。", code="invalid", params={"n": 9})
    )

    assert mistakes.sentences(form["name"]) == ["已有“焙烤”，请换一个名称。"]
    assert mistakes.sentences(form["seats"]) == ["9 个太多。"]


def test_in_english_too() -> None:
    with translation.override("en"):
        form = RoomForm(GOOD | {"name": "", "seats": "0"})

        assert mistakes.sentences(form["name"]) == ["Please fill in “名称”."]
        assert mistakes.sentences(form["seats"]) == ["“工位” cannot be less than 1."]


def test_a_select_without_a_choice_asks_for_one() -> None:
    html = Template("{% field form.kind %}").render(Context({"form": RoomForm()}))

    assert '<option value="" selected>请选择</option>' in html
    assert "-----" not in html


def test_a_forms_mistakes_are_listed() -> None:
    form = RoomForm(GOOD | {"name": "", "seats": "0"})
    html = Template("{% form_mistakes form as found %}{{ found|join:'/' }}").render(
        Context({"form": form})
    )

    assert html == "请填写“名称”。/“工位”不能小于 1。"
