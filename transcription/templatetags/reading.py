"""Times and states as the pages show them."""

from decimal import Decimal

from django import template

from hearings.times import clock
from transcription.amounts import dollars_exactly
from transcription.listing import State

register = template.Library()
register.filter("clock", clock)

MINUTE_SECONDS = 60
FAILURES = {
    "EngineError": "failed",
    "EngineBusy": "the server was busy",
    "EngineUnavailable": "the server was not reached or failed",
    "AnswerUnusable": "the answer could not be used",
    "AskedWrongly": "the server takes another form of request",
    "AudioRejected": "the server did not take this audio",
    "AudioUnreadable": "the recording gives no sound here",
    "AccessRefused": "the server refused access",
}
# The classes of `engines.base.EngineError`, as they are kept with calls.


@register.filter
def second(milliseconds: int) -> str:
    """Return exact seconds without needless zeros, as in the address: 754.2."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")


@register.filter
def roughly(seconds: float) -> str:
    """Return how long something will about take."""
    if seconds < MINUTE_SECONDS:
        return "less than a minute"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"about {hours} h {minutes} min" if hours else f"about {minutes} min"


@register.filter
def failure_in_words(failure: str) -> str:
    """Return the class of a call's failure as staff read it; an unknown one as it is."""
    return FAILURES.get(failure, failure)


@register.filter
def price(usd: Decimal) -> str:
    """Return a price with the digits that it has: $0.0045."""
    return dollars_exactly(usd.normalize())


@register.filter
def state_label(state: str) -> str:
    return State(state).label


@register.filter
def as_percent(share: float | None) -> str:
    """Return a share from 0 to 1 as people write it; a dash where it is not known."""
    return "–" if share is None else f"{100 * share:.0f} %"


@register.filter
def as_duration(seconds: float | None) -> str:
    """Return a length of time to the second; a dash where it is not known."""
    return "–" if seconds is None else clock(round(seconds * 1000))
