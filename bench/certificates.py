"""How long the certificates of a class of 40 take to print.

Run it as ``python -m bench.certificates``. Prints one line and writes it to
var/bench/certificates.json: seconds for one PDF of 40, and for 40 of one each, which is what a
compile a student would cost. Target: under 3 s.
"""

import base64
import json
import secrets
import sys
import time
from pathlib import Path

from attendance.documents.certificates import (
    Both,
    CertificateLine,
    CertificateSheet,
    CertificateWords,
    certificate_sheets,
)
from attendance.documents.printing import fonts

COUNT, LINES, TARGET = 40, 4, 3.0
RESULT = Path("var/bench/certificates.json")
WORD = Both("学时", "Class hours")
WORDS = CertificateWords(WORD, (WORD, WORD, WORD, WORD), WORD, WORD, WORD, WORD, WORD)
NAMES = ("陈一诺", "欧阳思远", "阿依古丽·买买提江", "李㛃", "𠮷田花", "王䶮")


def sheet(number: int) -> CertificateSheet:
    code = base64.b32encode(secrets.token_bytes(10)).decode()
    return CertificateSheet(
        code=code,
        address=f"https://classroom.example.org/verify/{code}/",
        name=NAMES[number % len(NAMES)],
        who=Both("清河实验初级中学 七(3)班", "Qinghe School, Class 7(3)"),
        says=Both("完成职业体验 16 学时。", "completed 16 class hours of career experience."),
        school=Both("清河实验初级中学", "Qinghe School"),
        issued=Both("2026 年 12 月 20 日（周日）", "Sun 20 Dec 2026"),
        hours=16,
        lines=[
            CertificateLine(
                on=Both("2026 年 12 月 8 日（周二）", "Tue 8 Dec 2026"),
                what=Both("汽车美容师", "Car detailer"),
                host=Both("曹杨职业技术学校", "Caoyang Vocational School"),
                hours=4,
            )
        ]
        * LINES,
    )


def main() -> int:
    # The fonts are looked up once a process; that is no part of a sheet.
    fonts()
    together = []
    for _round in range(3):
        sheets = [sheet(number) for number in range(COUNT)]
        begun = time.perf_counter()
        certificate_sheets(sheets, words=WORDS)
        together.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    for number in range(COUNT):
        certificate_sheets([sheet(number)], words=WORDS)
    apart = time.perf_counter() - begun
    figures = {
        "certificates": COUNT,
        "seconds": round(min(together), 2),
        "seconds_one_by_one": round(apart, 2),
        "target": TARGET,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0 if min(together) < TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
