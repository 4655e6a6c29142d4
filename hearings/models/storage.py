"""Looks at all that is kept, and what was removed."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from hearings.models.hearings import Hearing


class StorageCheck(models.Model):
    """One look at all that is kept, asked for by a person and done by workers. One at a time.

    ``status``: UNDER_WAY → DONE | FAILED.
    """

    class Status(models.TextChoices):
        UNDER_WAY = "under_way", "Under way"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    status = models.CharField(max_length=10, choices=Status, default=Status.UNDER_WAY)
    repairs = models.BooleanField(default=False)
    # Whether it also mends what it may.
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    host = models.CharField(max_length=160, blank=True)
    # Whose disks were looked at.
    done_until = models.PositiveBigIntegerField(default=0)
    # The key of the last hearing whose recording was compared; another worker goes on after it.
    recordings = models.PositiveIntegerField(default=0)
    # Compared so far …
    recording_bytes = models.PositiveBigIntegerField(default=0)
    # … and how long they are together.
    too_young = models.PositiveIntegerField(default=0)
    # Files that no row names and that may be on their way in.
    problems = models.JSONField(default=list)
    # As `storage_problems.Problem.to_json` writes them.
    reason = models.TextField(blank=True)
    # Why it failed, for a person.

    class Meta:
        ordering: ClassVar = ["-id"]
        default_permissions = ()
        permissions: ClassVar = [("repair_storage", "Can repair the storage")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["status"],
                condition=Q(status="under_way"),
                name="one_storage_check_at_a_time",
            ),
            models.CheckConstraint(
                name="storage_check_finished_iff_over",
                condition=Q(status="under_way", finished_at__isnull=True)
                | (~Q(status="under_way") & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"storage check {self.pk}"


class Removal(models.Model):
    """That a recording was removed: by a person, or because its retention period was over.

    The record of it, for good; and a reminder, for until its file is gone.
    """

    class Act(models.TextChoices):
        DELETED = "deleted", "Deleted with its hearing"
        REPLACED = "replaced", "Replaced by another"
        EXPIRED = "expired", "Kept long enough"

    act = models.CharField(max_length=10, choices=Act)
    hearing = models.ForeignKey(
        Hearing, on_delete=models.SET_NULL, null=True, related_name="removals"
    )
    # For as long as it is there.
    title = models.CharField("hearing", max_length=300)
    date = models.DateField("held on")
    recording = models.CharField(max_length=200)
    # Where storage had it.
    recording_name = models.CharField("file name", max_length=300, blank=True)
    recording_bytes = models.PositiveBigIntegerField("size")
    recording_sha256 = models.CharField("SHA-256", max_length=64)
    what_went = models.TextField()
    # A sentence for a person.
    what_stays = models.TextField(blank=True)
    # The same.
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    removed_name = models.CharField("by", max_length=150)
    # Stays when the account goes.
    removed_at = models.DateTimeField(auto_now_add=True)
    is_file_gone = models.BooleanField(default=False)
    # The file is deleted once the removal is certain; until then somebody has to.

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = "removed recording"
        default_permissions: ClassVar = ["view"]
        constraints: ClassVar = [
            models.CheckConstraint(name="removed_by_somebody", condition=~Q(removed_name="")),
            models.CheckConstraint(
                name="removal_names_what_is_to_go",
                condition=Q(is_file_gone=True) | ~Q(recording=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["id"], name="removals_to_be_swept", condition=Q(is_file_gone=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.recording_name or 'recording'}"
