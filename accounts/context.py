"""What the page frame shows; see docs/pieces.md."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

import notifications.selectors

from .actors import Actor
from .choices import Role


class NavItem(NamedTuple):
    label: str | Promise
    url: str
    icon: str
    is_current: bool


# The rooms of each role: label, URL name, icon. The first is where the role starts.
_TEACHER_NAV: list[tuple[str | Promise, str, str]] = [
    (_("首页"), "insights:home", "home"),
    (_("选课"), "bookings:catalogue", "search"),
    (pgettext_lazy("several", "班级"), "insights:classes", "class"),
    (_("行程"), "bookings:trips", "bus"),
]
_PEOPLE = (_("人员"), "accounts:people", "people")
NAV: dict[Role, list[tuple[str | Promise, str, str]]] = {
    Role.TEACHER: _TEACHER_NAV,
    Role.SCHOOL_COORDINATOR: [*_TEACHER_NAV, (_("本校"), "insights:school", "book"), _PEOPLE],
    Role.HOST_MANAGER: [
        (_("今天"), "attendance:host_today", "cal"),
        (_("场次"), "courses:host_week", "clock"),
        (_("课程"), "courses:host_courses", "book"),
        (_("签到"), "attendance:desks", "check"),
        (_("实训室"), "sites:list", "door"),
        _PEOPLE,
    ],
    Role.INSTRUCTOR: [
        (_("今天"), "attendance:host_today", "cal"),
        (_("签到"), "attendance:desks", "check"),
    ],
    Role.SECRETARIAT: [
        (_("总览"), "insights:alliance", "home"),
        (pgettext_lazy("several", "审核"), "courses:review_list", "shield"),
        (pgettext_lazy("tab", "学时"), "insights:alliance_classes", "clock"),
        (_("统筹"), "planning:plans", "split"),
        (pgettext_lazy("several", "预约季"), "courses:seasons", "cal"),
        (_("单位"), "accounts:organisations", "people"),
    ],
    Role.REVIEWER: [(pgettext_lazy("several", "审核"), "courses:review_list", "shield")],
}

# Pages that belong to a room though their address begins otherwise.
_BELONGS = {
    "/courses/": "bookings:catalogue",
    "/sessions/": "bookings:catalogue",
    "/requests/": "bookings:trips",
    "/unfinished/": "insights:classes",
    "/school/classes/": "insights:classes",
    "/school/students/": "insights:classes",
    "/school/transfers/": "insights:classes",
    "/school/year/": "insights:classes",
    "/school/settings/": "insights:classes",
    "/school/consent-texts/": "insights:classes",
    # The secretariat has a room for them.
    "/plans/": "insights:school",
    # The secretariat's alone: others have no such room.
    "/requirements/": "insights:alliance_classes",
    "/rules/": "insights:alliance_classes",
    "/locks/": "insights:alliance_classes",
    "/seals/": "insights:alliance_classes",
}


@dataclass(frozen=True)
class Frame:
    """The header of a page, for one request."""

    path: str
    actor: Actor | None
    user_name: str
    user_id: int | None

    @property
    def signed_in(self) -> bool:
        return self.user_id is not None

    @property
    def demo(self) -> bool:
        return bool(settings.DEMO)

    @cached_property
    def nav(self) -> list[NavItem]:
        if self.actor is None or self.actor.role is None:
            return []
        items = [(label, reverse(name), icon) for label, name, icon in NAV[self.actor.role]]
        rooms = {url for _label, url, _icon in items}
        room = next(
            (
                room
                for start, room in _BELONGS.items()
                if self.path.startswith(start) and start not in rooms
            ),
            "",
        )
        path = reverse(room) if room else self.path
        fitting = [url for _label, url, _icon in items if url != "/" and path.startswith(url)]
        current = max(fitting, key=len) if fitting else "/" if self.path == "/" else ""
        return [NavItem(label, url, icon, url == current) for label, url, icon in items]

    @property
    def name(self) -> str:
        return self.user_name

    @property
    def place(self) -> str:
        if self.actor is None or self.actor.role is None:
            return ""
        organisation, role = self.actor.organisation_name, str(self.actor.role.label)
        # The secretariat is the alliance's only office; its name twice says nothing.
        return role if organisation == role else f"{organisation} · {role}"

    @cached_property
    def unread(self) -> int:
        if self.actor is None or self.user_id is None:
            return 0
        return notifications.selectors.unread_count(self.user_id)

    @property
    def home_url(self) -> str:
        return "/"

    @property
    def inbox_url(self) -> str:
        return reverse("notifications:inbox") if self.actor is not None else ""

    @property
    def account_url(self) -> str:
        return reverse("accounts:me") if self.signed_in else ""

    @property
    def sign_in_url(self) -> str:
        return "" if self.signed_in else reverse("accounts:sign_in")


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """``frame`` for the templates. Queries only when a page draws what needs one."""
    user = getattr(request, "user", None)
    return {
        "frame": Frame(
            path=request.path,
            actor=getattr(request, "actor", None),
            user_name=user.name if user is not None and user.is_authenticated else "",
            user_id=user.pk if user is not None and user.is_authenticated else None,
        )
    }
