"""What a row is: a student, or a title, a subtotal, a note, nothing. Cells in, a word out."""

import re
from typing import Any

from . import cells, class_names, header

_PLAIN_NAME = re.compile(r"[一-鿿]{2,4}").fullmatch


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Rows whose name is one of these hold no student.
_SUBTOTAL_NAMES = _words("小计 合计 总计 共计 累计 平均 人数 总人数 男生 女生 男生数 女生数")
NOTE_NAMES = _words(
    "备注 说明 附注 制表 制表人 审核 审核人 填表 填表人 班主任 日期 校长 教导处 教务处 填写说明 "
    "示例 样例 注意事项 盖章 签名 签字 "
    "家长签名 家长签字 校长签名 校长签字"
)
_NO_NAMES = _SUBTOTAL_NAMES | NOTE_NAMES | header.WORDS
_SUBTOTAL = re.compile(
    r"小\s*计|合\s*计|总\s*计|共\s*计|总人数|共\s*[\d一二三四五六七八九十]+\s*人"
)
_NOTE = re.compile(
    r"[(（*※【\[]*(?:注[:：意、0-9]|注$|备注|说明|附注|制表|审核|填表|班主任[:：]|日期[:：]|联系人[:：]"
    r"|[一-鿿()（）]{0,8}(?:签字|签名|盖章)[)）]?(?:[:：]|\s*$)|note)",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"[(（【\[]?(?:示例|样例|例[:：]|例如|example)", re.IGNORECASE)
_NOTE_SHEET = re.compile(
    r"说明|须知|示例|参考|字典|选项|汇总|统计|请修改|notes|to ?mend", re.IGNORECASE
)
# What some offices write for "nothing".
NOTHING = frozenset({"", *_words("- -- — —— / \\ 无 暂无 N/A n/a #N/A")})


def is_plain_name(cell: Any) -> bool:
    """Two to four Chinese characters that are no word of a form: nearly every name."""
    return type(cell) is str and _PLAIN_NAME(cell) is not None and cell not in _NO_NAMES


def is_note_sheet(name: str) -> bool:
    """Whether a sheet of this name is known to hold no students."""
    return _NOTE_SHEET.search(name) is not None


def kind_of(row: list[Any], block: header.Columns, *, alone: bool) -> str:
    """``student``, or why there is none: ``title``, ``subtotal``, ``note``, ``blank``.

    ``alone`` says that a row holds one student, not several side by side.
    """
    name = cells.text_of(row[block.name])
    filled = {column for column, cell in enumerate(row) if is_filled(cell)}
    if not filled:
        return "blank"
    if header.field_of(name) and header.is_header(row):
        return "title"
    texts = [cells.text_of(row[column]) for column in sorted(filled)]
    if name in _SUBTOTAL_NAMES or (
        (not name or len(filled) <= 3) and any(map(_SUBTOTAL.search, texts))
    ):
        return "subtotal"
    if _EXAMPLE.match(name):
        return "note"
    # What has a class or a number is no note, whatever it starts with.
    marks = {block.classes, block.student_no} & filled
    if (_is_note(name) or _is_note(texts[0])) and all(
        _is_note(cells.text_of(row[column])) for column in marks if column is not None
    ):
        return "note"
    if len(filled) == 1 and len(row) > 1:
        if class_names.class_in_title(texts[0]):
            return "title"
        if not name or len(name) > 12:
            return "note"
    if name in NOTHING:
        used = {
            column for column in filled - block.serials if cells.text_of(row[column]) not in NOTHING
        }
        return "student" if used and alone else "blank"
    return "student"


def _is_note(text: str) -> bool:
    return text in NOTE_NAMES or bool(_NOTE.match(text))


def is_filled(cell: Any) -> bool:
    return bool(cell.strip()) if type(cell) is str else cell is not None
