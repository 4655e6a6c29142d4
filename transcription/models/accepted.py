"""What a person knew when they started a run, and started it all the same."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from transcription.models.runs import Run

COMMAND_LINE = "command line"
# Who it was where nobody was signed in.


class AcceptedFinding(models.Model):
    """A warning that a run was started in spite of, by whom and when. Never changed afterwards."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="accepted_findings")
    area = models.CharField(max_length=10)
    # The validator, as `scoring.Area`.
    code = models.CharField(max_length=60)
    message = models.TextField()
    advice = models.TextField(blank=True)
    measured = models.CharField(max_length=200, blank=True)
    needed = models.CharField(max_length=200, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    accepted_name = models.CharField(max_length=150)
    # Stays when the account goes.
    accepted_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["run", "id"]
        default_permissions: ClassVar = ["view"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "code"], name="finding_accepted_once_per_run"),
            models.CheckConstraint(
                name="finding_accepted_by_somebody", condition=~Q(accepted_name="")
            ),
        ]

    def __str__(self) -> str:
        return self.message
