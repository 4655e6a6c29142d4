"""Times as the pages show them."""

from decimal import Decimal

import pytest

from transcription.engines.base import EngineError
from transcription.templatetags.reading import FAILURES, failure_in_words, price, roughly, second


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


def test_every_class_of_failure_has_plain_words() -> None:
    kinds: list[type[EngineError]] = [EngineError, *EngineError.__subclasses__()]
    classes = {kind.__name__ for kind in kinds}

    assert classes <= FAILURES.keys()
    assert failure_in_words("EngineBusy") == "the server was busy"


def test_a_failure_of_another_version_is_shown_as_it_is() -> None:
    assert failure_in_words("Whatever") == "Whatever"


@pytest.mark.parametrize(
    ("usd", "shown"), [("0.004500", "$0.0045"), ("10.000000", "$10"), ("0", "$0")]
)
def test_a_price_has_the_digits_that_it_needs(usd: str, shown: str) -> None:
    assert price(Decimal(usd)) == shown
