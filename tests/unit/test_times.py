"""Places in a recording as people write them."""

import pytest

from hearings.times import clock, full_clock


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
