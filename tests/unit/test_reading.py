"""Times as the pages show them."""

import pytest

from transcription.templatetags.reading import clock, roughly, second


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (0, "0:00"),
        (17_999, "0:17"),
        (61_000, "1:01"),
        (3_600_000, "1:00:00"),
        (45_296_000, "12:34:56"),
    ],
)
def test_a_clock_time_is_cut_to_whole_seconds(milliseconds: int, shown: str) -> None:
    assert clock(milliseconds) == shown


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0, "0"), (10_000, "10"), (754_200, "754.2"), (12_340, "12.34"), (1, "0.001")],
)
def test_the_second_in_an_address_is_exact_and_short(milliseconds: int, shown: str) -> None:
    assert second(milliseconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "less than a minute"),
        (59.9, "less than a minute"),
        (60, "about 1 min"),
        (130, "about 2 min"),
        (3_600, "about 1 h 0 min"),
        (5_100, "about 1 h 25 min"),
    ],
)
def test_a_length_to_come_is_rough(seconds: float, shown: str) -> None:
    assert roughly(seconds) == shown
