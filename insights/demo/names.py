"""Invented names. Namesakes, long names and rare characters are among them on purpose."""

import random

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢"
    "蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟"
)
DOUBLE_SURNAMES = ("欧阳", "上官", "司徒", "诸葛", "东方")
FIRST = "子梓雨思一佳欣嘉宇浩俊诗雅晨语若天安景文书明心逸可奕睿芷清知行乐"
SECOND = "涵轩萱怡诺彤琪豪航辰妍然宁远墨溪佑桐晴阳悦恒瑶霖宸希朗月帆舒齐玥"

# Names that a list, a badge or a search has to stand.
UNUSUAL = (
    "阿依古丽·买买提江",
    "林晓",
    "欧阳思远",
    "李子涵",
    "李子涵",
    "王䶮",
    "徐嘉",
    "㛃然",
    "吴桐",
    "𠮷川宁",
)


def student_names(count: int, rng: random.Random) -> list[str]:
    """That many names; now and then two in a class are the same."""
    names = []
    for _number in range(count):
        surname = rng.choice(DOUBLE_SURNAMES) if rng.random() < 0.02 else rng.choice(SURNAMES)
        given = rng.choice(SECOND)
        if rng.random() < 0.8:
            given = rng.choice(FIRST) + given
        names.append(surname + given)
    if count > 2 and rng.random() < 0.2:
        names[rng.randrange(count)] = names[rng.randrange(count)]
    return names


def adult_name(rng: random.Random) -> str:
    return rng.choice(SURNAMES) + rng.choice(FIRST) + rng.choice(SECOND)


def phone(number: int) -> str:
    """A number of the range kept for examples in this demonstration."""
    return f"021-5550 {number % 10000:04d}"
