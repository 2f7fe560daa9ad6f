"""Layouts that are read: where the header stands, how classes are written, what is skipped."""

from pathlib import Path

from rosters.parsing.shapes import ClassName, SchoolFacts

from . import JUNIOR, Case, student, writing

LIBREOFFICE = Path(__file__).parent / "libreoffice"

THREE = [
    ["班级", "姓名", "学号", "座号"],
    ["七（3）班", "陈小雨", "20260301", 1],
    ["七(3)班", "李想", "20260302", 2],
    ["七3", "王一诺", "20260303", 3],
]
THREE_READ = [
    student("陈小雨", (7, 3), "20260301", 1),
    student("李想", (7, 3), "20260302", 2),
    student("王一诺", (7, 3), "20260303", 3),
]
# As an office prints it: a merged title, blanks in headers, subtotals, notes.
PRINTED = [
    ["曹杨第九中学2026学年第一学期学生名册", None, None, None, None, None, None],
    ["填表人：教导处", None, None, None, None, None, None],
    ["序号", "年　级", "班　级", "姓　名", "性别", "学籍副号", "备注"],
    [1, "六年级", "1班", "赵　宇", "男", "3101070012026200101", ""],
    [2, "六年级", "1班", "钱　多多", "女", "3101070012026200102", "转入"],
    ["小计", None, None, "2人", None, None, None],
    [None, None, None, None, None, None, None],
    [1, "六年级", "2班", "孙悦", "女", "3101070012026200103", ""],
    ["合计", None, None, "3人", None, None, None],
    ["注：本表一式两份。", None, None, None, None, None, None],
]
PRINTED_READ = [
    student("赵宇", (6, 1), "3101070012026200101"),
    student("钱多多", (6, 1), "3101070012026200102"),
    student("孙悦", (6, 2), "3101070012026200103"),
]
PRINTED_SKIPPED = {"title": 3, "subtotal": 2, "blank": 1, "note": 1}
PER_CLASS = {
    "七(1)班": [["学号", "姓名"], [1, "周舟"], [2, "吴桐"]],
    "七(2)班": [["学号", "姓名"], [1, "郑好"], [2, "周舟"]],
}
PER_CLASS_READ = [
    student("周舟", (7, 1), "", 1),
    student("吴桐", (7, 1), "", 2),
    student("郑好", (7, 2), "", 1),
    student("周舟", (7, 2), "", 2),
]
RARE = [
    ["姓名", "班级"],
    ["张㛃", "八2"],
    ["李䶮", "八2"],
    ["𠮷田", "八2"],
    ["阿依古丽•买买提", "八2"],
    ["艾力.吐尔逊", "八2"],
    ["Anna  Li", "八2"],
]
RARE_READ = [
    student("张㛃", (8, 2)),
    student("李䶮", (8, 2)),
    student("𠮷田", (8, 2)),
    student("阿依古丽·买买提", (8, 2)),
    student("艾力·吐尔逊", (8, 2)),
    student("Anna Li", (8, 2)),
]
NUMERIC = [
    ["班级", "姓名"],
    [7.1, "周一"],
    [7.1, "周二"],
    [7.2, "周三"],
    [703, "周四"],
    [7.11, "周五"],
]
NUMERIC_READ = [
    student("周一", "7.1"),
    student("周二", "7.1"),
    student("周三", (7, 2)),
    student("周四", (7, 3)),
    student("周五", (7, 11)),
]
SEVEN_ONE = {"7.1": (ClassName(7, 1), ClassName(7, 10))}
WHOLE = SchoolFacts(("primary", "junior", "senior"), 2026)
SENIOR = SchoolFacts(("senior",), 2026)
PRIMARY = SchoolFacts(("primary",), 2026)
PHONES = SchoolFacts(("junior",), 2026, keeps_guardian_phones=True)
KNOWN = SchoolFacts(("junior",), 2026, classes=frozenset({ClassName(7, 2), ClassName(7, 20)}))
ANSWERED = SchoolFacts(
    ("junior",), 2026, answers={"7.1": ClassName(7, 10), "七年级实验班": ClassName(7, 6)}
)


MERGED = [
    ["班级", "姓名"],
    ["八(1)班", "许诺"],
    [None, "何田"],
    ["八(2)班", "吕行"],
    [None, "施雨"],
]
MERGED_READ = [
    student("许诺", (8, 1)),
    student("何田", (8, 1)),
    student("吕行", (8, 2)),
    student("施雨", (8, 2)),
]


def _libreoffice(name: str) -> Case:
    """Written by LibreOffice from ``printed``: see the README beside the files."""
    return Case(
        f"libreoffice_{name.replace('.', '_')}",
        (LIBREOFFICE / name).read_bytes,
        PRINTED_READ,
        suffix="." + name.rsplit(".", 1)[1],
        skipped=PRINTED_SKIPPED,
    )


TITLE = {"title": 1}

LAYOUTS = [
    Case("plain_xlsx", lambda: writing.xlsx({"名单": THREE}), THREE_READ, skipped=TITLE),
    Case(
        "plain_by_xlsxwriter",
        lambda: writing.xlsx_by_xlsxwriter("名单", THREE),
        THREE_READ,
        skipped=TITLE,
    ),
    Case(
        "plain_xls", lambda: writing.xls({"名单": THREE}), THREE_READ, suffix=".xls", skipped=TITLE
    ),
    Case(
        "plain_ods", lambda: writing.ods({"名单": THREE}), THREE_READ, suffix=".ods", skipped=TITLE
    ),
    Case("plain_csv", lambda: writing.text(THREE), THREE_READ, suffix=".csv", skipped=TITLE),
    Case(
        "csv_with_mark",
        lambda: writing.text(THREE, encoding="utf-8-sig"),
        THREE_READ,
        suffix=".csv",
        skipped=TITLE,
    ),
    Case(
        "csv_gb18030",
        lambda: writing.text(THREE, encoding="gb18030"),
        THREE_READ,
        suffix=".csv",
        skipped=TITLE,
    ),
    Case(
        "csv_gb18030_rare",
        lambda: writing.text(RARE, encoding="gb18030"),
        RARE_READ,
        suffix=".csv",
        skipped=TITLE,
    ),
    Case(
        "csv_semicolons",
        lambda: writing.text(THREE, delimiter=";"),
        THREE_READ,
        suffix=".csv",
        skipped=TITLE,
    ),
    Case(
        "txt_tabs",
        lambda: writing.text(THREE, delimiter="\t", encoding="gb18030"),
        THREE_READ,
        suffix=".txt",
        skipped=TITLE,
    ),
    Case(
        "txt_utf16_as_excel_saves_it",
        lambda: writing.text(THREE, delimiter="\t", encoding="utf-16"),
        THREE_READ,
        suffix=".txt",
        skipped=TITLE,
    ),
    Case(
        "csv_numbers_in_quotes_of_other_systems",
        lambda: '班级,姓名,学号\r\n703,李想,"=""0070302"""\r\n'.encode(),
        [student("李想", (7, 3), "0070302")],
        suffix=".csv",
        skipped=TITLE,
    ),
    Case(
        "xls_renamed_et",
        lambda: writing.xls({"名单": THREE}),
        THREE_READ,
        suffix=".et",
        skipped=TITLE,
    ),
    Case(
        "xlsx_renamed_xls",
        lambda: writing.xlsx({"名单": THREE}),
        THREE_READ,
        suffix=".xls",
        skipped=TITLE,
    ),
    Case(
        "printed",
        lambda: writing.xlsx({"Sheet1": PRINTED}, merged=["A1:G1", "A2:G2", "A10:G10"]),
        PRINTED_READ,
        skipped=PRINTED_SKIPPED,
    ),
    *map(_libreoffice, ("printed.xls", "printed.ods", "printed.csv", "printed.xlsx")),
    Case(
        "other_order_and_more_columns",
        lambda: writing.xlsx(
            {
                "x": [
                    ["备注", "学籍号", "*姓名（必填）", "民族", "所在班级", "班内序号", "政治面貌"],
                    ["", "3101070012026200109", "冯远", "汉", "初一3班", "12", "少先队员"],
                ]
            }
        ),
        [student("冯远", (7, 3), "3101070012026200109", 12)],
        skipped=TITLE,
    ),
    Case("sheet_per_class", lambda: writing.xlsx(PER_CLASS), PER_CLASS_READ, skipped={"title": 2}),
    Case(
        "sheet_per_class_xls",
        lambda: writing.xls(PER_CLASS),
        PER_CLASS_READ,
        suffix=".xls",
        skipped={"title": 2},
    ),
    Case(
        "class_in_the_title_above",
        lambda: writing.xlsx(
            {"Sheet1": [["2026学年七年级（四）班学生名单"], ["座号", "姓名"], [7, "褚言"]]}
        ),
        [student("褚言", (7, 4), "", 7)],
        skipped={"title": 2},
    ),
    Case(
        "grade_in_the_sheet_name",
        lambda: writing.xlsx(
            {
                "六年级": [["班级", "姓名"], ["1", "卫来"]],
                "七年级": [["班级", "姓名"], [1, "蒋山"], ["(2)班", "沈括"]],
            }
        ),
        [student("卫来", (6, 1)), student("蒋山", (7, 1)), student("沈括", (7, 2))],
        skipped={"title": 2},
    ),
    Case(
        "classes_below_each_other",
        lambda: writing.xlsx(
            {
                "名单": [
                    ["七（1）班", None],
                    ["座号", "姓名"],
                    [1, "韩梅"],
                    ["共1人", None],
                    ["七（2）班", None],
                    ["座号", "姓名"],
                    [1, "杨帆"],
                ]
            }
        ),
        [student("韩梅", (7, 1), "", 1), student("杨帆", (7, 2), "", 1)],
        skipped={"title": 4, "subtotal": 1},
    ),
    Case(
        "two_students_side_by_side",
        lambda: writing.xlsx(
            {
                "九(2)班": [
                    ["座号", "姓名", None, "座号", "姓名"],
                    [1, "朱墨", None, 3, "尤里"],
                    [2, "秦岭", None, None, None],
                ]
            }
        ),
        [
            student("朱墨", (9, 2), "", 1),
            student("尤里", (9, 2), "", 3),
            student("秦岭", (9, 2), "", 2),
        ],
        skipped={"title": 1},
    ),
    Case(
        "class_merged_over_its_students",
        lambda: writing.xlsx({"名单": MERGED}, merged=["A2:A3", "A4:A5"]),
        MERGED_READ,
        skipped=TITLE,
    ),
    Case(
        "class_merged_over_its_students_xls",
        (LIBREOFFICE / "merged.xls").read_bytes,
        MERGED_READ,
        suffix=".xls",
        skipped=TITLE,
    ),
    Case(
        "class_merged_over_its_students_ods",
        (LIBREOFFICE / "merged.ods").read_bytes,
        MERGED_READ,
        suffix=".ods",
        skipped=TITLE,
    ),
    Case(
        "header_of_two_rows",
        lambda: writing.xlsx(
            {
                "名单": [
                    ["姓名", "班级", "编号", None],
                    [None, None, "学号", "座号"],
                    ["张扬", "703", "A-12", 4],
                ]
            },
            merged=["A1:A2", "B1:B2", "C1:D1"],
        ),
        [student("张扬", (7, 3), "A-12", 4)],
        skipped={"title": 2},
    ),
    Case(
        "header_again_on_each_page",
        lambda: writing.xlsx(
            {
                "名单": [
                    ["姓名", "班级"],
                    ["孔明", "703"],
                    ["班级", "姓名"],
                    ["704", "曹冲"],
                ]
            }
        ),
        [student("孔明", (7, 3)), student("曹冲", (7, 4))],
        skipped={"title": 2},
    ),
    Case(
        "hidden_rows_and_sheets_are_read",
        lambda: writing.xlsx(
            {"七1": [["姓名"], ["严冬"], ["华年"]], "七2": [["姓名"], ["金秋"]]},
            hidden_rows=[2],
            hidden_sheets=["七2"],
        ),
        [student("严冬", (7, 1)), student("华年", (7, 1)), student("金秋", (7, 2))],
        skipped={"title": 2},
    ),
    Case(
        "notes_and_lists_on_other_sheets",
        lambda: writing.xlsx(
            {
                "名单": THREE,
                "填写说明": [["请按班级填写"], ["不要改表头"]],
                "sys": [["男"], ["女"]],
            },
            hidden_sheets=["sys"],
        ),
        THREE_READ,
        skipped={"title": 1, "note": 4},
    ),
    Case("rare_characters", lambda: writing.xlsx({"名单": RARE}), RARE_READ, skipped=TITLE),
    Case(
        "rare_characters_xls",
        lambda: writing.xls({"名单": RARE}),
        RARE_READ,
        suffix=".xls",
        skipped=TITLE,
    ),
    Case(
        "numeric_classes",
        lambda: writing.xlsx({"名单": NUMERIC}),
        NUMERIC_READ,
        questions=SEVEN_ONE,
        skipped=TITLE,
    ),
    Case(
        "numeric_classes_ods",
        lambda: writing.ods({"名单": NUMERIC}),
        NUMERIC_READ,
        suffix=".ods",
        questions=SEVEN_ONE,
        skipped=TITLE,
    ),
    Case(
        "decimal_classes_as_text",
        lambda: writing.xlsx({"x": [["班级", "姓名"], ["7.1", "陶然"], ["7.10", "姜维"]]}),
        [student("陶然", (7, 1)), student("姜维", (7, 10))],
        skipped=TITLE,
    ),
    Case(
        "decimal_classes_in_csv",
        lambda: writing.text([["班级", "姓名"], ["7.1", "陶然"]]),
        [student("陶然", "7.1")],
        suffix=".csv",
        questions=SEVEN_ONE,
        skipped=TITLE,
    ),
    Case(
        "twentieth_class_known",
        lambda: writing.xlsx({"x": [["班级", "姓名"], [7.2, "戚风"]]}),
        [student("戚风", "7.2")],
        facts=KNOWN,
        questions={"7.2": (ClassName(7, 2), ClassName(7, 20))},
        skipped=TITLE,
    ),
    Case(
        "answers_win",
        lambda: writing.xlsx(
            {"x": [["班级", "姓名"], [7.1, "谢谢"], ["七年级实验班", "邹游"], ["7.1", "喻言"]]}
        ),
        [student("谢谢", (7, 10)), student("邹游", (7, 6)), student("喻言", (7, 1))],
        facts=ANSWERED,
        skipped=TITLE,
    ),
    Case(
        "asked_once_per_way_of_writing",
        lambda: writing.xlsx(
            {
                "x": [
                    ["班级", "姓名"],
                    ["实验班", "柏青"],
                    ["2027届3班", "水清"],
                    ["73", "窦蔻"],
                    ["实验班", "章法"],
                    ["五(1)班", "云朵"],
                ]
            }
        ),
        [
            student("柏青", "实验班"),
            student("水清", "2027届3班"),
            student("窦蔻", "73"),
            student("章法", "实验班"),
            student("云朵", "五(1)班"),
        ],
        questions={
            "实验班": (),
            "2027届3班": (ClassName(9, 3),),
            "73": (ClassName(7, 3),),
            "五(1)班": (),
        },
        skipped=TITLE,
    ),
    Case(
        "all_stages",
        lambda: writing.xlsx(
            {
                "x": [
                    ["班级", "姓名"],
                    ["一(1)班", "苏打"],
                    ["预备（2）班", "潘多"],
                    ["初二(5)班", "葛根"],
                    ["高一3", "奚望"],
                    ["2026级3班", "范围"],
                ]
            }
        ),
        [
            student("苏打", (1, 1)),
            student("潘多", (6, 2)),
            student("葛根", (8, 5)),
            student("奚望", (10, 3)),
            student("范围", "2026级3班"),
        ],
        facts=WHOLE,
        questions={"2026级3班": (ClassName(1, 3), ClassName(6, 3), ClassName(10, 3))},
        skipped=TITLE,
    ),
    Case(
        "senior_by_entry_year",
        lambda: writing.xlsx({"x": [["年级", "班级", "姓名"], ["2025级", 12, "彭拜"]]}),
        [student("彭拜", (11, 12))],
        facts=SENIOR,
        skipped=TITLE,
    ),
    Case(
        "primary",
        lambda: writing.xlsx({"x": [["班级", "姓名"], ["三（２）班", "郎朗"], ["502", "鲁班"]]}),
        [student("郎朗", (3, 2)), student("鲁班", (5, 2))],
        facts=PRIMARY,
        skipped=TITLE,
    ),
    Case(
        "guardian_phones_kept",
        lambda: writing.xlsx(
            {
                "x": [
                    ["班级", "姓名", "家长电话"],
                    ["703", "韦唯", "13800001111"],
                    ["703", "马到", 13800002222],
                    ["703", "苗苗", None],
                ]
            }
        ),
        [
            student("韦唯", (7, 3), phone="13800001111"),
            student("马到", (7, 3), phone="13800002222"),
            student("苗苗", (7, 3)),
        ],
        facts=PHONES,
        skipped=TITLE,
    ),
    Case(
        "namesakes_stay_two",
        lambda: writing.xlsx({"x": [["班级", "姓名"], ["703", "凤鸣"], ["703", "凤鸣"]]}),
        [student("凤鸣", (7, 3)), student("凤鸣", (7, 3))],
        skipped=TITLE,
    ),
    Case(
        "english",
        lambda: writing.xlsx(
            {"x": [["No.", "Name", "Class", "Student no."], [1, "Anna Li", "Class 7(3)", "S12"]]}
        ),
        [student("Anna Li", (7, 3), "S12")],
        skipped=TITLE,
    ),
    Case(
        "notes_of_many_kinds",
        lambda: writing.xlsx(
            {
                "x": [
                    ["班级", "姓名", "座号"],
                    ["703", "示例：小明", 1],
                    ["703", "说明", 2],
                    ["703", "审核", 3],
                    ["班主任", "丁老师", None],
                    [None, "审核人：王老师", None],
                    ["备注：新生未到", None, None],
                    ["以上名单请于周五前交教导处。", None, None],
                    [None, "班主任签字：", None],
                    [None, "教导主任（签名）", None],
                    [None, "校长签名", None],
                ]
            }
        ),
        # However odd, what has a class and a seat is a student.
        [student("说明", (7, 3), "", 2), student("审核", (7, 3), "", 3)],
        skipped={"title": 1, "note": 8},
    ),
    Case(
        "form_with_empty_lines",
        lambda: writing.xlsx(
            {
                "x": [
                    ["序号", "班级", "姓名", "座号"],
                    [1, "703", "花朵", 1],
                    [2, "703", None, 2],
                    [3, "703", None, 3],
                ]
            }
        ),
        [student("花朵", (7, 3), "", 1)],
        skipped={"title": 1, "blank": 2},
    ),
]

assert JUNIOR.school_year == 2026
