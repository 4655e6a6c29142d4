"""What a call costs, from what the server says and the price of a minute. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from transcription.engines.base import Usage

_MS_PER_MINUTE = 60_000
_SMALLEST = Decimal("0.000001")
# Dollars, as stored.


@dataclass(frozen=True, slots=True)
class Charge:
    """What one answered call costs."""

    audio_ms: int
    # Audio billed.
    tokens: int | None
    # Tokens billed, where the server counts in them.
    usd: Decimal | None
    # None where no price is known.


def charge(usage: Usage, *, sent_ms: int, usd_per_minute: Decimal | None) -> Charge:
    """Return the charge for a call that sent *sent_ms* of audio.

    Where the server says how much it billed, that counts, also where it differs from ours.
    """
    audio_ms = sent_ms if usage.audio_ms is None else usage.audio_ms
    return Charge(audio_ms, usage.tokens, price_of(audio_ms, usd_per_minute))


def price_of(audio_ms: int, usd_per_minute: Decimal | None) -> Decimal | None:
    """Return what *audio_ms* of audio costs in dollars; None where no price is known."""
    if usd_per_minute is None:
        return None
    return (usd_per_minute * audio_ms / _MS_PER_MINUTE).quantize(_SMALLEST, ROUND_HALF_UP)


def highest_price_of(audio_ms: int, usd_per_minute: Decimal | None) -> Decimal | None:
    """Return the most that a call with *audio_ms* of audio can cost: servers bill whole seconds."""
    return price_of((audio_ms // 1000 + 2) * 1000, usd_per_minute)
