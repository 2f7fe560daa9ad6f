"""Files of which cells, or all, are refused."""

import io
import zipfile
from datetime import date

from rosters import errors
from rosters.parsing.shapes import SchoolFacts

from . import Case, student, writing
from .layouts import PHONES, THREE, TITLE

# Numbers of nobody.
ID_CARD = writing.id_card("31010720130405123")
OLD_ID_CARD = "310107130405123"


def _cells(
    name: str,
    rows: writing.Rows,
    refusals: list[tuple[int, str, str]],
    read: list[tuple[str, tuple[int, int], str, int | None]],
    *,
    facts: SchoolFacts | None = None,
) -> Case:
    case = Case(
        name,
        lambda: writing.xlsx({"名单": rows}),
        [student(*one) for one in read],
        refusals=[("名单", *one) for one in refusals],
        skipped=TITLE,
    )
    return case if facts is None else Case(**{**case.__dict__, "facts": facts})


REFUSED_CELLS = [
    _cells(
        "id_card_in_name_and_other_columns",
        [
            ["班级", "姓名", "备注", "学号"],
            ["703", "酆都", "", "1"],
            ["703", f"鲍鱼{ID_CARD}", "", "A2"],
            ["703", "史记", f"证件 {ID_CARD[:6]} {ID_CARD[6:14]} {ID_CARD[14:]}", "A3"],
            ["703", "唐诗", OLD_ID_CARD, "A4"],
            ["703", "费城", "", ID_CARD.lower()],
        ],
        [(3, "B", "id_card"), (4, "C", "id_card"), (5, "C", "id_card"), (6, "D", "id_card")],
        [
            ("酆都", (7, 3), "1", None),
            ("", (7, 3), "A2", None),
            ("史记", (7, 3), "A3", None),
            ("唐诗", (7, 3), "A4", None),
            ("费城", (7, 3), "", None),
        ],
    ),
    _cells(
        "national_number_is_an_id_card",
        [["班级", "姓名", "学籍号"], ["703", "廉颇", "G" + ID_CARD]],
        [(2, "C", "id_card")],
        [("廉颇", (7, 3), "", None)],
    ),
    _cells(
        "main_number_column",
        [["班级", "姓名", "学籍主号"], ["703", "岑参", "G123"], ["703", "薛涛", None]],
        [(1, "C", "id_card_column")],
        [("岑参", (7, 3), "", None), ("薛涛", (7, 3), "", None)],
    ),
    _cells(
        "number_rounded_by_excel",
        [
            ["班级", "姓名", "学籍号", "备注"],
            ["703", "雷雨", 3101072014262000109, ""],
            ["703", "贺喜", "3.10107E+18", ""],
            ["703", "倪云", 310107201426200, ""],
            ["703", "汤圆", "A1", 310107201304051234],
        ],
        [
            (2, "C", "rounded_number"),
            (3, "C", "rounded_number"),
            (5, "D", "rounded_number"),
        ],
        [
            ("雷雨", (7, 3), "", None),
            ("贺喜", (7, 3), "", None),
            ("倪云", (7, 3), "310107201426200", None),
            ("汤圆", (7, 3), "A1", None),
        ],
    ),
    _cells(
        "birth_date_columns_and_cells",
        [
            ["班级", "姓名", "出生日期", "备注", "入学日期"],
            ["703", "滕王", "20130405", date(2013, 4, 5), date(2013, 9, 1)],
            ["703", "殷商", None, "2013年4月5日生", date(2026, 9, 1)],
        ],
        [(1, "C", "birth_date_column"), (2, "D", "birth_date"), (3, "D", "birth_date")],
        [("滕王", (7, 3), "", None), ("殷商", (7, 3), "", None)],
    ),
    _cells(
        "phones_not_kept",
        [
            ["班级", "姓名", "联系电话", "备注", "座号"],
            ["703", "罗马", "13800001111", "", 1],
            ["703", "毕升", "", "父 138-0000-1111", 2],
            ["703", "郝景", "", 13800001111, 3],
        ],
        [(1, "C", "phone_column"), (3, "D", "phone"), (4, "D", "phone")],
        [("罗马", (7, 3), "", 1), ("毕升", (7, 3), "", 2), ("郝景", (7, 3), "", 3)],
    ),
    Case(
        "phones_kept_but_elsewhere",
        lambda: writing.xlsx(
            {
                "名单": [
                    ["班级", "姓名", "监护人电话", "学生手机", "备注"],
                    ["703", "邬童", "见备注", "13800003333", "13800001111"],
                ]
            }
        ),
        [student("邬童", (7, 3))],
        facts=PHONES,
        refusals=[
            ("名单", 1, "D", "student_phone_column"),
            ("名单", 2, "C", "phone_odd"),
            ("名单", 2, "E", "phone_misplaced"),
        ],
        skipped=TITLE,
    ),
    _cells(
        "names_missing_long_or_lost",
        [
            ["班级", "姓名", "学号"],
            ["703", None, "A1"],
            ["703", "安" * 61, "A2"],
            ["703", "常?", "A3"],
            ["703", "乐\ue863", "A4"],
            ["703", 42, "A5"],
        ],
        [
            (2, "B", "name_missing"),
            (3, "B", "name_too_long"),
            (4, "B", "name_unreadable"),
            (5, "B", "name_unreadable"),
            (6, "B", "name_unreadable"),
        ],
        [
            ("", (7, 3), "A1", None),
            ("安" * 61, (7, 3), "A2", None),
            ("常?", (7, 3), "A3", None),
            ("乐\ue863", (7, 3), "A4", None),
            ("42", (7, 3), "A5", None),
        ],
    ),
    _cells(
        "numbers_and_seats_odd_or_twice",
        [
            ["班级", "姓名", "学号", "座号"],
            ["703", "于谦", "A1", 1],
            ["七(3)班", "时迁", "A1", 1],
            ["704", "傅山", "A/2", 1],
            ["704", "皮影", "A" * 21, "后排"],
            ["704", "卞和", "A3", 1.5],
        ],
        [
            (3, "C", "student_no_twice"),
            (3, "D", "seat_twice"),
            (4, "C", "student_no_odd"),
            (5, "C", "student_no_odd"),
            (5, "D", "seat_odd"),
            (6, "D", "seat_odd"),
        ],
        [
            ("于谦", (7, 3), "A1", 1),
            ("时迁", (7, 3), "A1", 1),
            ("傅山", (7, 4), "", 1),
            ("皮影", (7, 4), "", None),
            ("卞和", (7, 4), "A3", None),
        ],
    ),
    Case(
        "class_missing_or_a_date",
        lambda: writing.xlsx(
            {
                "Sheet1": [
                    ["班级", "姓名"],
                    ["703", "齐心"],
                    [None, "康乐"],
                    [date(2026, 7, 3), "伍德"],
                ]
            }
        ),
        [student("齐心", (7, 3)), student("康乐", ""), student("伍德", "")],
        refusals=[("Sheet1", 3, "A", "class_missing"), ("Sheet1", 4, "A", "class_is_date")],
        skipped=TITLE,
    ),
    Case(
        "sheet_of_no_class",
        lambda: writing.xlsx({"Sheet1": [["姓名"], ["余粮"]], "七2": [["姓名"], ["元宝"]]}),
        [student("余粮", ""), student("元宝", (7, 2))],
        refusals=[("Sheet1", 1, "A", "class_unknown_sheet")],
        skipped={"title": 2},
    ),
    Case(
        "sheet_name_and_title_disagree",
        lambda: writing.xlsx({"七1": [["七（2）班名单"], ["姓名"], ["卜算"]]}),
        [student("卜算", "")],
        refusals=[("七1", 2, "A", "class_disagrees")],
        skipped={"title": 2},
    ),
    Case(
        "sheet_without_header",
        lambda: writing.xlsx({"七1": [["姓名"], ["顾盼"]], "七2": [["孟郊", 1], ["平安", 2]]}),
        [student("顾盼", (7, 1))],
        refusals=[("七2", 1, "A", "sheet_without_header")],
        skipped={"title": 1, "note": 2},
    ),
]


def _bomb() -> bytes:
    return writing.with_part(
        writing.xlsx({"名单": THREE}), "xl/worksheets/sheet1.xml", b"<a>" + b" " * 30_000_000
    )


def _lying_bomb() -> bytes:
    return writing.with_lying_size(_bomb(), "xl/worksheets/sheet1.xml", 1_000)


def _without_places() -> bytes:
    wide = b"<row>" + b"<c/>" * 16_000 + b"<c><v>1</v></c></row>"
    return b'<worksheet xmlns="x"><sheetData>' + wide + b"</sheetData></worksheet>"


def _empty_zip() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        packed.writestr("readme.txt", "no spreadsheet")
    return written.getvalue()


def _workbook(*records: bytes) -> bytes:
    return b"".join(records)


_BOF = writing.record(0x0809, bytes(16))

REFUSED_WHOLE = [
    Case("empty", lambda: b"", suffix=".csv", refused=errors.FileEmpty),
    Case("only_blanks", lambda: b" \r\n,,\r\n", suffix=".csv", refused=errors.FileEmpty),
    Case("no_cells", lambda: writing.xlsx({"名单": []}), refused=errors.FileEmpty),
    Case(
        "no_header",
        lambda: writing.xlsx({"七1": [["顾盼", 1], ["孟郊", 2]]}),
        refused=errors.HeaderMissing,
    ),
    Case(
        "macros_xlsx",
        lambda: writing.with_part(writing.xlsx({"x": THREE}), "xl/vbaProject.bin", b"x"),
        refused=errors.FileHasMacros,
    ),
    Case(
        "macros_xls",
        lambda: writing.compound(
            {"Workbook": _workbook(_BOF, writing.record(0x00D3)), "_VBA_PROJECT_CUR": b"x"}
        ),
        suffix=".xls",
        refused=errors.FileHasMacros,
    ),
    Case(
        "encrypted_xlsx",
        lambda: writing.compound({"EncryptionInfo": b"x", "EncryptedPackage": b"x" * 5_000}),
        refused=errors.FileEncrypted,
    ),
    Case(
        "encrypted_xls",
        lambda: writing.compound({"Workbook": _workbook(_BOF, writing.record(0x002F, b"\0" * 6))}),
        suffix=".xls",
        refused=errors.FileEncrypted,
    ),
    Case("zip_bomb", _bomb, refused=errors.FileUnpacksTooLarge),
    Case("zip_bomb_that_lies", _lying_bomb, refused=errors.FileUnpacksTooLarge),
    Case(
        "cell_at_the_far_end",
        lambda: writing.xlsx({"x": [*THREE, [None] * 16_383 + ["x"]]}),
        refused=errors.FileUnpacksTooLarge,
    ),
    Case(
        "cell_at_the_far_end_without_saying_so",
        lambda: writing.with_part(
            writing.xlsx({"x": THREE}), "xl/worksheets/sheet1.xml", _without_places()
        ),
        refused=errors.FileUnpacksTooLarge,
    ),
    Case(
        "cell_far_below",
        lambda: writing.xlsx_with_cell({"x": THREE}, "B1000000"),
        refused=errors.FileHasTooManyRows,
    ),
    Case(
        "xls_row_far_below",
        lambda: writing.compound(
            {"Workbook": _workbook(_BOF, writing.record(0x0203, b"\x60\xea" + bytes(12)))}
        ),
        suffix=".xls",
        refused=errors.FileHasTooManyRows,
    ),
    Case(
        "one_long_text_in_every_cell",
        lambda: writing.xlsx_by_xlsxwriter("x", [["甲" * 10_000] * 20] * 1_000),
        refused=errors.FileUnpacksTooLarge,
    ),
    Case(
        "text_document_of_libreoffice",
        lambda: writing.with_part(
            writing.ods({"x": THREE}), "mimetype", b"application/vnd.oasis.opendocument.text"
        ),
        suffix=".ods",
        refused=errors.FileKindUnknown,
    ),
    Case(
        "encrypted_ods",
        lambda: writing.with_part(
            writing.ods({"x": THREE}),
            "META-INF/manifest.xml",
            b"<manifest><manifest:encryption-data/></manifest>",
        ),
        suffix=".ods",
        refused=errors.FileEncrypted,
    ),
    Case(
        "macros_ods",
        lambda: writing.with_part(writing.ods({"x": THREE}), "Basic/Standard/a.xml", b"<x/>"),
        suffix=".ods",
        refused=errors.FileHasMacros,
    ),
    Case(
        "ods_cell_repeated",
        lambda: writing.ods({"x": THREE}, repeated=16_000),
        suffix=".ods",
        refused=errors.FileUnpacksTooLarge,
    ),
    Case(
        "formula_xlsx",
        lambda: writing.xlsx_by_xlsxwriter("x", THREE, formula_at="F2"),
        refused=errors.FileHasFormulas,
    ),
    Case(
        "formula_xls",
        lambda: writing.xls({"x": THREE}, formula=True),
        suffix=".xls",
        refused=errors.FileHasFormulas,
    ),
    Case(
        "formula_ods",
        lambda: writing.ods({"x": THREE}, formula=True),
        suffix=".ods",
        refused=errors.FileHasFormulas,
    ),
    Case(
        "formula_csv",
        lambda: writing.text([*THREE, ["=1+1", "x"]]),
        suffix=".csv",
        refused=errors.FileHasFormulas,
    ),
    Case(
        "html_as_xls",
        lambda: "\r\n<html><table><tr><td>姓名</td></tr></table></html>".encode("gb18030"),
        suffix=".xls",
        refused=errors.FileIsWebPage,
    ),
    Case(
        "xml_as_xls",
        lambda: b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>',
        suffix=".xls",
        refused=errors.FileIsWebPage,
    ),
    Case(
        "et_without_a_spreadsheet",
        lambda: writing.compound({"ETContents": b"x"}),
        suffix=".et",
        refused=errors.FileIsNoSpreadsheet,
    ),
    Case(
        "et_of_unknown_bytes",
        lambda: bytes(range(256)),
        suffix=".et",
        refused=errors.FileIsNoSpreadsheet,
    ),
    Case(
        "word_document",
        lambda: writing.compound({"WordDocument": b"x"}),
        suffix=".doc",
        refused=errors.FileKindUnknown,
    ),
    Case("picture", lambda: b"\x89PNG\r\n\x1a\n\0\0", refused=errors.FileKindUnknown),
    Case("other_zip", _empty_zip, refused=errors.FileKindUnknown),
    Case("cut_off_xlsx", lambda: writing.xlsx({"x": THREE})[:2_000], refused=errors.FileBroken),
    Case(
        "cut_off_xls",
        lambda: writing.xls({"x": THREE})[:700],
        suffix=".xls",
        refused=errors.FileBroken,
    ),
    Case("too_large", lambda: b"x" * (20 * 1024 * 1024 + 1), refused=errors.FileTooLarge),
    Case(
        "too_many_rows",
        lambda: writing.text(
            [["班级", "姓名"], *([f"七{1 + at % 40}", "周周"] for at in range(20_001))]
        ),
        suffix=".csv",
        refused=errors.FileHasTooManyRows,
    ),
]
