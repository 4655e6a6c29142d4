"""What a run's calls were billed, from their rows."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from transcription.amounts import dollars
from transcription.models import Attempt, Run

EMBEDDED = frozenset({"whisper", "scripted"})
# They run on this machine: that nothing is billed is known without measuring.


@dataclass(frozen=True, slots=True)
class Bill:
    """What was billed so far."""

    audio_ms: int | None
    # Of the answered calls; None where it is not known of one of them, or none was made.
    usd: Decimal | None
    # The same of the money.
    known_usd: Decimal
    # What is known of all calls, those that failed and may be billed too.

    @property
    def in_words(self) -> str:
        """What was paid so far, for a person; empty where nothing can be said yet."""
        if self.known_usd:
            return dollars(self.known_usd)
        return "" if self.usd is None else "nothing"


def bill_of(run: Run) -> Bill:
    """Return the bill of *run*. One query."""
    is_embedded = run.engine in EMBEDDED
    unbilled = EMBEDDED | ({""} if is_embedded else set())
    # Calls of old have no engine of their own. A run may have changed from one to another.
    answered = Q(status=Attempt.Status.OK) & ~Q(engine__in=unbilled)
    sums = Attempt.objects.filter(chunk__run=run).aggregate(
        calls=Count("id", filter=answered),
        reused=Count("id", filter=Q(status=Attempt.Status.REUSED)),
        measured=Count("billed_ms", filter=answered),
        priced=Count("cost_usd", filter=answered),
        audio_ms=Sum("billed_ms", filter=answered, default=0),
        usd=Sum("cost_usd", filter=answered, default=Decimal(0)),
        known_usd=Sum("cost_usd", default=Decimal(0)),
    )
    # For answers of before nothing is paid, and that is known.
    is_known = is_embedded or sums["calls"] + sums["reused"] > 0
    return Bill(
        audio_ms=sums["audio_ms"] if is_known and sums["measured"] == sums["calls"] else None,
        usd=sums["usd"] if is_known and sums["priced"] == sums["calls"] else None,
        known_usd=sums["known_usd"],
    )
