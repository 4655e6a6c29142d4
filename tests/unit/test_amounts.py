from decimal import Decimal

import pytest

from transcription.amounts import about_dollars, about_how_long, counted, dollars, dollars_exactly


@pytest.mark.parametrize(
    ("usd", "written"),
    [
        ("0", "$0.00"),
        ("0.000001", "less than $0.01"),
        ("0.0099", "less than $0.01"),
        ("0.01", "$0.01"),
        ("0.545", "$0.55"),
        ("1250", "$1,250.00"),
    ],
)
def test_money_is_written_to_the_cent(usd: str, written: str) -> None:
    assert dollars(Decimal(usd)) == written


def test_an_estimated_amount_says_that_it_is_one() -> None:
    assert about_dollars(Decimal("0.54")) == "about $0.54"
    assert about_dollars(Decimal("0.001")) == "less than $0.01"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "less than a minute"),
        (59.9, "less than a minute"),
        (60, "about 1 minute"),
        (239, "about 4 minutes"),
        (3_599, "about 1 hour"),
        (4_800, "about 1 hour 20 minutes"),
        (7_260, "about 2 hours 1 minute"),
    ],
)
def test_a_length_of_time_is_written_in_words(seconds: float, written: str) -> None:
    assert about_how_long(seconds) == written


def test_a_price_keeps_all_its_digits() -> None:
    assert dollars_exactly(Decimal("0.0045")) == "$0.0045"


def test_things_are_counted_with_their_plural() -> None:
    assert [counted(n, "process", "processes") for n in (1, 2)] == ["1 process", "2 processes"]
    assert [counted(n, "chunk") for n in (0, 1, 36, 1200)] == [
        "0 chunks",
        "1 chunk",
        "36 chunks",
        "1,200 chunks",
    ]
