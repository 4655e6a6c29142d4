"""Who holds what, and who is alive."""

import uuid
from typing import ClassVar

from django.db import models


class Slot(models.Model):
    """One place among those that may use something at once. Free when its lease is over."""

    limit = models.CharField(max_length=160)
    number = models.PositiveSmallIntegerField()
    token = models.UUIDField(null=True)
    holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["limit", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["limit", "number"], name="slot_once_per_limit"),
        ]

    def __str__(self) -> str:
        return f"{self.limit} #{self.number}"


class WorkerCluster(models.Model):
    """A cluster that takes work; its `workers` process says so here every few seconds."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    holder = models.CharField(max_length=120)
    workers = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    canary_at = models.DateTimeField(null=True)
    # When a worker of it last took a job, be it one that only asks whether somebody does.
    chunks_at_once = models.PositiveSmallIntegerField(null=True)
    # What the memory of its host lets its workers hold now; None where they may all hold one.
    slower = models.TextField(blank=True)
    # Why they may not all, for a person.

    class Meta:
        ordering: ClassVar = ["-seen_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="cluster_slower_has_its_reason",
                condition=models.Q(chunks_at_once=None, slower="")
                | (
                    models.Q(chunks_at_once__isnull=False, chunks_at_once__gt=0)
                    & ~models.Q(slower="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.holder
