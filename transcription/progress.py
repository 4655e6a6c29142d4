"""How far a run is, and what it waits for, from its rows."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db.models import Count, F, Max, Min, Q, Sum
from django.utils import timezone

from transcription import rates, throttle
from transcription.engines.registry import engine_for
from transcription.models import ChunkStatus, Run, RunStatus

REPEATED = "what did not succeed is tried again then"
PAUSED_BY_SERVER = "the server asked for a pause"
BROKEN = "too many requests failed; one tries again then"
PROBING = "one request is trying whether the server works again"
USED_UP = "the limit of what may be sent a minute is used up"
# Each says why to anyone; what a server answered is only for staff.


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why nothing more of a run is begun now."""

    until: datetime | None
    # In the site's time zone; None where nobody knows.
    why: str
    # The end of a sentence, for anyone.
    detail: str = ""
    # What was answered or went wrong, for staff.

    @property
    def in_words(self) -> str:
        """Return it as a sentence: Waiting until 14:05:10 EST: the server asked for a pause."""
        return f"Waiting{self._until}: {self.why}."

    @property
    def for_staff(self) -> str:
        return f"{self.in_words} {self.detail}".strip()

    @property
    def _until(self) -> str:
        if self.until is None:
            return ""
        is_today = self.until.date() == timezone.localdate()
        return f" until {self.until:{'%H:%M:%S %Z' if is_today else '%Y-%m-%d %H:%M:%S %Z'}}"


@dataclass(frozen=True, slots=True)
class Progress:
    """A run's state as one would show it."""

    chunks_total: int
    chunks_done: int
    chunks_running: int
    chunks_failed: int
    # Failed for good or waiting for a person.
    chunks_for_person: int
    # Those of them that wait for a person.
    audio_total_ms: int
    audio_done_ms: int
    elapsed_seconds: float
    # From the first claim until now or the end.
    working_seconds: float
    # From the first claim until a chunk was done last: what its audio took.
    waiting: Waiting | None = None
    # None where it goes on, or is not under way.
    slower: str = ""
    # Why a host does less at once than it might, a sentence for staff; empty where none does.

    @property
    def percent(self) -> int:
        if not self.audio_total_ms:
            return 100
        return self.audio_done_ms * 100 // self.audio_total_ms

    @property
    def speed(self) -> float | None:
        """Seconds of audio per second of work; None before the first chunk is done."""
        if not self.audio_done_ms or self.working_seconds <= 0:
            return None
        return self.audio_done_ms / 1000 / self.working_seconds

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the speed so far; None where there is none yet."""
        if self.speed is None:
            return None
        left = (self.audio_total_ms - self.audio_done_ms) / 1000 / self.speed
        return max(0.0, left - (self.elapsed_seconds - self.working_seconds))


def progress_of(run: Run, *, now: datetime) -> Progress:
    """Return how far *run* is. One query, and at most four more while chunks wait."""
    is_waiting = Q(status=ChunkStatus.WAITING, is_heard=False)
    length = F("end_ms") - F("start_ms")
    sums = run.chunks.current().aggregate(
        total=Count("id"),
        done=Count("id", filter=Q(status=ChunkStatus.DONE)),
        running=Count("id", filter=Q(status=ChunkStatus.RUNNING)),
        failed=Count("id", filter=Q(status__in=[ChunkStatus.FAILED, ChunkStatus.NEEDS_PERSON])),
        for_person=Count("id", filter=Q(status=ChunkStatus.NEEDS_PERSON)),
        audio_total=Sum(length, default=0),
        audio_done=Sum(length, filter=Q(status=ChunkStatus.DONE), default=0),
        last_done=Max("finished_at", filter=Q(status=ChunkStatus.DONE)),
        waiting=Count("id", filter=is_waiting),
        tried_again=Count("id", filter=is_waiting & Q(not_before__gt=now)),
        next_try=Min("not_before", filter=is_waiting),
    )
    end = run.finished_at or now
    progress = Progress(
        chunks_total=sums["total"],
        chunks_done=sums["done"],
        chunks_running=sums["running"],
        chunks_failed=sums["failed"],
        chunks_for_person=sums["for_person"],
        audio_total_ms=sums["audio_total"],
        audio_done_ms=sums["audio_done"],
        elapsed_seconds=_seconds(run.started_at, end),
        working_seconds=_seconds(run.started_at, sums["last_done"]),
    )
    if run.status != RunStatus.TRANSCRIBING or not sums["waiting"]:
        return progress
    waiting = _limited() if _is_hosted(run) else None
    if waiting is None and not sums["running"] and sums["tried_again"] == sums["waiting"]:
        waiting = _until_next_try(run, sums["next_try"])
    slower = throttle.said_now(now=now, lease=settings.LEASE)
    return replace(progress, waiting=waiting, slower=slower)


def _is_hosted(run: Run) -> bool:
    return engine_for(run.engine, run.model).capabilities.is_hosted


def _until_next_try(run: Run, moment: datetime) -> Waiting:
    """Return the wait of a run whose chunks all failed before and are not due again."""
    waiting = run.chunks.to_hear().filter(status=ChunkStatus.WAITING, not_before=moment)
    error = waiting.values_list("error", flat=True).first()
    return Waiting(timezone.localtime(moment), REPEATED, error or "")


def _limited() -> Waiting | None:
    """Return why hosted engines may not be asked now; None where they may. Two queries."""
    limit = rates.row(settings.RATE)
    sight = rates.sight_of(limit)
    if sight.closed_seconds > 0:
        until = rates.local_time(sight.moment + sight.closed_seconds)
        return Waiting(until, BROKEN if limit.is_broken else PAUSED_BY_SERVER, limit.reason)
    if limit.is_broken and sight.probe_seconds > 0:
        return Waiting(None, PROBING, limit.reason)
    if sight.wait_seconds > settings.RATE.longest_wait_seconds:
        return Waiting(rates.local_time(sight.moment + sight.wait_seconds), USED_UP)
    return None


def _seconds(start: datetime | None, end: datetime | None) -> float:
    return (end - start).total_seconds() if start and end else 0.0
