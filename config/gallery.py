"""Every piece of the frame on one page, to look at while building; only in DEBUG or demo.

Its words are samples, not interface, and stay untranslated.
"""

import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sites.calendar import SHANGHAI

MONDAY = datetime.date(2026, 11, 30)
FAMILIES = (
    "烹饪与面点", "汽车", "智能制造", "信息与网络", "检验与化工", "财会与商贸",
    "会展与服务", "设计与影像", "工艺与传承", "物流", "社区与照护", "生涯与创业",
)  # fmt: skip
ICONS = (
    "home", "search", "class", "bell", "cal", "clock", "pin", "check", "checks", "x", "minus",
    "plus", "warn", "info", "off", "net", "cam", "key", "print", "down", "left", "right", "user",
    "people", "bus", "lock", "door", "list", "dl", "up", "filter", "split", "shield", "helmet",
    "menu", "undo", "book", "repeat", "eye2", "mute", "sound", "torch",
)  # fmt: skip
STATES = (
    ("pend", "待确认"), ("conf", "已确认"), ("wait", "候补"), ("canc", "已取消"),
    ("pres", "出席"), ("late", "迟到"), ("abs", "缺席"), ("exc", "请假"), ("draft", "草稿"),
    ("eye", "审核中"), ("out", "已签退"), ("split", "分两组"), ("soon", "未开始"),
    ("warn", "缺知情同意"), ("bad", "无人签到"), ("ok", "全部完成"), ("info", "3 学时"),
)  # fmt: skip
RULERS = (
    (14, 0, 0, 0),
    (14, 4, 7, 0),
    (14, 4, 10, 3),
    (14, 14, 0, 0),
    (14, 9, 7, 0),
    (32, 8, 12, 0),
)
SEATS = (
    (1, "陈一诺", "in"), (2, "李子涵", "in"), (3, "王梓轩", "exc"), (6, "阿依古丽·买买提江", "in"),
    (7, "林晓", "abs"), (11, "李子涵", ""), (17, "尤佳", "late"),
)  # fmt: skip


class SampleForm(forms.Form):
    """One field of each kind."""

    title = forms.CharField(label="课程名称", help_text="先写职业，再写主题，用冒号隔开。")
    headcount = forms.IntegerField(label="学生人数", max_value=38)
    on = forms.DateField(label="从", required=False, widget=forms.DateInput)
    room = forms.ChoiceField(
        label="实训室", choices=[("1", "焙烤一室 · 24 位"), ("2", "焙烤二室 · 20 位")]
    )
    weekdays = forms.MultipleChoiceField(
        label="每周",
        choices=[("0", "一"), ("1", "二"), ("2", "三"), ("3", "四"), ("4", "五")],
        widget=forms.CheckboxSelectMultiple,
    )
    half = forms.ChoiceField(
        label="半天",
        choices=[("am", "上午 9:00–11:30"), ("pm", "下午 13:00–15:30")],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label="备注", required=False, widget=forms.Textarea)
    agrees = forms.BooleanField(label="只看全班坐得下的场次", required=False)


def show(request: HttpRequest) -> HttpResponse:
    """Show the gallery."""
    form = SampleForm(
        {"title": "面包师：一只吐司的诞生", "headcount": "52", "room": "1", "weekdays": ["0", "2"]}
    )
    return render(request, "pieces/gallery.html", {"form": form, **_samples()})


def show_confirm(request: HttpRequest) -> HttpResponse:
    """Show a confirmation page."""
    return render(request, "pieces/gallery_confirm.html", {"form": None})


def show_desk(request: HttpRequest) -> HttpResponse:
    """Show the layout of the door desk."""
    return render(request, "pieces/gallery_desk.html", {"seats": SEATS})


def show_print(request: HttpRequest) -> HttpResponse:
    """Show the layout of a printed list."""
    return render(request, "pieces/gallery_print.html", {"seats": SEATS, **_samples()})


def _samples() -> dict[str, Any]:
    """Return one value for every piece."""
    morning = datetime.datetime(2026, 12, 8, 9, tzinfo=SHANGHAI)
    seats = ((116, 92), (64, 0), (208, 164))
    days = [
        {
            "day": MONDAY + datetime.timedelta(days=number),
            "cells": [
                {"free": free, "url": "#" if free else "", "current": free == 208} for free in pair
            ],
        }
        for number, pair in enumerate(seats)
    ]
    days.append(
        {
            "day": MONDAY + datetime.timedelta(days=3),
            "cells": [{"kind": "mine", "note": "本班已约", "url": "#"}] * 2,
        }
    )
    days.append(
        {"day": MONDAY + datetime.timedelta(days=4), "cells": [{"kind": "off", "note": "停课"}] * 2}
    )
    weeks = [
        {"label": label, "taken": taken, "free": free, "url": ""}
        for label, taken, free in (
            ("11/30", 1112, 128),
            ("12/7", 1034, 276),
            ("12/14", 760, 420),
            ("12/21", 402, 498),
            ("12/28", 161, 360),
            ("1/4", 240, 780),
            ("1/11", 132, 848),
            ("1/18", 28, 332),
        )
    ]
    return {
        "families": list(enumerate(FAMILIES, start=1)),
        "icons": ICONS,
        "states": STATES,
        "rulers": RULERS,
        "sample_seats": SEATS,
        "days": days,
        "weeks": weeks,
        "starts_at": morning,
        "ends_at": morning + datetime.timedelta(hours=2, minutes=30),
        "monday": MONDAY,
        "friday": MONDAY + datetime.timedelta(days=4),
        "pairs": [
            ("学时", "3 学时，半天"),
            ("适合", "六至八年级"),
            ("每场", "24 人，配助教"),
            ("备注", ""),
        ],
        "filters": [
            ("全部", "#", True, 38),
            ("与班级不一致", "#", False, 5),
            ("缺勤", "#", False, 2),
        ],
        "sessions": [(24, 0, 0), (24, 0, 6), (24, 18, 0), (24, 24, 0)],
        "why": "还不能提交：再添加 1 位带队教师。",
    }
