"""The door's page that opens without a network, as an app if the device likes.

Nobody has to be signed in: the page holds no names and no rights of its own. The device that it
runs on proves itself to the web API, and a tablet whose sign-in ran out still opens its door.
"""

import hashlib
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from attendance.choices import AttendanceState, NoBadge

# What the page is drawn with and run by, in the order in which it is loaded.
STYLES = (
    "vendor/bootstrap/css/bootstrap.min.css",
    "css/tokens.css",
    "css/bridge-bootstrap.css",
    "css/site.css",
    "css/door.css",
)
SCRIPTS = (
    "js/door/store.js",
    "js/door/lists.js",
    "js/door/queue.js",
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
    return render(
        request,
        "attendance/offline.html",
        {
            "scripts": SCRIPTS,
            "looks": ("in", "dup", "out", "off", "idle"),
            "words": _words(),
            "why_no_badge": NoBadge.choices,
        },
    )


@never_cache
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker of everything under the desk's address, with what it keeps."""
    files = ("js/site.js", *STYLES, *SCRIPTS, *DECODER, *PICTURES)
    return render(
        request,
        "attendance/offline_worker.js",
        {
            "files": [static(name) for name in files],
            "shell": reverse("attendance:offline"),
            "script": static("js/door/worker.js"),
            "version": _version((*files, "js/door/worker.js")),
        },
        content_type="text/javascript",
    )


@never_cache
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What the device needs to know to install the page."""
    return JsonResponse(
        {
            "name": _("职业学堂签到台"),
            "short_name": _("签到台"),
            "lang": get_language(),
            "start_url": reverse("attendance:offline"),
            "scope": reverse("attendance:desks"),
            "display": "standalone",
            "background_color": "#F4F7F2",
            "theme_color": "#173F34",
            "icons": [
                {"src": static("img/mark.svg"), "sizes": "any", "type": "image/svg+xml"},
                {"src": static("img/touch-icon.png"), "sizes": "180x180", "type": "image/png"},
            ],
        },
        content_type="application/manifest+json",
    )


def _version(files: tuple[str, ...]) -> str:
    """Another one as soon as any of the files, or the page's words, are."""
    seen = hashlib.sha256(repr((get_language(), _words())).encode())
    for name in files:
        seen.update(static(name).encode())
        # Under a name with a digest the address says it all; in development the contents do.
        found = finders.find(name)
        if isinstance(found, str):
            seen.update(Path(found).read_bytes())
    template = Path(__file__).parent.parent / "templates" / "attendance" / "offline.html"
    seen.update(template.read_bytes())
    return seen.hexdigest()[:16]


def _words() -> dict[str, object]:
    """What the page's scripts say."""
    return {
        "title": _("签到台"),
        "online": _("联网"),
        "offline": _("断网"),
        "unsent": _("未送出：{count}"),
        "ready": _("请扫胸牌"),
        "ready_how": _("也可以输入胸牌码，或点座号。"),
        "in": _("已签到"),
        "already": _("已签过到"),
        "kept": _("已记下"),
        "kept_why": _("{where} · 先存在本机，恢复网络后自动送出。"),
        "kept_unknown": _("本机名单里没有这张胸牌，联网后核对。"),
        "unknown_person": _("名单外的胸牌"),
        "conflict": _("待定"),
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
        "and_unsent": _("，未送出"),
        "and_needs": _("，有需要留意的事"),
        "marks": {
            state.value: [look, glyph, str(state.label)] for state, (look, glyph) in LOOKS.items()
        },
    }
