"""The states of runs and chunks; see the package for how they follow each other."""

from django.db import models


class RunStatus(models.TextChoices):
    PREPARING = "preparing", "Preparing"
    TRANSCRIBING = "transcribing", "Transcribing"
    ALIGNING = "aligning", "Aligning"
    MERGING = "merging", "Merging"
    PAUSED = "paused", "Paused"
    COMPLETE = "complete", "Complete"
    INCOMPLETE = "incomplete", "Done with gaps"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class ChunkStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    NEEDS_PERSON = "needs_person", "Needs a person"
    CANCELLED = "cancelled", "Cancelled"
    SUPERSEDED = "superseded", "Superseded"
