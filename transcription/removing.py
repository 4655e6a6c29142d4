"""What is made from a recording goes with it; what it cost stays.

`hearings.removal` asks, in its transaction. The amounts of calls are copied whenever a run's row
goes, by whatever way, so no way to delete one lets the month's budget shrink.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from hearings import removal
from hearings.models import Hearing
from hearings.signals import recording_leaving
from transcription import receipts
from transcription.bills import EMBEDDED
from transcription.models import Attempt, PastCall, Run

logger = logging.getLogger(__name__)

_AT_ONCE = 500
# Rows that one statement writes or asks for.
_LATE = timedelta(hours=1)
# An answer that was under way when its run was removed comes no later.
_KEPT = (
    *("engine", "model", "status", "audio_ms", "may_be_billed", "billed_ms", "billed_tokens"),
    *("cost_usd", "reserved_usd", "started_at", "finished_at"),
)


@receiver(recording_leaving, sender=Hearing)
def take_away(hearing: Hearing, **_: Any) -> None:
    """Delete the runs of a hearing. Raises removal.InUse while one works."""
    if busy := Run.objects.active().filter(hearing=hearing).first():
        raise removal.InUse(
            f"Run {busy.pk} of “{hearing}” is {busy.get_status_display().lower()}. "
            "Cancel it first, or wait until it has ended."
        )
    Run.objects.filter(hearing=hearing).delete()


@receiver(pre_delete, sender=Run)
def keep_amounts(instance: Run, origin: Any = None, **_: Any) -> None:
    """Copy what the calls of a run that goes cost, and have their receipts go after it."""
    # Else the hearing goes as well, in the same breath.
    stays = isinstance(origin, Run) or getattr(origin, "model", None) is Run
    hearing_id = instance.hearing_id if stays else None
    calls = Attempt.objects.filter(chunk__run=instance).exclude(engine__in=EMBEDDED)
    names: list[str] = []
    for batch in _batches(calls.order_by("id").iterator(_AT_ONCE)):
        past = [_past(call, instance, hearing_id) for call in batch]
        PastCall.objects.bulk_create(past)
        names += [call.receipt for call in past]
    # Where it fails, the workers' own sweep does it.
    transaction.on_commit(lambda: receipts.forget(names), robust=True)


def sweep(*, now: datetime) -> int:
    """Delete the receipts of calls removed lately, also elsewhere; return how many there were."""
    lately = PastCall.objects.filter(removed_at__gte=now - _LATE)
    return receipts.forget(lately.values_list("receipt", flat=True).iterator(_AT_ONCE))


def sweep_all() -> int:
    """Delete the receipts on this host of all calls ever removed; return how many there were.

    Raises OSError.
    """
    gone = 0
    for batch in _batches(file.path.name for file in receipts.unnamed()):
        removed = PastCall.objects.filter(receipt__in=batch)
        gone += receipts.forget(removed.values_list("receipt", flat=True))
    return gone


def _past(call: Attempt, run: Run, hearing_id: int | None) -> PastCall:
    """Return the record of a call. What is under way still may have to be paid for."""
    kept = {name: getattr(call, name) for name in _KEPT}
    kept["may_be_billed"] |= call.status == Attempt.Status.SENDING
    return PastCall(
        number=call.pk,
        run=run.pk,
        hearing_id=hearing_id,
        receipt=receipts.path_of(call).name,
        **kept,
    )


def _batches(items: Iterable[Any]) -> Iterable[list[Any]]:
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
