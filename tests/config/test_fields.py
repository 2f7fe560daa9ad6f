"""Form fields: labels, hints and errors belong to their control."""

import datetime
from typing import Any

from django import forms
from django.template import Context, Template

from sites.calendar import SHANGHAI


class TripForm(forms.Form):
    title = forms.CharField(label="课程名称", help_text="先写职业。")
    headcount = forms.IntegerField(label="学生人数", error_messages={"required": "请填学生人数。"})
    on = forms.DateField(
        label="日期", required=False, widget=forms.DateInput(attrs={"class": "own"})
    )
    starts = forms.DateTimeField(label="开始", required=False)
    clock = forms.TimeField(label="时间", required=False)
    room = forms.ChoiceField(label="实训室", choices=[("1", "焙烤一室")])
    weekdays = forms.MultipleChoiceField(
        label="每周",
        choices=[("0", "一"), ("2", "三")],
        widget=forms.CheckboxSelectMultiple,
        help_text="至少一天。",
    )
    note = forms.CharField(label="备注", required=False, widget=forms.Textarea)
    agrees = forms.BooleanField(label="全班坐得下", required=False)
    edition = forms.IntegerField(widget=forms.HiddenInput)


def draw(source: str, **context: Any) -> str:
    """Return what a template makes of its context."""
    return Template(source).render(Context(context)).strip()


def test_field_with_a_hint_is_described_by_it() -> None:
    html = draw("{% field form.title %}", form=TripForm())

    assert '<label class="lab" for="id_title">课程名称</label>' in html
    assert 'class="form-control" aria-describedby="id_title_hint" required id="id_title"' in html
    assert '<p class="hint" id="id_title_hint">先写职业。</p>' in html


def test_field_with_an_error_is_invalid_and_described_by_it() -> None:
    html = draw("{% field form.headcount short=True %}", form=TripForm({}))

    assert '<div class="field short">' in html
    assert 'class="form-control is-invalid"' in html
    assert 'aria-describedby="id_headcount_error"' in html
    assert 'aria-invalid="true"' in html
    assert '<div id="id_headcount_error"><p class="err">' in html
    assert "<span>请填学生人数。</span>" in html


def test_field_keeps_what_was_typed_escaped() -> None:
    html = draw("{% field form.title %}", form=TripForm({"title": '<script>"七"'}))

    assert 'value="&lt;script&gt;&quot;七&quot;"' in html


def test_field_that_may_stay_empty_says_so() -> None:
    html = draw("{% field form.note rows=3 %}", form=TripForm())

    assert '备注 <span class="faint">（选填）</span>' in html
    assert 'rows="3"' in html


def test_field_of_a_day_is_the_browsers_in_iso() -> None:
    form = TripForm(initial={"on": datetime.date(2026, 12, 8)})

    html = draw("{% field form.on %}", form=form)

    assert '<input type="date" name="on" value="2026-12-08" class="own form-control"' in html


def test_field_of_a_moment_and_of_a_time_are_the_browsers() -> None:
    starts = datetime.datetime(2026, 12, 8, 9, 0, tzinfo=SHANGHAI)
    form = TripForm(initial={"starts": starts, "clock": datetime.time(9, 5)})

    html = draw("{% field form.starts %}{% field form.clock %}", form=form)

    assert '<input type="datetime-local" name="starts" value="2026-12-08T09:00"' in html
    assert '<input type="time" name="clock" value="09:05"' in html


def test_field_of_a_choice_is_a_select() -> None:
    html = draw("{% field form.room %}", form=TripForm())

    assert '<select name="room" class="form-select" id="id_room">' in html


def test_field_of_many_choices_becomes_chips_in_a_group() -> None:
    html = draw("{% field form.weekdays %}", form=TripForm({"weekdays": ["2"]}))

    assert (
        '<fieldset class="field" aria-describedby="id_weekdays_hint"'
        ' id="id_weekdays" tabindex="-1">' in html
    )
    assert '<legend class="lab">每周</legend>' in html
    assert (
        '<label class="chip" for="id_weekdays_1">'
        '<input type="checkbox" name="weekdays" value="2" id="id_weekdays_1" checked>三</label>'
    ) in html


def test_field_of_many_choices_may_be_a_plain_list() -> None:
    html = draw("{% field form.weekdays plain=True %}", form=TripForm())

    assert '<div class="facet"><label for="id_weekdays_0">' in html


def test_field_of_one_check_has_its_label_beside_it() -> None:
    html = draw("{% field form.agrees %}", form=TripForm())

    assert (
        '<label class="check" for="id_agrees">'
        '<input type="checkbox" name="agrees" class="form-check-input"' in html
    )


def test_field_with_another_label_and_hint() -> None:
    html = draw('{% field form.title label="名称" hint="短一些。" %}', form=TripForm())

    assert ">名称</label>" in html
    assert ">短一些。</p>" in html


def test_fields_draw_all_of_a_form() -> None:
    html = draw("{% fields form %}", form=TripForm())

    assert [name for name in TripForm.base_fields if f'name="{name}"' in html] == list(
        TripForm.base_fields
    )


def test_form_errors_link_to_each_field() -> None:
    html = draw(
        "{% form_errors form %}", form=TripForm({"title": "面包师", "room": "1", "weekdays": ["0"]})
    )

    assert html.startswith('<div class="note bad" role="alert">')
    assert '<li><a href="#id_headcount">学生人数</a></li>' in html
    assert html.count("<li>") == 1


def test_form_errors_put_the_whole_form_first() -> None:
    form = TripForm({})
    form.add_error(None, "名额不够：只剩 14 位。")

    html = draw("{% form_errors form %}", form=form)

    assert html.index("<p><b>名额不够：只剩 14 位。</b></p>") < html.index("<li>")


def test_form_errors_of_a_fresh_form_are_nothing() -> None:
    assert draw("{% form_errors form %}", form=TripForm()) == ""
