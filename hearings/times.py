"""Places in a recording as people write them."""

import re

_WRITTEN = re.compile(
    r"(?:(?:(\d{1,3}):(?=[0-5]\d:))?(\d{1,4}):(?=[0-5]\d(?:\.|$)))?(\d{1,6})(?:\.(\d{1,3}))?",
    re.ASCII,
)
# Minutes after hours and seconds after minutes have two digits; minutes alone may be many.


def clock(milliseconds: int) -> str:
    """Return a place or a length as a player shows it: 0:17, 1:02:03."""
    hours, minutes, seconds = _parts(milliseconds)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def full_clock(milliseconds: int) -> str:
    """Return the same with every part, for what is compared: 00:00:17, 01:02:03."""
    hours, minutes, seconds = _parts(milliseconds)
    return f"{hours:02}:{minutes:02}:{seconds:02}"


def _parts(milliseconds: int) -> tuple[int, int, int]:
    seconds = milliseconds // 1000
    return seconds // 3600, seconds // 60 % 60, seconds % 60


def milliseconds_of(text: str) -> int:
    """Return the place that a person wrote as seconds, mm:ss or hh:mm:ss, each with a fraction.

    Raises ValueError; its message is a sentence for who wrote it.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        raise ValueError(
            f"“{text}” is not a time in a recording; write seconds, such as 90, or 1:30, or 0:01:30"
        )
    hours, minutes, seconds, fraction = found.groups(default="0")
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * 1000 + int(fraction.ljust(3, "0"))
