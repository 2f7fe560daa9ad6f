"""What each piece writes, with the words a screen reader gets."""

import datetime
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation

from config import looks

MORNING = datetime.datetime(2026, 12, 8, 1, 0, tzinfo=datetime.UTC)
NOON = datetime.datetime(2026, 12, 8, 3, 30, tzinfo=datetime.UTC)


def draw(source: str, **context: Any) -> str:
    """Return what a template makes of its context."""
    return Template(source).render(Context(context)).strip()


def test_icon_is_hidden_from_screen_readers() -> None:
    assert (
        draw('{% icon "bell" %}') == '<svg class="i" aria-hidden="true"><use href="#i-bell"/></svg>'
    )


def test_icon_in_a_size() -> None:
    assert (
        draw('{% icon "pin" "sm" %}')
        == '<svg class="i sm" aria-hidden="true"><use href="#i-pin"/></svg>'
    )


@pytest.mark.parametrize(
    ("kind", "look", "glyph"),
    [
        ("conf", "conf", "s-conf"),
        ("confirmed", "conf", "s-conf"),
        ("draft", "exc", "s-draft"),
        ("absent", "abs", "s-abs"),
    ],
)
def test_state_of_a_kind_or_a_status(kind, look, glyph) -> None:
    html = draw("{% state kind word %}", kind=kind, word="已确认")

    assert html == (
        f'<span class="state {look}"><svg viewBox="0 0 16 16" aria-hidden="true">'
        f'<use href="#{glyph}"/></svg>已确认</span>'
    )


def test_state_nobody_knows_is_plain_with_its_word() -> None:
    assert (
        draw('{% state "odd" word %}', word="<b>") == '<span class="state plain">&lt;b&gt;</span>'
    )


def test_state_looks_cover_every_status_kind() -> None:
    assert set(looks.STATUS_KINDS.values()) <= set(looks.STATE_LOOKS)


@pytest.mark.parametrize("family", ["f4", "4", 4])
def test_pic_of_a_family(family) -> None:
    assert draw('{% pic family "sm" %}', family=family) == (
        '<span class="pic f4 sm"><svg viewBox="0 0 32 32" aria-hidden="true">'
        '<use href="#f4"/></svg></span>'
    )


def test_plate_escapes_the_name() -> None:
    assert (
        draw('{% plate name "sm" %}', name="<七(3)班>")
        == '<span class="plate sm">&lt;七(3)班&gt;</span>'
    )


def test_date_block_shows_the_day_in_shanghai() -> None:
    after_midnight = datetime.datetime(2026, 12, 31, 17, 0, tzinfo=datetime.UTC)

    assert (
        draw("{% date_block at %}", at=after_midnight)
        == '<span class="date"><i>1 月</i> <b>1</b></span>'
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ at|day }}", "12 月 8 日（周二）"),
        ("{{ at|day_short }}", "12/8"),
        ("{{ at|clock }}", "9:00"),
        ("{{ at|weekday }}", "周二"),
        ("{{ at|time_range:end }}", "9:00–11:30"),
        ("{{ at|period:end }}", "12 月 8 日（周二）9:00–11:30"),
        ("{{ at|day_range:end }}", "12 月 8 日（周二）"),
        ("{{ nothing|day }}", ""),
    ],
)
def test_date_filters(source, expected) -> None:
    assert draw(source, at=MORNING, end=NOON, nothing=None) == expected


def test_ruler_says_its_hours() -> None:
    html = draw("{% ruler 14 4 7 %}")

    assert 'role="img" aria-label="共 14 学时：已得 4，已约 7，还差 3"' in html
    assert '<svg class="ruler numbered"' in html
    assert "style" not in html


def test_ruler_with_words_of_its_own() -> None:
    html = draw('{% ruler 100 61 24 size="thin" label="清河中学：已得 61%" %}')

    assert '<svg class="ruler thin" role="img" aria-label="清河中学：已得 61%">' in html


def test_ruler_frames_a_booking() -> None:
    html = draw("{% ruler 14 4 10 new=3 %}")

    assert '<rect class="newb" x="78.571%" y="-3" width="21.429%" height="24" rx="3"/>' in html


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("{% hours_legend 14 4 7 %}", "已得 4已约 7还差 3"),
        ("{% hours_legend 14 4 10 %}", "已得 4已约 10已排满"),
        ("{% hours_legend 14 14 0 %}", "已得 14学时已满"),
        ("{% hours_legend 14 4 10 new=3 %}", "已得 4已约 7本次 +3已排满"),
        ("{% hours_legend 14 10 7 new=7 %}", "已得 10已约 0本次 +7已满 14 学时，本次多出 3"),
        ("{% hours_legend 14 14 7 new=7 %}", "已得 14已约 0本次 +7已满 14 学时，本次多出 7"),
        ("{% hours_legend 14 10 19 new=7 %}", "已得 10已约 12本次 +7已满 14 学时，本次多出 7"),
        ("{% hours_legend %}", "已得已约还差"),
    ],
)
def test_hours_legend_says_the_hours(call, words) -> None:
    assert draw("{% filter striptags %}" + call + "{% endfilter %}") == words


def test_cap_says_its_seats() -> None:
    html = draw("{% cap 24 14 6 %}")

    assert 'aria-label="容量 24，已约 14，待确认 6，空余 4"' in html


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("{% free_seats 24 18 %}", "余 6共 24"),
        ("{% free_seats 24 0 6 %}", "余 186 位待确认，共 24"),
        ("{% free_seats 24 24 %}", "已满共 24"),
        ("{% free_seats 20 24 %}", "已满共 20"),
    ],
)
def test_free_seats_says_how_many_are_left(call, words) -> None:
    assert draw("{% filter striptags %}" + call + "{% endfilter %}") == words


def test_strip_links_a_half_day_with_its_date() -> None:
    monday = datetime.date(2026, 11, 30)
    days = [
        {
            "day": monday,
            "cells": [
                {"free": 64, "url": "?half=am", "current": True},
                {"kind": "off", "note": "停课"},
            ],
        }
    ]

    html = draw("{% strip days label %}", days=days, label="空位")

    assert (
        '<a class="c" href="?half=am" aria-current="true">'
        '<span class="vh">11 月 30 日（周一）上午 </span>' in html
    )
    assert '<span class="c off"><small>停课</small>' in html


def test_strip_shows_a_full_half_day() -> None:
    days = [{"day": datetime.date(2026, 11, 30), "cells": [{"free": 0}, {}]}]

    html = draw('{% filter striptags %}{% strip days "空位" %}{% endfilter %}', days=days)

    assert html.split() == ["周一30", "上午满", "下午–"]


def test_free_chart_gives_the_numbers_as_a_table() -> None:
    html = draw(
        "{% free_chart weeks %}",
        weeks=[{"label": "11/30", "taken": 310, "free": 128, "url": "/w/"}],
    )

    assert '<td><a href="/w/">11/30</a></td><td class="r">310</td><td class="r">128</td>' in html


def test_free_chart_links_each_week_for_keyboards_and_readers() -> None:
    """Links are never inside what readers do not see."""
    week = {"label": "11/30", "taken": 310, "free": 128}

    linked = draw("{% free_chart weeks %}", weeks=[week | {"url": "/w/"}])
    plain = draw("{% free_chart weeks %}", weeks=[week | {"url": ""}])

    link = '<a href="/w/" aria-label="11/30 起一周：已约 310，空位 128">'
    assert linked.count(link) == 2
    assert linked.count('role="group" aria-label="每周的名额，已约与空余"') == 2
    assert "<a " not in plain
    assert plain.count('width="100%" aria-hidden="true"') == 2


def test_seat_as_a_button_says_number_name_and_state() -> None:
    html = draw(
        '{% seat 6 name "present" field="place" value=41 now=True %}', name="阿依古丽·买买提江"
    )

    assert html == (
        '<button class="seat in now" type="submit" name="place" value="41">'
        "<i>6</i> "
        '<b class="long">阿依古丽·买买提江</b><span class="vh"> 已到</span>'
        '<svg viewBox="0 0 16 16" aria-hidden="true"><use href="#s-pres"/></svg></button>'
    )


def test_seat_without_a_field_is_no_button() -> None:
    html = draw('{% seat 11 "李子涵" %}')

    assert html.startswith('<div class="seat">')
    assert "未到" in html


def test_dims_say_each_dimension_and_its_verdict() -> None:
    html = draw(
        '{% filter striptags %}{% dims "pass" "fix" "fail" nothing %}{% endfilter %}', nothing=None
    )

    assert html == "目目标导向 通过 内内容规范 待修改 评评价方式 不通过 安安全保障 未审"


def test_kpis_link_a_number_to_its_rows() -> None:
    html = draw('{% kpis %}{% kpi "已得满 14 学时" 1906 "人" "/rows/" %}{% endkpis %}')

    assert html.startswith('<div class="kpis"><div><p>已得满 14 学时</p>')
    assert '<a href="/rows/" aria-label="已得满 14 学时 1,906 人">1,906</a>' in html


def test_panel_head_in_another_level() -> None:
    html = draw('{% panel_head "今天" text="3 场" level=3 id="today" %}')

    assert (
        html
        == '<div class="panel-h"><h3 id="today">今天</h3><span class="s mute">3 场</span></div>'
    )


def test_kv_leaves_out_what_is_empty() -> None:
    html = draw("{% kv pairs %}", pairs=[("学时", 0), ("备注", ""), ("手册", None)])

    assert html == '<dl class="kv"><dt>学时</dt><dd>0</dd></dl>'


def test_chips_mark_the_current_filter() -> None:
    html = draw(
        '{% chips items "筛选" %}', items=[("全部", "?", True, 38), ("缺勤", "?a=1", False)]
    )

    assert html == (
        '<nav class="chips" aria-label="筛选">'
        '<a class="chip" href="?" aria-current="true">全部 <small>38</small></a>'
        '<a class="chip" href="?a=1">缺勤</a></nav>'
    )


def test_tabs_mark_the_current_view() -> None:
    html = draw('{% tabs items "查看" %}', items=[("全部", "?", True)])

    assert '<a class="nav-link active" href="?" aria-current="page">全部</a>' in html


def test_pager_without_more_is_nothing() -> None:
    assert draw("{% pager %}") == ""


def test_pager_links_to_the_next_part() -> None:
    html = draw('{% pager next_url="?after=14" text="第 1–14 人" %}')

    assert 'href="?after=14" rel="next">下一页</a>' in html
    assert 'rel="prev"' not in html


def test_note_of_a_refusal_is_announced() -> None:
    html = draw('{% note "bad" %}<p>{{ word }}</p>{% endnote %}', word="<没有约成>")

    assert html.startswith('<div class="note bad" role="alert">')
    assert "<p>&lt;没有约成&gt;</p>" in html


def test_note_with_a_title_and_an_icon() -> None:
    html = draw('{% note "warn" icon="shield" title="安全须知" %}学生不进入车底。{% endnote %}')

    assert '<use href="#i-shield"/>' in html
    assert "<b>安全须知</b> 学生不进入车底。" in html


def test_empty_keeps_its_buttons() -> None:
    html = draw('{% empty "没有场次" %}<a class="btn">看下周</a>{% endempty %}')

    assert '<h2>没有场次</h2><a class="btn">看下周</a></div>' in html


def test_action_button_without_a_reason_submits() -> None:
    html = draw('{% action_button "提交预约" busy="正在提交…" %}')

    assert (
        html
        == '<button class="btn btn-primary" type="submit" data-busy="正在提交…">提交预约</button>'
    )


def test_action_button_with_a_reason_is_described_by_it() -> None:
    html = draw("{% action_button word why=why %}", word="提交预约", why="再添加 1 位带队教师。")

    assert 'type="submit" aria-disabled="true" aria-describedby="why-1">提交预约</button>' in html
    assert '<span class="why" id="why-1">' in html
    assert "<span>再添加 1 位带队教师。</span>" in html


def test_action_button_reasons_have_their_own_ids_on_a_page() -> None:
    html = draw(
        '{% for why in whys %}{% action_button "选" why=why %}{% endfor %}', whys=["甲", "乙"]
    )

    assert 'id="why-1"' in html
    assert 'id="why-2"' in html


def test_action_button_as_a_link() -> None:
    html = draw('{% action_button "选课" url="/find/" kind="second" big=True full=True %}')

    assert html == '<a class="btn btn-outline-primary btn-lg w-100" href="/find/">选课</a>'


def test_action_button_as_a_barred_link_leads_nowhere() -> None:
    html = draw('{% action_button "选课" url="/find/" why="现在不在预约季。" %}')

    assert 'type="button" aria-disabled="true"' in html
    assert "/find/" not in html


def test_stamp_says_what_it_means() -> None:
    assert 'role="img" aria-label="名额已定"' in draw("{% stamp %}")


def test_print_head_says_when_it_was_printed() -> None:
    html = draw(
        '{% filter striptags %}{% print_head "名单" "2 场" at %}{% endfilter %}', at=MORNING
    )

    assert html.split() == ["名单", "2", "场职业学堂12", "月", "8", "日（周二）9:00", "打印"]


def test_print_head_of_a_second_list_is_no_second_title() -> None:
    html = draw('{% print_head "名单" level=2 %}')

    assert "<h2>名单</h2>" in html


def test_html_lang_follows_the_language() -> None:
    with translation.override("en"):
        english = draw("{% html_lang %}")

    assert (draw("{% html_lang %}"), english) == ("zh-CN", "en")


@pytest.mark.parametrize(
    ("level", "kind"),
    [("error", "bad"), ("warning", "warn"), ("success", "ok"), ("info", "info"), ("debug", "info")],
)
def test_note_kind_of_a_message(level, kind) -> None:
    assert draw("{{ level|note_kind }}", level=level) == kind


@pytest.mark.parametrize(
    "call",
    [
        "{% cap_legend %}",
        "{% dims_legend %}",
        '{% why "缺一位教师。" id="w1" %}',
        '{% crumb "/" "首页" %}',
    ],
)
def test_small_pieces_draw_without_inline_style(call) -> None:
    html = draw(call)

    assert html.startswith("<p")
    assert "style" not in html
