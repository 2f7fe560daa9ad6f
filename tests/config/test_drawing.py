"""Where rulers, bars and charts put their parts."""

import pytest

from config import drawing


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (4, 14, "28.571%"),
        (0, 14, "0.000%"),
        (20, 14, "100.000%"),
        (-1, 14, "0.000%"),
        (3, 0, "0.000%"),
    ],
)
def test_percent_stays_on_the_drawing(part, whole, expected) -> None:
    assert drawing.percent(part, whole) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(14, "14"), (1906, "1,906"), (7.0, "7"), (3.5, "3.5")]
)
def test_plain_number(number, expected) -> None:
    assert drawing.plain(number) == expected


def test_ruler_puts_booked_behind_earned() -> None:
    ruler = drawing.ruler(total=14, earned=4, booked=7)

    assert (ruler.earned_width, ruler.booked_start, ruler.booked_width) == (
        "28.571%",
        "28.571%",
        "50.000%",
    )
    assert ruler.new_width == ""


def test_ruler_marks_every_hour_and_the_middle_from_edge_to_edge() -> None:
    ruler = drawing.ruler(total=14, earned=4, booked=7)

    assert [tick.top for tick in ruler.ticks] == ["8"] * 6 + ["0"] + ["8"] * 6
    assert [tick.on_earned for tick in ruler.ticks] == [True] * 3 + [False] * 10
    assert ruler.numbers == (("0", "start", "0"), ("50%", "middle", "7"), ("100%", "end", "14"))


def test_ruler_of_many_hours_marks_every_fourth() -> None:
    ruler = drawing.ruler(total=32, earned=8, booked=12)

    assert [tick.at for tick in ruler.ticks] == [
        "12.500%", "25.000%", "37.500%", "50.000%", "62.500%", "75.000%", "87.500%",
    ]  # fmt: skip


def test_ruler_of_a_whole_school_has_no_marks() -> None:
    ruler = drawing.ruler(total=46522, earned=100, booked=0)

    assert ruler.ticks == ()


def test_ruler_with_an_odd_total_has_no_middle_number() -> None:
    ruler = drawing.ruler(total=7, earned=0, booked=0)

    assert ruler.numbers == (("0", "start", "0"), ("100%", "end", "7"))


def test_ruler_cuts_hours_off_at_its_end() -> None:
    ruler = drawing.ruler(total=14, earned=9, booked=7)

    assert (ruler.earned_width, ruler.booked_width) == ("64.286%", "35.714%")


def test_ruler_frames_the_new_hours_at_the_end_of_the_booked() -> None:
    ruler = drawing.ruler(total=14, earned=4, booked=10, new=3)

    assert (ruler.new_start, ruler.new_width) == ("78.571%", "21.429%")


@pytest.mark.parametrize(
    ("earned", "booked", "start", "width"),
    [(10, 7, "71.429%", "28.571%"), (10, 19, "100.000%", ""), (14, 7, "100.000%", "")],
)
def test_ruler_frames_new_hours_only_where_they_count(
    earned: int, booked: int, start: str, width: str
) -> None:
    ruler = drawing.ruler(total=14, earned=earned, booked=booked, new=7)

    assert (ruler.new_start, ruler.new_width) == (start, width)


def test_ruler_thin_has_no_numbers() -> None:
    ruler = drawing.ruler(total=14, earned=4, booked=7, size="thin")

    assert (ruler.height, ruler.numbers) == (12, ())


def test_ruler_of_nothing_is_empty() -> None:
    ruler = drawing.ruler(total=0, earned=0, booked=0)

    assert (ruler.earned_width, ruler.booked_width, ruler.ticks) == ("0.000%", "0.000%", ())


def test_bar_puts_held_behind_taken() -> None:
    bar = drawing.bar(capacity=24, taken=14, held=6)

    assert (bar.taken_width, bar.held_start, bar.held_width) == ("58.333%", "58.333%", "25.000%")


def test_bar_of_a_shrunk_session_ends_at_its_edge() -> None:
    bar = drawing.bar(capacity=10, taken=8, held=4)

    assert bar.held_width == "20.000%"


def test_chart_stacks_free_on_taken() -> None:
    weeks = [
        {"label": "11/30", "taken": 50, "free": 50},
        {"label": "12/7", "taken": 0, "free": 0, "url": "/w/"},
    ]

    chart = drawing.chart(weeks, width=244, height=130)

    first, second = chart.columns
    assert (first.top, first.full_height, first.taken_top, first.taken_height) == (
        "30.0",
        "70.0",
        "65.0",
        "35.0",
    )
    assert (second.full_height, second.url) == ("0.0", "/w/")
    assert [number for number, _, _ in chart.gridlines] == ["0", "50", "100"]


def test_chart_of_nothing_has_only_its_base() -> None:
    chart = drawing.chart([], width=244, height=130)

    assert chart.columns == ()
    assert [number for number, _, _ in chart.gridlines] == ["0"]


def test_chart_when_narrow_writes_its_labels_in_two_rows() -> None:
    weeks = [{"label": str(n), "taken": 1, "free": 1} for n in range(8)]

    chart = drawing.chart(weeks, width=326, height=220)

    assert [int(column.label_at) - chart.base for column in chart.columns] == [20, 36] * 4
    assert chart.base + 36 < chart.height


@pytest.mark.parametrize(
    ("highest", "lines"),
    [(2, 3), (7, 4), (12, 3), (100, 3), (1310, 3), (4000, 3), (4100, 3), (9900, 5)],
)
def test_chart_has_few_gridlines(highest, lines) -> None:
    chart = drawing.chart([{"label": "", "taken": highest, "free": 0}], width=244, height=130)

    assert len(chart.gridlines) == lines


def test_filter_links_may_carry_a_count() -> None:
    links = drawing.normal_items([("全部", "?", True), ("缺勤", "?a=1", False, 2)])

    assert links == [
        {"label": "全部", "url": "?", "is_current": True, "count": None},
        {"label": "缺勤", "url": "?a=1", "is_current": False, "count": 2},
    ]
