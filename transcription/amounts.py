"""Money and lengths of time as people read them. Pure."""

from decimal import ROUND_HALF_UP, Decimal

MINUTE_SECONDS = 60
HOUR_MINUTES = 60
CENT = Decimal("0.01")


def dollars(usd: Decimal) -> str:
    """Return an amount to the cent: $0.54, $1,250.00."""
    if 0 < usd < CENT:
        return "less than $0.01"
    return f"${usd.quantize(CENT, ROUND_HALF_UP):,}"


def dollars_exactly(usd: Decimal) -> str:
    """Return a price with all its digits: $0.0045."""
    return f"${usd:f}"


def about_dollars(usd: Decimal) -> str:
    """Return an amount that was estimated."""
    return dollars(usd) if 0 < usd < CENT else f"about {dollars(usd)}"


def price_in_words(usd: Decimal | None) -> str:
    """Return an estimated price; None where it is not known."""
    if usd is None:
        return "at a price that is not known here"
    return about_dollars(usd) if usd else "nothing is paid"


def about_how_long(seconds: float) -> str:
    """Return a length of time that was estimated: about 4 minutes, about 1 hour 20 minutes."""
    if seconds < MINUTE_SECONDS:
        return "less than a minute"
    hours, minutes = divmod(round(seconds / MINUTE_SECONDS), HOUR_MINUTES)
    parts = [_counted(hours, "hour"), _counted(minutes, "minute")]
    return "about " + " ".join(part for part in parts if part)


def counted(number: int, thing: str, things: str = "") -> str:
    """Return how many there are: 1 chunk, 36 chunks. *things* is a plural that is not in s."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {things or f'{thing}s'}"


def _counted(number: int, thing: str) -> str:
    return counted(number, thing) if number else ""
