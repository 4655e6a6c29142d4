"""Times as the pages show them."""

import pytest

from transcription.templatetags.reading import roughly, second


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
