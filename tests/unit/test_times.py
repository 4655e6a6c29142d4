"""Places in a recording as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearings.times import clock, full_clock, milliseconds_of


@pytest.mark.parametrize(
    ("milliseconds", "short", "full"),
    [
        (0, "0:00", "00:00:00"),
        (17_999, "0:17", "00:00:17"),
        (754_200, "12:34", "00:12:34"),
        (3_723_000, "1:02:03", "01:02:03"),
        (36_000_000, "10:00:00", "10:00:00"),
    ],
)
def test_a_place_is_written_as_on_a_clock(milliseconds: int, short: str, full: str) -> None:
    assert clock(milliseconds) == short
    assert full_clock(milliseconds) == full


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0", 0),
        ("90", 90_000),
        ("90.5", 90_500),
        ("0.001", 1),
        ("1:30", 90_000),
        ("01:30.25", 90_250),
        ("90:00", 5_400_000),
        (" 0:10:00 ", 600_000),
        ("1:02:03", 3_723_000),
    ],
)
def test_a_place_is_read_as_people_write_it(text: str, milliseconds: int) -> None:
    assert milliseconds_of(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    ["", "ten", "-5", "1:60", "1:5", "1:90:00", "1:2:3", "1e3", "1:02:03:04", "5,5", "٣", ":30"],
)
def test_what_is_no_place_is_told_with_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write seconds, such as 90, or 1:30, or 0:01:30"):
        milliseconds_of(text)


@given(st.integers(0, 12 * 3_600_000))
def test_what_a_player_shows_can_be_written_again(milliseconds: int) -> None:
    assert milliseconds_of(clock(milliseconds)) == milliseconds // 1000 * 1000
    assert milliseconds_of(full_clock(milliseconds)) == milliseconds // 1000 * 1000
