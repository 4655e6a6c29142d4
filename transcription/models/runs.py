"""Runs: one transcription of one hearing each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.functional import cached_property

from hearings import tracks
from hearings.models import Hearing
from hearings.spans import Span
from transcription.models.states import ChunkStatus, RunStatus


@dataclass(frozen=True, slots=True)
class Appetite:
    """A run with chunks to do."""

    run: "Run"
    due: int
    # Chunks that a worker may take now.
    running: int
    # Chunks that workers hold.


class RunQuerySet(models.QuerySet["Run"]):
    def active(self) -> "RunQuerySet":
        return self.exclude(status__in=Run.TERMINAL)

    def working(self) -> "RunQuerySet":
        """Return those whose chunks workers may take."""
        return self.filter(status__in=Run.WORKING)

    def lacking_room(self) -> "RunQuerySet":
        """Return those that are paused because a disk is full."""
        return self.exclude(room_host="")

    def with_text(self) -> "RunQuerySet":
        """Return those that can be read, also while a person has what they lack tried again."""
        is_of_before = Exists(Run.objects.filter(pk=OuterRef("pk"), segments__isnull=False))
        is_retried = ~Q(status__in=Run.TERMINAL) & is_of_before
        return self.filter(Q(status__in=Run.READABLE) | is_retried)

    def shown_first(self) -> "RunQuerySet":
        """Put first what a hearing's page shows: the newest text of the whole recording.

        A stretch never hides it, however new; where there is none, the newest stretch. A run that
        is retried comes after those that have ended.
        """
        is_whole = models.ExpressionWrapper(
            Q(from_ms__isnull=True), output_field=models.BooleanField()
        )
        has_ended = models.ExpressionWrapper(
            Q(status__in=Run.TERMINAL), output_field=models.BooleanField()
        )
        return self.order_by(is_whole.desc(), has_ended.desc(), "-id")

    def hungriest(self, now: datetime) -> list[Appetite]:
        """Return the runs with a chunk to be heard, the least served first, so all get on."""
        to_hear = Q(chunks__is_heard=False)
        is_due = (
            to_hear
            & Q(chunks__status=ChunkStatus.WAITING)
            & (Q(chunks__not_before=None) | Q(chunks__not_before__lte=now))
        )
        is_running = to_hear & Q(chunks__status=ChunkStatus.RUNNING)
        runs = (
            self.working()
            .select_related("hearing")
            .annotate(
                due=Count("chunks", filter=is_due), running=Count("chunks", filter=is_running)
            )
            .filter(due__gt=0)
            .order_by("running", F("served_at").asc(nulls_first=True), "id")
        )
        return [Appetite(run, vars(run)["due"], vars(run)["running"]) for run in runs]


class Run(models.Model):
    """One transcription of one hearing with one engine's settings."""

    class Method(models.TextChoices):
        SINGLE = "single", "Single request"
        SEQUENTIAL = "sequential", "One chunk after another"
        PARALLEL = "parallel", "Chunks in parallel"

    TERMINAL = (
        RunStatus.COMPLETE,
        RunStatus.INCOMPLETE,
        RunStatus.FAILED,
        RunStatus.CANCELLED,
    )
    WORKING = (RunStatus.TRANSCRIBING, RunStatus.ALIGNING)
    READABLE = (RunStatus.COMPLETE, RunStatus.INCOMPLETE)

    hearing = models.ForeignKey(Hearing, on_delete=models.CASCADE, related_name="runs")
    status = models.CharField(max_length=12, choices=RunStatus, default=RunStatus.PREPARING)
    paused_from = models.CharField(max_length=12, choices=RunStatus, blank=True)
    # Where a paused run goes on.
    reason = models.TextField(blank=True)
    # Why it is paused or failed, and what to do, for a person.
    room_host = models.CharField(max_length=160, blank=True)
    # Of a run that is paused because a disk is full: the host with that disk (`holders`). It goes
    # on by itself when that has room again.
    slower = models.TextField(blank=True)
    # Why a host with little memory first did less of it at once than it might have, for a person.
    engine = models.CharField(max_length=20)
    model = models.CharField(max_length=120)
    language = models.CharField(max_length=8)
    track = models.CharField(max_length=8, blank=True)
    # Which sound of the recording it heard (`hearings.tracks`); empty: the only one.
    from_ms = models.PositiveBigIntegerField(null=True)
    # The stretch that was asked for, of a run that is not of the whole recording.
    to_ms = models.PositiveBigIntegerField(null=True)
    keywords = models.JSONField(default=list)
    # Names and terms that engines may be told beforehand, the most useful first; of the hearing as
    # it was when the run began, so that an answer which is paid for is one to the same question.
    method = models.CharField(max_length=10, choices=Method)
    parallel = models.PositiveSmallIntegerField(default=1)
    # Requests of this run at once that it was planned for.
    is_parallel_fixed = models.BooleanField(default=True)
    # A person asked for no more at once; else it takes what the limit of its engine gives.
    is_fresh = models.BooleanField(default=False)
    # A person asked for it anew: it takes no answer that an earlier run paid for.
    settings_key = models.CharField(max_length=64, db_index=True)
    # Hash of what decides the text; the same command finds its run again by it.
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    # The first claim of a chunk.
    served_at = models.DateTimeField(null=True)
    # The latest claim of a chunk.
    finished_at = models.DateTimeField(null=True)
    estimated_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    # What it was expected to cost when it began; None where no price was known.
    estimated_seconds = models.FloatField(null=True)
    # And to take.
    validation_score = models.PositiveSmallIntegerField(null=True)
    # Percent of the checks before it began that passed, weighted; None for runs from before those.

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hearing"],
                condition=~Q(status__in=["complete", "incomplete", "failed", "cancelled"]),
                name="one_active_run_per_hearing",
            ),
            models.CheckConstraint(
                name="run_finished_iff_terminal",
                condition=Q(
                    status__in=["complete", "incomplete", "failed", "cancelled"],
                    finished_at__isnull=False,
                )
                | (
                    ~Q(status__in=["complete", "incomplete", "failed", "cancelled"])
                    & Q(finished_at__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="run_paused_knows_where_from",
                condition=(Q(status="paused") & ~Q(paused_from=""))
                | (~Q(status="paused") & Q(paused_from="")),
            ),
            models.CheckConstraint(
                name="run_lacks_room_only_while_paused",
                condition=Q(status="paused") | Q(room_host=""),
            ),
            models.CheckConstraint(name="run_track_is_one", condition=Q(track__in=tracks.TRACKS)),
            models.CheckConstraint(
                name="run_stretch_is_one",
                condition=Q(from_ms__isnull=True, to_ms__isnull=True)
                | Q(from_ms__isnull=False, to_ms__isnull=False, from_ms__lt=F("to_ms")),
            ),
            models.CheckConstraint(name="run_parallel_positive", condition=Q(parallel__gt=0)),
            models.CheckConstraint(
                name="run_validation_score_is_percent",
                condition=Q(validation_score__isnull=True) | Q(validation_score__lte=100),
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.hearing}"

    @property
    def is_terminal(self) -> bool:
        return self.status in self.TERMINAL

    @property
    def has_text(self) -> bool:
        """Say whether it can be read. A retry leaves the text in place until it ends."""
        return self.status in self.READABLE or self.is_retried

    @cached_property
    def is_retried(self) -> bool:
        """Say whether it is under way and has the text of an earlier end. One query at most."""
        return not self.is_terminal and self.segments.exists()

    @property
    def stretch(self) -> Span | None:
        """Return what was asked for of the recording; None: all of it."""
        if self.from_ms is None or self.to_ms is None:
            return None
        return Span(self.from_ms, self.to_ms)

    @property
    def is_of_present_sound(self) -> bool:
        """Say whether it heard the sound of the recording that is the hearing's now."""
        analysis = getattr(self.hearing, "analysis", None)
        return analysis is not None and analysis.track == self.track

    @property
    def heard(self) -> str:
        """Return in words which sound of the recording it heard; "" for the only one."""
        return tracks.name_in(self.hearing.track_choices, self.track)

    @property
    def was_slower(self) -> str:
        """Return, as a sentence about the past, why it was slower; empty where it was not."""
        return f"For a time s{self.slower[1:]}" if self.slower else ""

    @property
    def limit_name(self) -> str:
        """Return the name of the limit on this run's own requests."""
        return f"run-{self.pk}"

    def refresh_from_db(self, *which: Any, **how: Any) -> None:
        super().refresh_from_db(*which, **how)
        vars(self).pop("is_retried", None)

    def move(self, *, to: RunStatus, now: datetime, **values: Any) -> bool:
        """Change the status if nobody else did since this row was read; say whether it was us."""
        values.setdefault("finished_at", now if to in self.TERMINAL else None)
        values.setdefault("room_host", "")
        changed = Run.objects.filter(pk=self.pk, status=self.status).update(status=to, **values)
        if changed:
            self.refresh_from_db()
        return bool(changed)
