"""What was found in a hearing's recording, and about it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from hearings import tracks
from hearings.models.hearings import Hearing
from hearings.spans import Span, from_json, from_json_in


class RecordingAnalysisQuerySet(models.QuerySet["RecordingAnalysis"]):
    def speech_in(self, bounds: Span) -> tuple[Span, ...]:
        """Return the speech inside *bounds*, of one hearing. Nothing else stays in memory.

        An analysis and its hearing know each other: both stay until they are looked for, and ten
        hours have some 14,000 stretches of speech.
        """
        return from_json_in(self.values_list("speech", flat=True).get(), bounds)


class RecordingAnalysis(models.Model):
    """What one pass over the recording's sound showed."""

    hearing = models.OneToOneField(Hearing, on_delete=models.CASCADE, related_name="analysis")
    track = models.CharField(max_length=8, blank=True)
    # The sound that it is of, also where nobody chose one; empty: the only one there is.
    duration_ms = models.PositiveBigIntegerField()
    mean_dbfs = models.FloatField(null=True)
    # Root mean square of the whole, relative to full scale; null for digital silence.
    peak_dbfs = models.FloatField(null=True)
    speech = models.JSONField()
    # [[start_ms, end_ms], …], disjoint and in order.
    unreadable = models.JSONField(default=list)
    # The same, where the decoder reported damage.
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecordingAnalysisQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "recording analyses"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="analysis_track_is_one", condition=Q(track__in=tracks.TRACKS)
            ),
        ]

    def __str__(self) -> str:
        return f"analysis of {self.hearing}"

    @property
    def speech_spans(self) -> tuple[Span, ...]:
        return from_json(self.speech)

    def speech_in(self, bounds: Span) -> tuple[Span, ...]:
        """Return the speech inside *bounds*."""
        return from_json_in(self.speech, bounds)

    @property
    def unreadable_spans(self) -> tuple[Span, ...]:
        return from_json(self.unreadable)


class ValidationFinding(models.Model):
    """One thing that the checks found, in words for the person who uploaded the recording."""

    class Severity(models.TextChoices):
        ERROR = "error", "Error"
        WARNING = "warning", "Warning"

    hearing = models.ForeignKey(Hearing, on_delete=models.CASCADE, related_name="findings")
    code = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, choices=Severity)
    message = models.TextField()
    # What is wrong, and where.
    advice = models.TextField(blank=True)
    # What to do about it.
    measured = models.CharField(max_length=200, blank=True)
    needed = models.CharField(max_length=200, blank=True)
    found_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["severity", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hearing", "code"], name="finding_once_per_hearing"),
        ]

    def __str__(self) -> str:
        return self.message
