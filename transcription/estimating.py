"""What a plan will cost and how long it will take on the limits as they are. Pure.

One call a chunk is reckoned with: retries come on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import heapify, heapreplace

from transcription.amounts import about_how_long, counted, price_in_words
from transcription.costs import price_of
from transcription.planning import Plan

MINUTE_SECONDS = 60.0
NOTHING_TO_DO = "No speech was heard: there is nothing to transcribe."


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls may be under way, and how fast they may follow each other."""

    at_once: int
    burst: int = 1
    # Calls that may leave at once after a quiet time.
    per_minute: float | None = None
    # Calls that may follow, evenly; None where nothing holds them back.
    audio_seconds_per_minute: int | None = None
    # Audio that may be sent in a minute, a minute's worth of it and one call at once; None: any.
    opens_in: float = 0.0
    # Seconds until calls may leave at all.
    full_in: float = 0.0
    # Seconds from then until as many may leave at once as after a quiet time …
    audio_full_in: float = 0.0
    # … and as much audio.


@dataclass(frozen=True, slots=True)
class CallPace:
    """How long a call takes."""

    fixed_seconds: float
    # Of any call, however short.
    seconds_per_audio_second: float
    # On top, for each second of audio.

    def seconds_for(self, audio_ms: int) -> float:
        return self.fixed_seconds + self.seconds_per_audio_second * audio_ms / 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run is expected to take, before it starts."""

    chunks: int
    calls: int
    audio_ms: int
    # Sent; what neighbours share counts twice.
    cost_usd: Decimal | None
    # None where no price is known.
    seconds: float
    at_once: int
    # Calls under way together, at most.
    per_minute: float | None
    # Calls a minute, at most; None where they are not limited.

    @property
    def price(self) -> str:
        """The cost in words."""
        return price_in_words(self.cost_usd)

    @property
    def duration(self) -> str:
        """The time in words."""
        return about_how_long(self.seconds)

    @property
    def pace(self) -> str:
        """The limits in words."""
        limits = [f"{self.at_once} at once"]
        if self.per_minute is not None:
            limits.append(f"{self.per_minute:.3g} a minute")
        return ", ".join(limits)

    def __str__(self) -> str:
        if not self.chunks:
            return NOTHING_TO_DO
        size = f"{counted(self.chunks, 'chunk')}, {counted(self.calls, 'call')}"
        return f"{size}, {self.price}, {self.duration} ({self.pace})"


def estimate(plan: Plan, *, price: Decimal | None, limits: Limits, pace: CallPace) -> Estimate:
    """Return what *plan* takes; *price* is in dollars a minute of audio, None where not known."""
    lengths = [chunk.span.duration_ms for chunk in plan.chunks]
    costs = [price_of(length, price) for length in lengths]
    known = [cost for cost in costs if cost is not None]
    at_once = min(plan.parallel, limits.at_once)
    return Estimate(
        chunks=len(lengths),
        calls=len(lengths),
        audio_ms=sum(lengths),
        cost_usd=sum(known, Decimal(0)) if len(known) == len(costs) else None,
        seconds=_seconds(lengths, at_once, limits, pace),
        at_once=at_once,
        per_minute=limits.per_minute,
    )


def together(plans: Sequence[Plan]) -> Plan:
    """Return one plan for all that several hearings need, for the limits that they share."""
    return Plan(
        tuple(chunk for plan in plans for chunk in plan.chunks),
        "parallel",
        max(1, sum(plan.parallel for plan in plans)),
    )


class _Bucket:
    """Says when the next call may leave, as the shared limit does, refilled evenly.

    A call leaves when the bucket holds *least*; what it takes beyond is owed.
    """

    def __init__(self, *, per_minute: float, burst: float, least: float, full_at: float) -> None:
        self._interval = MINUTE_SECONDS / per_minute
        self._spare = burst - least
        self._full_at = full_at

    def start(self, earliest: float) -> float:
        """Return when a call may leave that is ready at *earliest*."""
        return max(earliest, self._full_at - self._spare * self._interval)

    def take(self, at: float, amount: float) -> None:
        self._full_at = max(self._full_at, at) + amount * self._interval


def _seconds(lengths_ms: Sequence[int], at_once: int, limits: Limits, pace: CallPace) -> float:
    """Return when the last call ends, if each leaves in order as soon as the limits let it."""
    if not lengths_ms:
        return 0.0
    opens = limits.opens_in
    calls = limits.per_minute and _Bucket(
        per_minute=limits.per_minute, burst=limits.burst, least=1, full_at=opens + limits.full_in
    )
    rate = limits.audio_seconds_per_minute
    audio = rate and _Bucket(
        per_minute=rate, burst=rate, least=0, full_at=opens + limits.audio_full_in
    )
    slots = [opens] * at_once
    heapify(slots)
    for length_ms in lengths_ms:
        start = slots[0]
        if calls:
            start = calls.start(start)
        if audio:
            start = audio.start(start)
            audio.take(start, length_ms / 1000)
        if calls:
            calls.take(start, 1)
        heapreplace(slots, start + pace.seconds_for(length_ms))
    return max(slots)
