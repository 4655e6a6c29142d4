"""How full the limits of hosted engines are at this moment."""

from dataclasses import dataclass
from datetime import datetime

from transcription import limiter, rates
from transcription.clock import database_clock
from transcription.limiter import Limit
from transcription.models import RateLimit


@dataclass(frozen=True, slots=True)
class Filling:
    """How full a limit is."""

    tokens: int
    # Requests that may leave at once.
    burst: int
    # Of so many.
    under_way: int
    per_minute: float
    # Requests a minute, by the present pace.
    closed_until: datetime | None
    # None where it is open; in the site's time zone.
    is_probing: bool
    # One request is trying whether the server works again.

    @property
    def percent(self) -> int:
        return round(100 * self.tokens / self.burst)


def filling_of(limit: RateLimit) -> Filling:
    """Return how full *limit* is. Two queries."""
    sight = rates.sight_of(limit)
    is_closed = sight.closed_seconds > 0
    return Filling(
        tokens=0 if is_closed or limit.is_broken else int(sight.tokens),
        burst=sight.burst,
        under_way=limiter.held(Limit(limit.name, limit.max_concurrent), now=database_clock()),
        per_minute=sight.per_minute,
        closed_until=rates.local_time(limit.closed_until) if is_closed else None,
        is_probing=limit.is_broken and sight.probe_seconds > 0,
    )
