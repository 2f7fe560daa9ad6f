"""The page frame: what every page carries, and error pages that need nothing."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from config import gallery


@dataclass(frozen=True)
class Frame:
    signed_in: bool = True
    demo: bool = False
    nav: list[tuple[str, str, str, bool]] = field(default_factory=list)
    name: str = "周老师"
    place: str = "清河中学 · 七(3)班班主任"
    unread: int = 0
    home_url: str = "/"
    inbox_url: str = "/inbox/"
    account_url: str = "/me/"
    sign_in_url: str = "/accounts/login/"


class Page(HTMLParser):
    """What a test asks of a page: its ids, its headings, and what a strict policy would refuse."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if names.get("id"):
            self.ids.append(names["id"] or "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        self.inline += [name for name in names if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.inline.append(tag)


def test_base_shows_navigation_name_and_unread_messages() -> None:
    nav = [("首页", "/", "home", True), ("选课", "/find/", "search", False)]

    html = render_to_string("base.html", {"frame": Frame(nav=nav, unread=2)})

    assert html.count('<a href="/" aria-current="page">') == 2
    assert html.count('href="/find/"') == 2
    assert "周老师<small>清河中学 · 七(3)班班主任</small>" in html
    assert 'aria-label="消息，2 条未读"' in html


def test_base_for_somebody_unknown_offers_to_sign_in() -> None:
    html = render_to_string("base.html", {"frame": Frame(signed_in=False)})

    assert '<a class="btn btn-link" href="/accounts/login/">登录</a>' in html
    assert "周老师" not in html
    assert "tabbar" not in html


def test_base_counts_no_further_than_99() -> None:
    html = render_to_string("base.html", {"frame": Frame(unread=140)})

    assert '<span class="n" aria-hidden="true">99+</span>' in html


def test_base_says_that_the_data_is_invented_in_the_demo() -> None:
    demo = render_to_string("base.html", {"frame": Frame(demo=True)})
    real = render_to_string("base.html", {"frame": Frame()})

    assert "演示数据，人名均为虚构" in demo
    assert "演示数据" not in real


def test_base_shows_messages_as_notes() -> None:
    messages = [
        Message(constants.SUCCESS, "名单已保存。"),
        Message(constants.ERROR, "没有约成，名额未扣。"),
    ]

    html = render_to_string("base.html", {"messages": messages})

    assert '<div class="note ok" role="status">' in html
    assert '<div class="note bad" role="alert">' in html


def test_base_has_the_other_language_first_in_the_brand_of_an_english_page() -> None:
    with translation.override("en"):
        html = render_to_string("base.html", {})

    assert '<html lang="en"' in html
    assert '<b>Career Classroom</b><span class="en" lang="zh-CN">职业学堂</span>' in html


def test_language_switch_posts_back_to_the_same_page() -> None:
    request = RequestFactory().get("/find/?stage=junior&half=am")

    html = render_to_string("base.html", {}, request=request)

    assert '<form class="language" action="/i18n/setlang/" method="post">' in html
    assert 'name="next" value="/find/?stage=junior&amp;half=am"' in html
    assert 'name="language" value="en" lang="en">English</button>' in html


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "409", "500", "503"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_error_page_needs_neither_request_nor_database(name, language) -> None:
    with translation.override(language):
        page = Page(render_to_string(f"{name}.html"))

    assert page.headings == ["h1"]
    assert page.inline == []


@pytest.mark.parametrize("name", ["403", "404", "409"])
def test_error_page_gives_the_reason(name) -> None:
    html = render_to_string(f"{name}.html", {"reason": "二号工位区只剩 14 位。"})

    assert "<p>二号工位区只剩 14 位。</p>" in html


@pytest.mark.parametrize(
    "show", [gallery.show, gallery.show_confirm, gallery.show_desk, gallery.show_print]
)
def test_gallery_keeps_the_content_security_policy_and_unique_ids(show, rf) -> None:
    page = Page(show(rf.get("/pieces/")).content.decode())

    assert page.inline == []
    assert len(page.ids) == len(set(page.ids))
    assert page.headings.count("h1") == 1
    assert page.headings[0] == "h1"


def test_templates_use_only_icons_that_exist() -> None:
    sprite = (Path(settings.BASE_DIR) / "templates/pieces/icons.html").read_text()
    known = set(re.findall(r'<symbol id="i-([a-z0-9]+)"', sprite))
    sources = [
        path
        for path in Path(settings.BASE_DIR).glob("**/templates/**/*.html")
        if "node_modules" not in path.parts
    ]

    used = {name for path in sources for name in re.findall(r'{% icon "([^"]+)"', path.read_text())}

    assert used - known == set()


def test_gallery_shows_every_icon() -> None:
    sprite = (Path(settings.BASE_DIR) / "templates/pieces/icons.html").read_text()

    assert sorted(gallery.ICONS) == sorted(re.findall(r'<symbol id="i-([a-z0-9]+)"', sprite))


def test_templates_keep_the_content_security_policy() -> None:
    sources = [
        path
        for path in Path(settings.BASE_DIR).glob("**/templates/**/*.html")
        if ".venv" not in path.parts
    ]

    refused = [
        str(path.relative_to(settings.BASE_DIR))
        for path in sources
        if "node_modules" not in path.parts
        and re.search(r'\s(style|on(click|change|submit|load))="|<style|<script>', path.read_text())
    ]

    assert refused == []
