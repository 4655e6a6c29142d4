"""Chunks of a run, and the attempts to have each transcribed."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Max, Q

from hearings.spans import Span, from_json
from transcription.kept_doubts import KeptDoubt
from transcription.models.runs import Run
from transcription.models.states import ChunkStatus
from transcription.words import Word


class ChunkQuerySet(models.QuerySet["Chunk"]):
    def due(self, now: datetime) -> "ChunkQuerySet":
        return self.filter(status=ChunkStatus.WAITING).filter(
            Q(not_before=None) | Q(not_before__lte=now)
        )

    def to_hear(self) -> "ChunkQuerySet":
        return self.filter(is_heard=False)

    def to_align(self) -> "ChunkQuerySet":
        """Return those whose words are known and whose times are not."""
        return self.filter(is_heard=True)

    def lacking(self) -> "ChunkQuerySet":
        """Return those of which speech has no words in the end: a person may have them again."""
        without = Q(status__in=[ChunkStatus.FAILED, ChunkStatus.NEEDS_PERSON])
        return self.filter(without | (Q(status=ChunkStatus.DONE) & ~Q(unworded=[])))

    def stalled(self, now: datetime) -> "ChunkQuerySet":
        return self.filter(status=ChunkStatus.RUNNING, lease_until__lte=now)

    def current(self) -> "ChunkQuerySet":
        """Return the chunks that make up the run: all but those cut anew."""
        return self.exclude(status=ChunkStatus.SUPERSEDED)

    def unsettled(self) -> "ChunkQuerySet":
        return self.filter(status__in=[ChunkStatus.WAITING, ChunkStatus.RUNNING])


class Chunk(models.Model):
    """A stretch of a recording that is transcribed by one request. States: see the module."""

    TERMINAL = (
        ChunkStatus.DONE,
        ChunkStatus.FAILED,
        ChunkStatus.CANCELLED,
        ChunkStatus.SUPERSEDED,
    )

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks")
    index = models.PositiveIntegerField()
    generation = models.PositiveSmallIntegerField(default=0)
    # Counts how often this stretch was cut anew.
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="children")
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    windows = models.JSONField(default=list)
    # [[start_ms, end_ms], …] from the recording's start, for engines that decode in windows.

    status = models.CharField(max_length=12, choices=ChunkStatus, default=ChunkStatus.WAITING)
    claims = models.PositiveIntegerField(default=0)
    # How often a worker took it.
    losses = models.PositiveIntegerField(default=0)
    # How often its worker died, or failed on it unforeseen.
    tries = models.PositiveIntegerField(default=0)
    # Requests whose failure was the chunk's own; only these are limited.
    ambiguous = models.PositiveIntegerField(default=0)
    # Calls that failed and may have been billed all the same.
    reshaped = models.PositiveIntegerField(default=0)
    # Times that it was sent otherwise because it was not taken as it was.
    rejected = models.PositiveIntegerField(default=0)
    # Times that it was sent once more because an answer did not fit its sound.
    reruns = models.PositiveIntegerField(default=0)
    # Times that a person asked for it again.
    encoding = models.CharField(max_length=4, default="wav")
    # How it is sent (`engines.base.Encoding`).
    token = models.UUIDField(null=True)
    holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    # Why it waits or failed, for a person.
    result = models.JSONField(null=True)
    # The words heard, times from the recording's start (`words.Word.to_json`).
    flags = models.JSONField(default=list)
    # What was repaired in the answer, sentences for a person.
    doubts = models.JSONField(default=list)
    # What does not fit its sound (`kept_doubts.KeptDoubt.to_json`).
    is_heard = models.BooleanField(default=False)
    # Its words are known; while it is not done, their times are to be found on this side.
    unworded = models.JSONField(default=list)
    # [[start_ms, end_ms], …] from the recording's start: speech for which the answer has no words.
    pace = models.FloatField(null=True)
    # Letters a second of speech; None where there is too little speech to tell.
    finished_at = models.DateTimeField(null=True)

    objects = ChunkQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["run", "start_ms"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="chunk_start_before_end", condition=Q(start_ms__lt=F("end_ms"))
            ),
            models.UniqueConstraint(
                fields=["run", "start_ms", "generation"], name="chunk_once_per_generation"
            ),
            models.CheckConstraint(
                name="chunk_finished_iff_terminal",
                condition=Q(
                    status__in=["done", "failed", "cancelled", "superseded"],
                    finished_at__isnull=False,
                )
                | (
                    ~Q(status__in=["done", "failed", "cancelled", "superseded"])
                    & Q(finished_at__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="chunk_held_iff_running",
                condition=Q(status="running", token__isnull=False, lease_until__isnull=False)
                | (~Q(status="running") & Q(token__isnull=True) & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="chunk_done_has_result",
                condition=~Q(status="done") | Q(result__isnull=False),
            ),
            models.CheckConstraint(
                name="chunk_heard_has_result",
                condition=Q(is_heard=False) | Q(result__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"chunk {self.index} of run {self.run_id}"

    @property
    def span(self) -> Span:
        return Span(self.start_ms, self.end_ms)

    @property
    def window_spans(self) -> tuple[Span, ...]:
        return from_json(self.windows)

    @property
    def unworded_spans(self) -> tuple[Span, ...]:
        return from_json(self.unworded)

    @property
    def kept_doubts(self) -> tuple[KeptDoubt, ...]:
        return tuple(KeptDoubt.from_json(doubt) for doubt in self.doubts)

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(Word.from_json(word) for word in self.result or ())

    def claim(self, *, holder: str, now: datetime, lease_seconds: float) -> bool:
        """Take a waiting chunk. False where somebody was faster."""
        token = uuid.uuid4()
        changed = Chunk.objects.filter(pk=self.pk, status=ChunkStatus.WAITING).update(
            status=ChunkStatus.RUNNING,
            claims=F("claims") + 1,
            token=token,
            holder=holder,
            lease_until=now + timedelta(seconds=lease_seconds),
            not_before=None,
            error="",
        )
        if changed:
            self.refresh_from_db()
        return bool(changed)

    def renew(self, *, now: datetime, lease_seconds: float) -> bool:
        """Lengthen the lease. False where it was lost."""
        return bool(self._held().update(lease_until=now + timedelta(seconds=lease_seconds)))

    def finish(self, words: tuple[Word, ...], *, now: datetime, **known: Any) -> bool:
        """Store the words and what is *known* of them. False where the lease was lost."""
        return self._release(
            status=ChunkStatus.DONE,
            result=[word.to_json() for word in words],
            finished_at=now,
            **known,
        )

    def hand_on(self, words: tuple[Word, ...], **known: Any) -> bool:
        """Store the words; their times are to be found by whoever claims it next."""
        return self._release(
            status=ChunkStatus.WAITING,
            not_before=None,
            is_heard=True,
            result=[word.to_json() for word in words],
            **known,
        )

    def put_back(self, *, not_before: datetime | None, error: str = "", **counts: Any) -> bool:
        """Let it wait for another try; *counts* are further fields to change."""
        return self._release(
            status=ChunkStatus.WAITING, not_before=not_before, error=error, **counts
        )

    def give_up(self, *, error: str, now: datetime) -> bool:
        """Mark it failed for good; its stretch becomes a gap with this reason."""
        return self._release(
            status=ChunkStatus.FAILED, error=error, finished_at=now, tries=F("tries") + 1
        )

    def ask_person(self, *, error: str) -> bool:
        """Let it wait until a person decides."""
        return self._release(
            status=ChunkStatus.NEEDS_PERSON,
            error=error,
            tries=F("tries") + 1,
            ambiguous=F("ambiguous") + 1,
        )

    def supersede(self, *, now: datetime, error: str = "", **known: Any) -> bool:
        """Give way to chunks cut anew. False where the lease was lost."""
        return self._release(status=ChunkStatus.SUPERSEDED, finished_at=now, error=error, **known)

    def ask_anew(self, *, now: datetime) -> "Chunk":
        """Give way to a chunk of the same stretch: a person asks for it again.

        What was heard stays with this one, so that no answer to come can take its place for worse.
        Call it in a transaction.
        """
        Chunk.objects.filter(pk=self.pk).update(
            status=ChunkStatus.SUPERSEDED, finished_at=now, not_before=None
        )
        last = Chunk.objects.filter(run=self.run_id).aggregate(Max("index"))["index__max"]
        return Chunk.objects.create(
            run_id=self.run_id,
            parent=self,
            index=last + 1,
            generation=self.generation + 1,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            windows=self.windows,
            encoding=self.encoding,
            reruns=self.reruns + 1,
        )

    def _held(self) -> ChunkQuerySet:
        return Chunk.objects.filter(pk=self.pk, status=ChunkStatus.RUNNING, token=self.token)

    def _release(self, **values: Any) -> bool:
        changed = self._held().update(token=None, holder="", lease_until=None, **values)
        if changed:
            self.refresh_from_db()
        return bool(changed)


class Attempt(models.Model):
    """One request for one chunk; the row is committed before the first byte leaves."""

    class Status(models.TextChoices):
        SENDING = "sending", "Sending"
        OK = "ok", "Answered"
        FAILED = "failed", "Failed"
        LOST = "lost", "Lost"
        REUSED = "reused", "Answered before"

    chunk = models.ForeignKey(Chunk, on_delete=models.CASCADE, related_name="attempts")
    claim = models.PositiveIntegerField()
    # The chunk's claim count at the time.
    status = models.CharField(max_length=10, choices=Status, default=Status.SENDING)
    holder = models.CharField(max_length=120)
    audio_sha256 = models.CharField(max_length=64)
    audio_ms = models.PositiveBigIntegerField()
    audio_bytes = models.PositiveBigIntegerField()
    engine = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=120, blank=True)
    error = models.TextField(blank=True)
    failure = models.CharField(max_length=40, blank=True)
    # The class of `engines.base.EngineError`.
    http_status = models.PositiveSmallIntegerField(null=True)
    request_id = models.CharField(max_length=200, blank=True)
    # The server's name for the call.
    may_be_billed = models.BooleanField(default=False)
    # It failed, and the server may charge for it all the same.
    billed_ms = models.PositiveBigIntegerField(null=True)
    # Audio paid for, as the server says, or else as was sent.
    billed_tokens = models.PositiveBigIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    # None where no price is known.
    reserved_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    # The most that it could cost, known before it was made; None where no price is known.
    question = models.CharField(max_length=64, blank=True, db_index=True)
    # Hash of what was asked, sound and settings: the same question has the same answer.
    keywords = models.JSONField(default=list)
    # The hints that went with it, as they were sent.
    is_rejected = models.BooleanField(default=False)
    # Its answer did not fit the sound; it is not used again.
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chunk", "claim"], name="one_attempt_per_claim"),
            models.CheckConstraint(
                name="attempt_finished_iff_ended",
                condition=Q(status="sending", finished_at__isnull=True)
                | (~Q(status="sending") & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk} for {self.chunk}"

    def end(self, status: Status, *, now: datetime, **what: Any) -> bool:
        """Record how it ended; *what* are further fields. False where that is already known."""
        return bool(
            Attempt.objects.filter(pk=self.pk, status=self.Status.SENDING).update(
                status=status, finished_at=now, **what
            )
        )
