"""However a school writes a class, it is read as that class; what is not sure is asked."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.choices import STAGE_GRADES, Stage
from rosters import naming
from rosters.parsing.class_names import (
    canonical,
    class_in_title,
    grades_of,
    number_of,
    read_class_name,
)
from rosters.parsing.shapes import ClassName, SchoolFacts

from .corpus import UNHURRIED

JUNIOR = SchoolFacts(("junior",), 2026)
WHOLE = SchoolFacts(("primary", "junior", "senior"), 2026)

CHINESE = "零一二三四五六七八九十"
NUMBERS = {number: CHINESE[number] for number in range(1, 11)} | {
    number: "十" + CHINESE[number - 10] for number in range(11, 20)
}
FULL_WIDTH = str.maketrans("0123456789().-", "０１２３４５６７８９（）．－")


@st.composite
def written_classes(draw: st.DrawFn) -> tuple[str, ClassName, SchoolFacts]:
    """A class, one of the many ways of writing it, and a school that has it."""
    stage = draw(st.sampled_from(list(Stage)))
    first, last = STAGE_GRADES[stage]
    grade = draw(st.integers(first, last))
    number = draw(st.integers(1, 19))
    year = 2026 - (grade - first)
    grades = [f"{grade}年级", f"{NUMBERS[grade]}年级", f"{year}级", f"{year % 100}级"]
    if grade < 10:
        grades.append(NUMBERS[grade])
    if stage == Stage.JUNIOR:
        junior = {6: ["预备", "预初", "预备年级"], 7: ["初一", "初1", "初中一年级"]}
        grades += junior.get(grade, [f"初{CHINESE[grade - 6]}", f"初{grade - 6}"])
    if stage == Stage.SENIOR:
        grades += [f"高{CHINESE[grade - 9]}", f"高{grade - 9}", f"高中{CHINESE[grade - 9]}年级"]
    numbers = [f"{number}", f"({number})", f"{NUMBERS[number]}", f"({NUMBERS[number]})"]
    if number < 10:
        numbers += [f"0{number}", f"(0{number})"]
    # 二十一班 is also the twenty-first: that is asked.
    pairs = [
        head + tail
        for head in grades
        for tail in numbers
        if not (head == NUMBERS[grade] and tail == NUMBERS[number] and number > 9 and grade < 7)
    ]
    # Only digits: the grade needs a sign, or two digits for the number.
    pairs += [f"{grade}({number})", f"{grade}-{number}", f"{grade}.{number}"]
    if grade != 1 or number > 9:
        pairs.append(f"{grade}{number:02d}")
    written = draw(st.sampled_from(pairs)) + draw(st.sampled_from(["班", ""]))
    if draw(st.booleans()):
        written = written.translate(FULL_WIDTH)
    blank = draw(st.sampled_from(["", " ", "　", "\n", " "]))
    return blank.join(written), ClassName(grade, number), SchoolFacts((stage.value,), 2026)


@UNHURRIED
@given(written_classes())
def test_every_way_of_writing_a_class_reads_back(
    one: tuple[str, ClassName, SchoolFacts],
) -> None:
    written, class_name, facts = one

    assert read_class_name(written, facts).class_name == class_name


@UNHURRIED
@given(st.sampled_from(list(Stage)), st.data(), st.integers(1, 60), st.sampled_from(["zh", "en"]))
def test_our_own_labels_read_back(
    stage: Stage, data: st.DataObject, number: int, language: str
) -> None:
    grade = data.draw(st.integers(*STAGE_GRADES[stage]))
    entry_year = 2026 - (grade - STAGE_GRADES[stage][0])
    with translation.override("zh-hans" if language == "zh" else "en"):
        label = naming.class_label(stage=stage, grade=grade, entry_year=entry_year, number=number)

    read = read_class_name(label, SchoolFacts((stage.value,), 2026))

    assert read.class_name == ClassName(grade, number)


@UNHURRIED
@given(
    st.text(max_size=80),
    st.text(max_size=10),
    st.booleans(),
    st.sampled_from([JUNIOR, WHOLE, SchoolFacts((), 2026)]),
)
def test_nothing_raises_and_a_class_is_one_of_the_school(
    text: str, grade: str, as_number: bool, facts: SchoolFacts
) -> None:
    read = read_class_name(text, facts, grade=grade, as_number=as_number)

    grades = grades_of(facts)
    assert len(read.written) <= 60
    assert canonical(read.written) == read.written
    for one in [read.class_name] if read.class_name else read.suggestions:
        assert one.grade in grades
        assert 1 <= one.number <= 60


@UNHURRIED
@given(
    st.text(
        alphabet=st.sampled_from("0123456789一二三十七初高预备年级届班()（）.-/第 　classg"),
        max_size=12,
    ),
    st.booleans(),
)
def test_nothing_near_a_class_raises(text: str, as_number: bool) -> None:
    read = read_class_name(text, WHOLE, grade=text[:3], as_number=as_number)

    assert read.class_name is None or read.class_name.grade in grades_of(WHOLE)


@UNHURRIED
@given(st.text(max_size=200))
def test_canonical_is_idempotent(text: str) -> None:
    once = canonical(text)

    assert canonical(once) == once
    assert len(once) <= 60


@UNHURRIED
@given(st.integers(1, 12), st.integers(1, 60), st.text(max_size=12), st.booleans())
def test_an_answer_wins(grade: int, number: int, text: str, as_number: bool) -> None:
    asked = read_class_name(text, WHOLE, as_number=as_number)
    answer = ClassName(grade, number)

    read = read_class_name(
        text,
        SchoolFacts(WHOLE.stages, 2026, answers={asked.written: answer}),
        as_number=as_number,
    )

    if asked.class_name is None:
        assert read.class_name == answer


@pytest.mark.parametrize(
    ("text", "as_number", "suggestions"),
    [
        ("7.1", True, (ClassName(7, 1), ClassName(7, 10))),
        ("73", True, (ClassName(7, 3),)),
        ("3班", False, tuple(ClassName(grade, 3) for grade in (6, 7, 8, 9))),
        ("2027届3班", False, (ClassName(9, 3),)),
        # One that leaves in 2026 has left; one that entered then has not.
        ("2026届3班", False, (ClassName(6, 3),)),
        ("2030级3班", False, (ClassName(6, 3),)),
        ("202603", False, (ClassName(6, 3),)),
        ("一(1)班", False, (ClassName(7, 1),)),
        ("高一(3)班", False, ()),
        ("七(61)班", False, ()),
        ("七年级实验班", False, ()),
        ("预备班", False, ()),
        ("六十班", False, (ClassName(6, 10), *(ClassName(grade, 60) for grade in (6, 7, 8, 9)))),
        ("", False, ()),
    ],
)
def test_what_is_not_sure_is_asked(
    text: str, as_number: bool, suggestions: tuple[ClassName, ...]
) -> None:
    read = read_class_name(text, JUNIOR, as_number=as_number)

    assert read.class_name is None
    assert read.suggestions == suggestions


@pytest.mark.parametrize(
    ("grade", "text", "written", "class_name"),
    [
        ("七年级", "3", "七年级(3)班", ClassName(7, 3)),
        ("7", "3班", "7年级(3)班", ClassName(7, 3)),
        ("2024", "(3)班", "2024级(3)班", ClassName(8, 3)),
        ("初一", "七(3)班", "七(3)班", ClassName(7, 3)),
        ("初中", "703", "703", ClassName(7, 3)),
        ("八年级", "七(3)班", "八年级/七(3)班", None),
    ],
)
def test_a_column_of_grades_completes_the_class(
    grade: str, text: str, written: str, class_name: ClassName | None
) -> None:
    read = read_class_name(text, JUNIOR, grade=grade)

    assert (read.written, read.class_name) == (written, class_name)


def test_what_the_school_has_is_suggested_first() -> None:
    facts = SchoolFacts(("junior",), 2026, classes=frozenset({ClassName(7, 10)}))

    read = read_class_name("7.1", facts, as_number=True)

    assert read.suggestions == (ClassName(7, 10), ClassName(7, 1))


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("2026学年第一学期七（3）班学生名册", "七(3)班"),
        ("某中学七年级三班", "七年级三班"),
        ("预备（2）班", "预备(2)班"),
        ("2026级（3）班", "2026级(3)班"),
        ("703班花名册", "703班"),
        ("第一中学学生名册", ""),
        ("全校班级名单", ""),
    ],
)
def test_class_in_title(title: str, found: str) -> None:
    assert class_in_title(title) == found


@UNHURRIED
@given(st.integers(1, 60))
def test_number_of_reads_digits_and_chinese(number: int) -> None:
    tens, ones = divmod(number, 10)
    chinese = (CHINESE[tens] if tens > 1 else "") + ("十" if tens else "")
    chinese += CHINESE[ones] if ones else ""

    assert number_of(str(number)) == number_of(chinese) == number
