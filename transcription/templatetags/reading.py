"""Times and states as the pages show them."""

from django import template

from hearings.times import clock
from transcription.listing import State

register = template.Library()
register.filter("clock", clock)

MINUTE_SECONDS = 60


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
def state_label(state: str) -> str:
    return State(state).label
