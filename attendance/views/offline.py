"""The door's page that opens without a network, as an app if the device likes.

Nobody has to be signed in: the page holds no names and no rights of its own. The device that it
runs on proves itself to the web API, and a tablet whose sign-in ran out still opens its door.
"""

import hashlib
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from attendance.choices import AttendanceState, DoorMode, NoBadge
from attendance.errors.desk import NobodyChosen
from attendance.views import door_modes

# What the page is drawn with and run by, in the order in which it is loaded.
STYLES = (
    "vendor/bootstrap/css/bootstrap.min.css",
    "css/tokens.css",
    "css/bridge-bootstrap.css",
    "css/site.css",
    "css/catalogue.css",
    "css/door.css",
)
# Plain scripts, none of which imports another: what a page names here is all that it loads.
SCRIPTS = (
    "js/door/signals.js",
    "js/door/store.js",
    "js/door/lists.js",
    "js/door/queue.js",
    "js/door/states.js",
    "js/door/board.js",
    "js/door/seat.js",
    "js/door/class.js",
    "js/door/updates.js",
    "js/camera/reading.js",
    "js/camera/camera.js",
    "js/door/page.js",
)
# What the camera's worker is made of.
DECODER = (
    "js/camera/decoder.js",
    "vendor/zxing-wasm/iife/reader/index.js",
    "vendor/zxing-wasm/reader/zxing_reader.wasm",
)
PICTURES = ("img/mark.svg", "img/favicon.ico", "img/touch-icon.png")
WORKER = "js/door/worker.js"
# The icons of the installed page, and what they may be used for.
ICONS = (
    ("img/app-192.png", "192x192", "any"),
    ("img/app-512.png", "512x512", "any"),
    ("img/app-maskable-512.png", "512x512", "maskable"),
)
LOOKS = {
    AttendanceState.EXPECTED: ("", ""),
    AttendanceState.PRESENT: ("in", "s-pres"),
    AttendanceState.LATE: ("late", "s-late"),
    AttendanceState.LEFT_EARLY: ("late", "s-out"),
    AttendanceState.ABSENT: ("abs", "s-abs"),
    AttendanceState.EXCUSED: ("exc", "s-exc"),
}


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The frame of the page; the names come from the device's own store."""
    return HttpResponse(_drawn(request, _version(request)))


@never_cache
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker of everything under the desk's address, with what it keeps."""
    return render(
        request,
        "attendance/offline_worker.js",
        {
            "files": [static(name) for name in _files()],
            "shell": reverse("attendance:offline"),
            "script": static(WORKER),
            "version": _version(request),
        },
        content_type="text/javascript",
    )


@never_cache
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What the device needs to know to install the page."""
    start = reverse("attendance:offline")
    return JsonResponse(
        {
            "id": start,
            "name": _("职业学堂签到台"),
            "short_name": _("签到台"),
            "lang": get_language(),
            "start_url": start,
            # Signing in, which registering a device needs, stays within the app.
            "scope": "/",
            "display": "standalone",
            "background_color": "#F4F7F2",
            "theme_color": "#173F34",
            "icons": [
                {"src": static(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
                for name, sizes, purpose in ICONS
            ],
        },
        content_type="application/manifest+json",
    )


def is_in_wechat(request: HttpRequest) -> bool:
    """Inside WeChat, whose browser has no service worker on one system and empties what pages
    keep on the other."""
    return "MicroMessenger" in request.headers.get("User-Agent", "")


def _files() -> tuple[str, ...]:
    return ("js/site.js", *STYLES, *SCRIPTS, *DECODER, *PICTURES)


def _drawn(request: HttpRequest, version: str) -> str:
    return render_to_string(
        "attendance/offline.html",
        {
            "version": version,
            "scripts": SCRIPTS,
            "looks": ("in", "dup", "out", "off", "idle"),
            "words": _words(),
            "modes": DoorMode.choices,
            "why_no_badge": NoBadge.choices,
            "nobody_chosen": str(NobodyChosen()),
            "in_wechat": is_in_wechat(request),
        },
        request,
    )


def _version(request: HttpRequest) -> str:
    """Another one as soon as the page as it is drawn, or any of its files, is."""
    seen = hashlib.sha256(_drawn(request, "").encode())
    for name in (*_files(), WORKER):
        seen.update(static(name).encode())
        # Under a name with a digest the address says it all; in development the contents do.
        found = finders.find(name)
        if isinstance(found, str):
            seen.update(Path(found).read_bytes())
    return seen.hexdigest()[:16]


def _words() -> dict[str, object]:
    """What the page's scripts say."""
    return {
        "title": _("签到台"),
        "online": _("联网"),
        "offline": _("断网"),
        "unsent": _("未送出：{count}"),
        "ready": door_modes.READY,
        "ready_how": door_modes.READY_HOW,
        "form_do": door_modes.FORM_DO,
        "does": {
            "in": _("签到"),
            "out": _("签退"),
            "absent": _("缺席"),
            "excused": _("请假"),
            "undo": _("撤销上一次"),
            "nothing": _("不改"),
        },
        "done": door_modes.DONE | {"absent": _("已记缺席"), "excused": _("已记请假")},
        "already": door_modes.ALREADY | {"absent": _("已记缺席"), "excused": _("已记请假")},
        "kept": {
            "in": _("已记下"),
            "out": _("已记签退"),
            "absent": _("已记缺席"),
            "excused": _("已记请假"),
        },
        "kept_why": _("{where} · 先存在本机，恢复网络后自动送出。"),
        "kept_unknown": _(
            "本机名单里没有这张胸牌，已先记下。请问带队教师；联网后核对，由您决定记不记。"
        ),
        "unknown_person": _("名单外的胸牌"),
        "not_in": door_modes.NOT_IN,
        "not_in_why": _("要签到，请先切换到“签到”；在别的设备签到过的，点座号签退。"),
        "people": _("{count} 人"),
        "inside": _("现在在场 {inside} 人，已签退 {left} 人。"),
        "seat": _("{group} {seat} 号"),
        "no_class": _("没有这个班"),
        "no_class_why": _("这个预约号不在本场名单里。请核对场次，或更新名单后再试。"),
        "class_title": {"in": _("全班签到"), "out": _("全班签退")},
        "class_how": {
            "in": _("请点清人数，没到的点一下去掉；他们之后到了，再单独签到。"),
            "out": _("请点清人数，没有一起离开的点一下去掉。"),
        },
        "class_do": {"in": _("{count} 人签到"), "out": _("{count} 人签退")},
        "class_nobody": {"in": _("没有要签到的学生。"), "out": _("没有要签退的学生。")},
        "adults": _("带队教师 {adults} 位。"),
        "conflict": _("待定"),
        "conflict_why": _("{why}。已记下，请在“待定的签到”里决定记不记。"),
        "refused": _("没有记"),
        "no_code": _("没有这个码"),
        "no_code_why": _("胸牌码是 16 个字符，请再扫一次。"),
        "not_open": _("还没开始"),
        "opens": _("本场 {clock} 开始签到。"),
        "not_here": _("不在本场"),
        "elsewhere": _("这名学生约的是{title}，{where}，{clock}。"),
        "undone": pgettext("taken back", "已撤销"),
        "place": _("座号 {seat} · {group} · {clock}"),
        "doubtful": _("{count} 条记录要有人决定"),
        "and_left": _("{state}，已签退"),
        "and_unsent": _("，未送出"),
        "and_needs": _("，有需要留意的事"),
        "marks": {
            state.value: [look, glyph, str(state.label)] for state, (look, glyph) in LOOKS.items()
        },
    }
