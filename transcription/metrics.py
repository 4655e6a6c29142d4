"""How much was done and how it went, counted from our own rows each time.

What is deleted with its hearing is no longer counted, so each number may also go down; only what
was paid stays.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from hearings.models import CheckStatus, Hearing
from transcription.bills import EMBEDDED
from transcription.models import Attempt, Chunk, ChunkStatus, PastCall, Run, RunStatus

JUDGED = (RunStatus.COMPLETE, RunStatus.INCOMPLETE, RunStatus.FAILED)
# A run that a person cancelled says nothing of how well it goes.


@dataclass(frozen=True, slots=True)
class Runs:
    """Transcriptions, by how they ended."""

    total: int
    # All of them, those below included.
    successful: int
    # Complete: every second accounted for, nothing missing that was to be heard.
    with_gaps: int
    failed: int
    cancelled: int
    under_way: int
    # Paused ones too.
    parallel: int
    # Of those that ended complete or with gaps: transcribed in chunks at once.
    timed: int
    # Of those that ended complete, with gaps or failed: begun by a worker.
    processing_seconds: float
    # Of the timed ones, from the first claim to the end, pauses included.

    @property
    def average_seconds(self) -> float | None:
        return self.processing_seconds / self.timed if self.timed else None

    @property
    def success_rate(self) -> float | None:
        """Return the complete ones' share of all that ended otherwise than by a person."""
        return _share(self.successful, self.successful + self.with_gaps + self.failed)

    @property
    def parallel_rate(self) -> float | None:
        return _share(self.parallel, self.successful + self.with_gaps)


@dataclass(frozen=True, slots=True)
class Calls:
    """Requests to hosted engines, by how they ended, and what they cost."""

    answered: int
    failed: int
    lost: int
    under_way: int
    reused: int
    # Not sent: the answer was there.
    may_be_billed: int
    # Failed, and the server may charge for them.
    cost_usd: Decimal
    # Known costs only; those of deleted hearings, too.


@dataclass(frozen=True, slots=True)
class Metrics:
    """All that is counted."""

    runs: Runs
    chunks_processed: int
    # Chunks with their words.
    checked: int
    # Recordings that were read to their end and judged.
    validation_failures: int
    # Of those: refused.
    calls: Calls

    @property
    def validation_failure_rate(self) -> float | None:
        return _share(self.validation_failures, self.checked)


def present() -> Metrics:
    """Count everything. Five queries."""
    checked = Hearing.objects.aggregate(
        judged=Count("pk", filter=~Q(check_status=CheckStatus.CHECKING)),
        refused=Count("pk", filter=Q(check_status=CheckStatus.REFUSED)),
    )
    return Metrics(
        runs=_runs(),
        chunks_processed=Chunk.objects.filter(status=ChunkStatus.DONE).count(),
        checked=checked["judged"],
        validation_failures=checked["refused"],
        calls=_calls(),
    )


def _runs() -> Runs:
    with_text = Q(status__in=Run.READABLE)
    timed = Q(status__in=JUDGED, started_at__isnull=False)
    found = Run.objects.aggregate(
        total=Count("pk"),
        successful=Count("pk", filter=Q(status=RunStatus.COMPLETE)),
        with_gaps=Count("pk", filter=Q(status=RunStatus.INCOMPLETE)),
        failed=Count("pk", filter=Q(status=RunStatus.FAILED)),
        cancelled=Count("pk", filter=Q(status=RunStatus.CANCELLED)),
        under_way=Count("pk", filter=~Q(status__in=Run.TERMINAL)),
        parallel=Count("pk", filter=with_text & Q(method=Run.Method.PARALLEL)),
        timed=Count("pk", filter=timed),
        processing=Sum(F("finished_at") - F("started_at"), filter=timed),
    )
    processing = found.pop("processing") or timedelta()
    return Runs(**found, processing_seconds=processing.total_seconds())


def _calls() -> Calls:
    status = Attempt.Status
    found = Attempt.objects.exclude(engine__in=EMBEDDED).aggregate(
        answered=Count("pk", filter=Q(status=status.OK)),
        failed=Count("pk", filter=Q(status=status.FAILED)),
        lost=Count("pk", filter=Q(status=status.LOST)),
        under_way=Count("pk", filter=Q(status=status.SENDING)),
        reused=Count("pk", filter=Q(status=status.REUSED)),
        may_be_billed=Count("pk", filter=Q(may_be_billed=True)),
        cost_usd=Coalesce(Sum("cost_usd"), Decimal(0)),
    )
    found["cost_usd"] += PastCall.objects.aggregate(usd=Coalesce(Sum("cost_usd"), Decimal(0)))[
        "usd"
    ]
    return Calls(**found)


def _share(part: int, whole: int) -> float | None:
    """Return a share from 0 to 1; None where there is nothing to share."""
    return part / whole if whole else None
