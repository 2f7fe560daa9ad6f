"""Hosts, their sites and rooms, and the 70 courses of data/courses.csv, through review."""

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.actors import SYSTEM, Actor
from accounts.choices import OrganisationKind, Role, Stage
from accounts.models import Membership, Organisation
from accounts.services import organisations
from courses.choices import REVIEW_DIMENSIONS, Mode, OccupationFamily, ReviewDecision, Verdict
from courses.models import CourseVersion
from courses.services import reviews, versions
from insights.demo import people, texts
from insights.demo.names import adult_name, phone
from sites import services as sites_services
from sites.models import Room

CSV = Path("data") / "courses.csv"

# The training centres' stars as the alliance's report of 2020 lists them; the rest is unrated.
STARS = {
    "上海市烹饪开放实训中心": 4,
    "上海市会展开放实训中心": 2,
    "上海市会计开放实训中心": 2,
    "上海市计算机应用实训室": 3,
    "信息技术计算机开放实训中心": 4,
    "上海市现代化工开放实训中心": 3,
    "现代控制技术开放实训中心": 2,
    "国际商务开放实训中心": 2,
    "焙烤开放实训中心": 2,
    "物联网开放实训中心": 2,
}
ROOMS_PER_CENTRE = 2

OPENING_HOURS = "周一至周五 8:30–16:30"
# The kitchens have an early shift and a late one: where the session that is under way takes place,
# whatever the time.
NEVER_SHUT = "上海市烹饪开放实训中心"
OPEN_ALWAYS = "每天 0:00–24:00（早晚班实训，请先预约）"

# The hosts' short names, English names and sign-ins.
HOSTS = {
    "上海市曹杨职业技术学校": ("曹杨职校", "Caoyang Vocational and Technical School", "caoyang"),
    "上海信息技术学校": ("信息技校", "Shanghai Information Technology School", "xinxi"),
    "上海商业会计学校": ("商业会计", "Shanghai Commerce and Accounting School", "kuaiji"),
    "上海市经济管理学校": ("经管学校", "Shanghai Economics and Management School", "jingguan"),
    "上海市贸易学校": ("贸易学校", "Shanghai Trade School", "maoyi"),
    "春晖职校": ("春晖职校", "Chunhui Vocational School", "chunhui"),
    "普陀区业余大学": ("区业余大学", "Putuo District Spare-time University", "yeda"),
    "景格股份": ("景格股份", "Jingge Technology", "jingge"),
    "波克城市": ("波克城市", "Boke City Games", "boke"),
    "天地软件园": ("天地软件园", "Tiandi Software Park", "tiandi"),
    "M50": ("M50", "M50 Creative Park", "m50"),
    "夸夫曼(上海)智能科技发展有限公司": ("夸夫曼", "Kuafuman Intelligent Technology", "kuafuman"),
    "上海蓝海人力资源股份有限公司": ("蓝海人力", "Lanhai Human Resources", "lanhai"),
    "致达集团": ("致达集团", "Zhida Group", "zhida"),
    "红湾众创": ("红湾众创", "Hongwan Maker Space", "hongwan"),
    "创业星工厂": ("创业星工厂", "Startup Star Works", "xinggongchang"),
    "绿波廊(市级大师工作室)": ("绿波廊工作室", "Lübolang Master's Workshop", "lubolang"),
    "职业院校联合(工匠进校园)": ("工匠进校园", "Craftspeople Visit Schools", "gongjiang"),
    "合作企业(酒店服务类)": ("酒店合作企业", "Partner Hotel", "hotel"),
    "合作企业(医药零售类)": ("医药合作企业", "Partner Pharmacy", "pharmacy"),
    "合作企业(现代物流类)": ("物流合作企业", "Partner Logistics Company", "logistics"),
    "合作企业(检验检测类)": ("检测合作企业", "Partner Testing Laboratory", "testing"),
}

# The families of occupations, by what a title contains; the first that fits.
FAMILIES: tuple[tuple[OccupationFamily, str], ...] = (
    (OccupationFamily.CAREER, "生涯 创业者 产品经理 人力资源 职业探索营"),
    (OccupationFamily.COOKING, "面点 厨师 冷菜 西点 面包 裱花 咖啡 点心"),
    (OccupationFamily.AUTOMOTIVE, "汽车"),
    (OccupationFamily.MANUFACTURING, "机器人 自动化 装接 智能制造 钳工 物联网"),
    (OccupationFamily.INFORMATION, "网站 网络 信息安全 程序员 软件 游戏 智能家居"),
    (OccupationFamily.LABORATORY, "化学 日化 化工 食品检验 检测 药师"),
    (OccupationFamily.COMMERCE, "出纳 会计 税务 审计 理财 商务软件 电商 外贸 文员 珠算"),
    (OccupationFamily.DESIGN, "平面 剪辑 原画 策展"),
    (OccupationFamily.CRAFT, "首饰 茶艺 花艺 版画"),
    (OccupationFamily.LOGISTICS, "物流 货运 快递"),
    (OccupationFamily.CARE, "社区 保育"),
    (OccupationFamily.SERVICE, ""),
)


@dataclass
class Host:
    """A host with what its sessions need."""

    organisation: Organisation
    manager: Actor
    instructors: list[Membership]
    rooms: dict[str, list[Room]] = field(default_factory=dict)


@dataclass
class Catalogue:
    hosts: dict[str, Host]
    # Published versions with the names of the sites they use.
    offers: list[tuple[CourseVersion, list[str]]]


def rows() -> list[dict[str, str]]:
    path = Path(settings.BASE_DIR) / CSV
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def build(
    *, reviewer: Actor, rng: random.Random, now: datetime, limit: int, step: Callable[[], None]
) -> Catalogue:
    """The hosts and courses exist; all but a handful of courses are published."""
    entries = rows()
    chosen = entries if limit >= len(entries) else [*entries[:limit], *_camps(entries)]
    hosts: dict[str, Host] = {}
    offers = []
    for number, row in enumerate(chosen):
        name = row["provider"]
        if name not in hosts:
            hosts[name] = _host(name, row["provider_kind"], len(hosts), rng, now)
        host = hosts[name]
        sites = row["room"].split(";")
        if row["mode"] != "online":
            for site in sites:
                _ensure_site(host, site, int(row["capacity"]), rng, now)
        version = _course(row, host, now)
        if _fate(version, number, host, reviewer, now):
            offers.append((version, sites))
        step()
    return Catalogue(hosts, offers)


def _camps(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in entries if row["class_hours"] == "14"][:1]


def _host(name: str, kind: str, number: int, rng: random.Random, now: datetime) -> Host:
    short, english, login = HOSTS[name]
    organisation = organisations.found_organisation(
        by=SYSTEM,
        kind=OrganisationKind(kind),
        name=name,
        short_name=short,
        name_en=english,
        address=f"普陀区示例路 {number * 12 + 8} 号",
        contact_name=adult_name(rng),
        contact_phone=phone(number * 31 + 100),
        now=now,
    )
    manager = people.enrol(
        name=adult_name(rng),
        login=f"{login}.manager",
        organisation=organisation,
        role=Role.HOST_MANAGER,
        now=now,
    )
    teaching = 4 if kind == OrganisationKind.VOCATIONAL_SCHOOL else 1
    instructors = [
        people.enrol(
            name=adult_name(rng),
            login=f"{login}.instructor{index + 1}",
            organisation=organisation,
            role=Role.INSTRUCTOR,
            now=now,
        )
        for index in range(teaching)
    ]
    return Host(organisation, people.acting(manager), instructors)


def _ensure_site(host: Host, name: str, group_size: int, rng: random.Random, now: datetime) -> None:
    """The site with its rooms, each large enough for the course that named it first."""
    if name in host.rooms:
        return
    organisation = host.organisation
    site = sites_services.add_site(
        by=host.manager,
        host_id=organisation.pk,
        name=name,
        address=organisation.address,
        contact_name=adult_name(rng),
        contact_phone=phone(rng.randrange(10_000)),
        opening_hours=OPEN_ALWAYS if name == NEVER_SHUT else OPENING_HOURS,
        directions="请从正门登记后进入，大巴可停在门前落客区。",
        now=now,
    )
    if name in STARS:
        sites_services.rate_site(
            by=SYSTEM, site=site, stars=STARS[name], is_practice_base=True, now=now
        )
    size = max(group_size, 24)
    rooms = ROOMS_PER_CENTRE if organisation.kind == OrganisationKind.VOCATIONAL_SCHOOL else 1
    host.rooms[name] = [
        sites_services.add_room(
            by=host.manager,
            site=site,
            name=f"{'一二三四'[index]}号实训室",
            floor_area_m2=size * 3 + rng.randrange(4, 30),
            stations=size + 2 * index,
            licensed_capacity=size + 6,
            now=now,
        )
        for index in range(rooms)
    ]


def family_of(title: str) -> OccupationFamily:
    head = title.split("：")[0]
    return next(
        family
        for family, words in FAMILIES
        if not words
        or any(
            word in title if family == OccupationFamily.CAREER else word in head
            for word in words.split()
        )
    )


def _course(row: dict[str, str], host: Host, now: datetime) -> CourseVersion:
    first, last = (int(grade) for grade in row["grades"].split("-"))
    stages = {"小学": Stage.PRIMARY, "初中": Stage.JUNIOR, "高中": Stage.SENIOR}
    fields: dict[str, Any] = {
        "title_zh": row["title_zh"],
        "title_en": row["title_en"],
        "occupation_zh": row["occupation_zh"],
        "occupation_en": row["occupation_en"],
        "occupation_family": family_of(row["title_zh"]),
        "stages": [stages[name] for name in row["stages"].split(";")],
        "grade_from": first,
        "grade_to": last,
        "class_hours": int(row["class_hours"]),
        "group_size_min": min(8, int(row["capacity"])),
        "group_size_max": int(row["capacity"]),
        "mode": {"on-site": Mode.ON_SITE, "blended": Mode.BLENDED, "online": Mode.ONLINE}[
            row["mode"]
        ],
        "labour_task_group": row["labour_task_group"],
        "summary_zh": row["summary_zh"],
        "needs_assistant": row["needs_assistant"] == "1",
        **texts.of_course(row),
    }
    version = versions.start_course(
        by=host.manager,
        host_id=host.organisation.pk,
        code=row["course_code"],
        fields=fields,
        now=now - timedelta(days=40),
    )
    version.host = host.organisation
    return version


def _fate(version: CourseVersion, number: int, host: Host, reviewer: Actor, now: datetime) -> bool:
    """Most courses are approved; of every twenty one waits, one was returned, one is a draft.
    Says whether the version is published."""
    fate = {13: "draft", 17: "returned", 33: "waiting", 47: "waiting", 58: "waiting"}.get(number)
    if fate == "draft":
        return False
    handed_in = now - timedelta(days=2 + number % 7) if fate == "waiting" else now - timedelta(35)
    versions.submit_version(by=host.manager, version=version, now=handed_in)
    if fate == "waiting":
        return False
    _review(version, reviewer, now - timedelta(days=30), passes=fate != "returned")
    if number == 21:
        # A course that was improved: its first version gives way to a second.
        second = versions.start_new_version(
            by=host.manager, course=version.course, now=now - timedelta(days=20)
        )
        versions.submit_version(by=host.manager, version=second, now=now - timedelta(days=19))
        _review(second, reviewer, now - timedelta(days=18), passes=True)
        version.refresh_from_db()
    return fate is None and version.state == "published"


def _review(version: CourseVersion, reviewer: Actor, now: datetime, *, passes: bool) -> None:
    verdicts: dict[str, str] = {name: Verdict.PASS for name, _label in REVIEW_DIMENSIONS}
    comments = {}
    if not passes:
        verdicts["safety_assurance"] = Verdict.FIX
        comments["safety_assurance"] = "请补充助教人数，写明刀具收发和急救箱的位置。"
    reviews.decide(
        by=reviewer,
        version=version,
        edition=version.edition,
        decision=ReviewDecision.APPROVED if passes else ReviewDecision.RETURNED,
        verdicts=verdicts,
        comments=comments,
        now=now,
    )
