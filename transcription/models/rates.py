"""What a hosted engine takes: how fast, how many at once, and what its servers were found to do."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q


class RateLimit(models.Model):
    """One limit on calls, shared by every process and host. Moments are Unix seconds."""

    name = models.CharField(max_length=60, unique=True)
    max_concurrent = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    # Requests at once.
    capacity = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    # Requests that may leave at once after a quiet time.
    per_minute = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    # Requests that may follow, evenly.
    audio_seconds_per_minute = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # None: not limited.

    next_at = models.FloatField(default=0, editable=False)
    # When the bucket is full again (GCRA's theoretical arrival time).
    audio_next_at = models.FloatField(default=0, editable=False)
    # The same for seconds of audio.
    closed_until = models.FloatField(default=0, editable=False)
    # Nobody calls before.
    reason = models.TextField(blank=True, editable=False)
    # Why not, for a person.
    pace = models.FloatField(default=1, editable=False)
    # The share of `per_minute` in use; refusals lower it.
    paced_at = models.FloatField(default=0, editable=False)
    # When the pace changed last.
    is_broken = models.BooleanField(default=False, editable=False)
    # The circuit is open: too many calls failed, and one probe may go when `closed_until` is over.
    breaks = models.PositiveSmallIntegerField(default=0, editable=False)
    # Times in a row that it opened.

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="rate_limit_lets_something_through",
                condition=Q(max_concurrent__gt=0, capacity__gt=0, per_minute__gt=0),
            ),
            models.CheckConstraint(
                name="rate_limit_audio_positive",
                condition=Q(audio_seconds_per_minute__isnull=True)
                | Q(audio_seconds_per_minute__gt=0),
            ),
            models.CheckConstraint(
                name="rate_limit_pace_is_share", condition=Q(pace__gt=0, pace__lte=1)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ServerModel(models.Model):
    """What a server was found to do with a model of its own."""

    base_url = models.CharField(max_length=300, blank=True)
    # Empty: the vendor's.
    model = models.CharField(max_length=120)
    response_format = models.CharField(max_length=20, blank=True)
    # The richest form of answer that it gives; empty where nobody has asked.
    shutdown_date = models.DateField(null=True)
    # When the server said that it ends the model.

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["base_url", "model"], name="model_once_per_server"),
        ]

    def __str__(self) -> str:
        return self.model
