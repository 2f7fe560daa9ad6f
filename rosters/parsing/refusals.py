"""Why a cell is refused and what to do: one sentence for each code of a ``CellRefusal``."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "id_card": _("这里有身份证号。本平台不收身份证号，请删去。"),
    "id_card_column": _("这一列是身份证号或学籍主号。本平台不收，请删去整列。"),
    "birth_date": _("这里像是出生日期。本平台不收出生日期，请删去。"),
    "birth_date_column": _("这一列是出生日期。本平台不收，请删去整列。"),
    "phone": _("这里有电话号码。本校没有打开“保存监护人电话”，请删去。"),
    "phone_column": _("这一列是电话。本校没有打开“保存监护人电话”，请删去整列。"),
    "phone_misplaced": _("电话号码写在了别的列里。请移到“监护人电话”一列，或删去。"),
    "student_phone_column": _("这一列是学生本人的电话。本平台不收，请删去整列。"),
    "phone_odd": _("这不像一个电话号码。请只写一个号码。"),
    "rounded_number": _(
        "号码太长，已被 Excel 改动，末几位不可靠。请把这一列设为文本，照原件重新填写。"
    ),
    "name_missing": _("这一行没有姓名。请填上姓名，或删去这一行。"),
    "name_too_long": _("姓名超过 60 个字。请核对。"),
    "name_unreadable": _("姓名里有显示不出的字，或不像姓名。请重新输入。"),
    "student_no_odd": _(
        "学号只能用字母、数字和短横，最多 20 位；18 位的像身份证号，不收。请核对。"
    ),
    "student_no_twice": _("这个学号在文件里出现了两次。请核对。"),
    "seat_odd": _("座号要是 1 到 200 的整数。请核对。"),
    "seat_twice": _("班里已有同样的座号。请核对。"),
    "class_missing": _("这一行没有班级。请填上班级。"),
    "class_unknown_sheet": _(
        "看不出这张工作表是哪个班。请加一列“班级”，或把工作表名改成班级，如“七(3)班”。"
    ),
    "class_disagrees": _("工作表名和表上标题写的不是同一个班。请改成一致。"),
    "class_is_date": _("Excel 把班级改成了日期。请把这一列设为文本，重新填写班级。"),
    "sheet_without_header": _(
        "这张工作表没有表头“姓名”。表上有学生的，请补上表头；没有的，请删去这张表。"
    ),
}

# These stand at the head of a column and mean every cell below it.
OF_COLUMNS = frozenset(
    {"id_card_column", "birth_date_column", "phone_column", "student_phone_column"}
)

# What such a cell says is never written again, not even for the person who sent it.
SENSITIVE = OF_COLUMNS | {
    "id_card",
    "birth_date",
    "phone",
    "phone_misplaced",
    "phone_odd",
    "rounded_number",
}


def sentence(code: str) -> str:
    """The sentence in the active language."""
    return str(SENTENCES[code])
