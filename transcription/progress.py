"""How far a run is, from its rows."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Q, Sum

from transcription.models import ChunkStatus, Run


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
    """Return how far *run* is. One query."""
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
    )
    end = run.finished_at or now
    return Progress(
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


def _seconds(start: datetime | None, end: datetime | None) -> float:
    return (end - start).total_seconds() if start and end else 0.0
