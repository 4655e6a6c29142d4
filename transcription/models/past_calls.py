"""Calls whose run is gone: what they cost stays."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from hearings.models import Hearing
from transcription.models.chunks import Attempt


class PastCall(models.Model):
    """A call to a hosted engine whose run a person removed. Never changed afterwards.

    It has the amounts, and no word of what was said; and the name of the receipt that is to go.
    """

    number = models.PositiveBigIntegerField()
    # The attempt's.
    run = models.PositiveBigIntegerField()
    # The run's number.
    hearing = models.ForeignKey(
        Hearing, on_delete=models.SET_NULL, null=True, related_name="past_calls"
    )
    # Where only its recording was replaced.
    receipt = models.CharField(max_length=60, unique=True)
    # The file of its answer, on the host that made the call.
    engine = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=10, choices=Attempt.Status)
    audio_ms = models.PositiveBigIntegerField()
    may_be_billed = models.BooleanField(default=False)
    billed_ms = models.PositiveBigIntegerField(null=True)
    billed_tokens = models.PositiveBigIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    reserved_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering: ClassVar = ["id"]
        default_permissions: ClassVar = ["view"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="past_call_amounts_not_negative",
                condition=(Q(cost_usd__isnull=True) | Q(cost_usd__gte=0))
                & (Q(reserved_usd__isnull=True) | Q(reserved_usd__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.number} of run {self.run}"
