"""The finished transcript."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from transcription.models.runs import Run


class Segment(models.Model):
    """One sentence or so of the finished transcript."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="segments")
    index = models.PositiveIntegerField()
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    text = models.TextField()
    speaker = models.CharField(max_length=120, null=True)  # noqa: DJ001 (null is "not known" in the contract)
    confidence = models.FloatField(null=True)
    flags = models.JSONField(default=list)
    words = models.JSONField(default=list)
    # `words.Word.to_json`, times from the recording's start.
    corrections = models.JSONField(default=list)
    # Names that may be misspelt, `names.Correction.to_json`: proposed to a person, never made.

    class Meta:
        ordering: ClassVar = ["run", "index"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="segment_start_before_end", condition=Q(start_ms__lt=F("end_ms"))
            ),
            models.UniqueConstraint(fields=["run", "index"], name="segment_once_per_run"),
        ]

    def __str__(self) -> str:
        return self.text
