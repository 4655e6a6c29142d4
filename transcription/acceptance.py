"""Keeps with a run how ready it was, and which warnings a person accepted by starting it."""

from datetime import datetime

from django.contrib.auth.models import User

from transcription.models import AcceptedFinding, Run
from transcription.models.accepted import COMMAND_LINE
from transcription.scoring import Readiness


def keep(run: Run, ready: Readiness, *, by: User | None, now: datetime) -> None:
    """Store the score and the warnings. To be called in the transaction that makes the run."""
    run.validation_score = ready.score
    run.save(update_fields=["validation_score"])
    AcceptedFinding.objects.bulk_create(
        AcceptedFinding(
            run=run,
            area=each.area.value,
            code=each.finding.code,
            message=each.finding.message,
            advice=each.finding.advice,
            measured=each.finding.measured,
            needed=each.finding.needed,
            accepted_by=by,
            accepted_name=by.get_username() if by else COMMAND_LINE,
            accepted_at=now,
        )
        for each in ready.warnings
    )
