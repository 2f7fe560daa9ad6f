"""The six characters on a room's screen."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from attendance import room_codes

NOON = datetime(2026, 12, 8, 4, 0, 0, tzinfo=UTC)
SECRET = "00" * 16


def test_a_code_is_six_characters_that_no_eye_confuses() -> None:
    codes = {room_codes.code_at(SECRET, step) for step in range(500)}

    assert len(codes) == 500
    assert {len(code) for code in codes} == {6}
    assert set("".join(codes)) == set(room_codes.ALPHABET)
    assert not set("01IO") & set(room_codes.ALPHABET)


def test_another_rooms_code_and_another_servers_are_others(settings: Settings) -> None:
    step = room_codes.step_of(NOON)
    own = room_codes.code_at(SECRET, step)
    assert own != room_codes.code_at("11" * 16, step)
    settings.SECRET_KEY = "another"
    assert own != room_codes.code_at(SECRET, step)


@pytest.mark.parametrize(
    ("seconds", "shown", "current"),
    [(0, True, True), (14, True, True), (15, True, True), (29, True, True), (30, True, False),
     (119, True, False), (120, False, False), (-1, False, False)],
)  # fmt: skip
def test_the_code_and_the_one_before_are_taken(seconds: int, shown: bool, current: bool) -> None:
    code = room_codes.code_at(SECRET, room_codes.step_of(NOON))
    then = NOON + timedelta(seconds=seconds)

    step = room_codes.step_shown(SECRET, code, then)

    assert (step is not None) is shown
    assert (step is not None and room_codes.is_current(step, then)) is current


@given(st.integers(0, 2**32), st.sampled_from(["{}", " {} ", "{}　", "{}\u200b"]))
def test_what_is_typed_is_read_as_it_was_meant(step: int, frame: str) -> None:
    code = room_codes.code_at(SECRET, step)
    wide = "".join(chr(ord(one) + 0xFEE0) for one in code)

    for text in (code.lower(), room_codes.grouped(code), f"{code[:3]}-{code[3:]}", wide):
        assert room_codes.tidy(frame.format(text)) == code


def test_seconds_until_the_next_code() -> None:
    assert [room_codes.seconds_left(NOON + timedelta(seconds=s)) for s in (0, 1, 14, 15)] == [
        15, 14, 1, 15,
    ]  # fmt: skip
