"""What a server says beside its answer of its limits and of when to come again. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from transcription.engines.base import RateAdvice

LONGEST_SECONDS = 1e9
# Three decades: what is longer is said to be this long, which a date can hold.
UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000_001}
LENGTH = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ms|us|[dhms])")
NUMBER = re.compile(r"\d{1,9}")


def wait_seconds(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return how long a server asks to wait, not negative; None where it says nothing sensible.

    *headers* have lower-case names. A date (RFC 9110, 10.2.3) counts from the answer's own Date,
    so a wrong clock here changes nothing; from *now* where it has none.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is not None:
        return _bounded(seconds)
    until = _moment(value)
    if until is None:
        return None
    return _bounded((until - (_moment(headers.get("date", "")) or now)).total_seconds())


def rate_advice(headers: Mapping[str, str]) -> RateAdvice:
    """Return what the ``x-ratelimit-*-requests`` headers say; None for what makes no sense."""
    return RateAdvice(
        per_minute=_count(headers.get("x-ratelimit-limit-requests", "")) or None,
        remaining=_count(headers.get("x-ratelimit-remaining-requests", "")),
        reset_seconds=duration_seconds(headers.get("x-ratelimit-reset-requests", "")),
    )


def until_more(advice: RateAdvice) -> float | None:
    """Return when a server takes requests again that takes none now, in seconds; else None."""
    return advice.reset_seconds if advice.remaining == 0 else None


def duration_seconds(value: str) -> float | None:
    """Return a duration such as ``6m0s``, ``12ms`` or ``1h2m3s``, or plain seconds."""
    value = value.strip()
    plain = _number(value)
    if plain is not None:
        return plain if plain >= 0 else None
    parts = LENGTH.findall(value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        return None
    return _bounded(sum(float(number) * UNITS[unit] for number, unit in parts))


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_SECONDS)


def _number(value: str) -> float | None:
    """Return a finite number; a row of digits too long for one counts as very large."""
    if value.strip().isdecimal() and value.isascii():
        return min(float(value), LONGEST_SECONDS * 1000)
    try:
        number = float(value)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _count(value: str) -> int | None:
    return int(value) if NUMBER.fullmatch(value.strip()) and value.isascii() else None


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
