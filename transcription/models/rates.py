"""What a hosted engine takes: how fast, how many at once, and what its servers were found to do."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q


class RateLimit(models.Model):
    """One limit on calls, shared by every process and host. Moments are Unix seconds.

    The arithmetic is in `bucket.py`.
    """

    name = models.CharField(max_length=60, unique=True)
    max_concurrent = models.PositiveSmallIntegerField(
        "requests at once",
        validators=[MinValueValidator(1)],
        help_text=(
            "How many requests may be under way at the same moment, over all hearings and all "
            "machines. When you lower it, those under way end in peace."
        ),
    )
    capacity = models.PositiveIntegerField(
        "requests after a quiet time",
        validators=[MinValueValidator(1)],
        help_text=(
            "The size of the bucket: so many may leave one right after another when nothing was "
            "sent for a while."
        ),
    )
    per_minute = models.PositiveIntegerField(
        "requests a minute",
        validators=[MinValueValidator(1)],
        help_text=(
            "How fast the bucket fills again. Mind that both add up: a bucket of 20 refilled at "
            "20 a minute admits 40 in the first minute, and 20 in each one after."
        ),
    )
    audio_seconds_per_minute = models.PositiveIntegerField(
        "seconds of audio a minute",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=(
            "For a server that counts the length of the sound besides the requests. Leave it "
            "empty where it does not."
        ),
    )

    next_at = models.FloatField(default=0, editable=False)
    # When the bucket is full again (GCRA's theoretical arrival time).
    reckoned_per_minute = models.FloatField(default=0, editable=False)
    # The speed that `next_at` was reckoned with; another one now turns the rest into new time.
    audio_next_at = models.FloatField(default=0, editable=False)
    audio_reckoned_per_minute = models.FloatField(default=0, editable=False)
    # The same for seconds of audio.
    starts_at = models.FloatField(default=0, editable=False)
    # The start that was reserved last.
    server_per_minute = models.PositiveIntegerField(null=True, editable=False)
    # Requests a minute that the server says it takes.
    closed_until = models.FloatField(default=0, editable=False)
    # Nobody calls before.
    reason = models.TextField(blank=True, editable=False)
    # Why not, for a person.
    pace = models.FloatField(default=1, editable=False)
    # The share of `per_minute` in use; refusals lower it.
    paced_at = models.FloatField(default=0, editable=False)
    # When the pace changed last.
    slowed_at = models.FloatField(default=0, editable=False)
    # When a refusal lowered it last.
    is_broken = models.BooleanField(default=False, editable=False)
    # The circuit is open: too many calls failed, and one probe may go when `closed_until` is over.
    breaks = models.PositiveSmallIntegerField(default=0, editable=False)
    # Times in a row that it opened.
    probe_until = models.FloatField(default=0, editable=False)
    # So long the probe has; then another may go. 0: none has gone since it opened.
    counted_from = models.FloatField(default=0, editable=False)
    # Failures before are over and done with.

    class Meta:
        verbose_name = "limit"
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
            models.CheckConstraint(
                name="rate_limit_server_takes_something",
                condition=Q(server_per_minute__isnull=True) | Q(server_per_minute__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"Limits of {self.name} engines"


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
