"""The roster that is measured: 20,000 students of one district-sized school, as an .xlsx."""

import io
import random

import xlsxwriter

ROWS = 20_000
STUDENTS_PER_CLASS = 100
CLASSES_PER_GRADE = 50
GRADES = "六七八九"

_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = "明芳丽强静伟娜敏杰宇轩涵梓晨欣怡佳琪子墨一诺雨桐思远若溪"


def roster_of(rows: int = ROWS) -> bytes:
    """A merged title, a header with a blank in 姓　名, and that many students in full classes."""
    chance = random.Random(20260901)  # noqa: S311 (names of nobody)
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    page = book.add_worksheet("名单")
    page.merge_range(0, 0, 0, 6, "2026学年学生名册")
    page.write_row(1, 0, ["序号", "年级", "班级", "学籍副号", "姓　名", "性别", "座号"])
    per_grade = STUDENTS_PER_CLASS * CLASSES_PER_GRADE
    for at in range(rows):
        grade, of_grade = divmod(at, per_grade)
        number, seat = divmod(of_grade, STUDENTS_PER_CLASS)
        sign = GRADES[grade % len(GRADES)]
        name = chance.choice(_FAMILY) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2))))
        page.write_row(
            2 + at,
            0,
            [
                at + 1,
                f"{sign}年级",
                f"{sign}（{number + 1}）班",
                f"3101070012{2026 - grade}{at:05d}",
                name,
                chance.choice("男女"),
                seat + 1,
            ],
        )
    book.close()
    return written.getvalue()
