"""The stretch of a recording that a person asked for: from when to when. Pure."""

from hearings.spans import Span
from hearings.times import clock, full_clock


class NoSuchStretch(ValueError):
    """The recording has no such stretch; the message is for who asked for it."""


def stretch_of(from_ms: int | None, to_ms: int | None, *, duration_ms: int) -> Span | None:
    """Return the stretch inside the recording; None where all of it is meant.

    Without *from_ms* it begins with the recording, without *to_ms* it ends with it. The end may be
    rounded up to the next second, as a player shows it. Raises NoSuchStretch.
    """
    start_ms = from_ms or 0
    end_ms = duration_ms if to_ms is None else to_ms
    if to_ms is not None and start_ms >= to_ms:
        raise NoSuchStretch(
            f"The stretch ends at {full_clock(end_ms)}, not after its begin at "
            f"{full_clock(start_ms)}. Give an end that is later."
        )
    if start_ms >= duration_ms or end_ms > -(-duration_ms // 1000) * 1000:
        beyond = start_ms if start_ms >= duration_ms else end_ms
        raise NoSuchStretch(
            f"The recording is {clock(duration_ms)} long, so {full_clock(beyond)} is beyond its "
            "end. Give times before it."
        )
    stretch = Span(start_ms, min(end_ms, duration_ms))
    return None if stretch == Span(0, duration_ms) else stretch


def in_words(stretch: Span) -> str:
    """Return it for a sentence: 00:10:00 to 00:20:00."""
    return f"{full_clock(stretch.start_ms)} to {full_clock(stretch.end_ms)}"
