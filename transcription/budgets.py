"""What may still be spent: asked in the transaction that announces a call, exact under many."""

from datetime import datetime
from decimal import Decimal

from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from hearings.models import Hearing
from transcription import rates
from transcription.amounts import dollars
from transcription.models import Attempt, PastCall, RateLimit
from transcription.policies import BudgetPolicy, RatePolicy

ZERO = Decimal(0)


class OverBudget(Exception):
    """A call could cost more than is left; the message says what to do."""

    def __init__(self, message: str, *, stops_all: bool) -> None:
        super().__init__(message)
        self.stops_all = stops_all
        # Not this hearing alone.


def allow(
    hearing: Hearing,
    highest_usd: Decimal | None,
    *,
    policy: BudgetPolicy,
    rate: RatePolicy,
    now: datetime,
) -> None:
    """Return where a call that costs *highest_usd* at most breaks no budget. Raises OverBudget.

    Until the surrounding transaction ends nobody else is told anything; the announced call then
    counts with all that it could cost, and when it has ended with what it did.
    """
    if not policy.is_set:
        return
    if highest_usd is None:
        raise OverBudget(
            "No price is known for this model, and a budget is set, so nothing is sent. "
            "Set OPENAI_USD_PER_MINUTE, or take a model with a known price.",
            stops_all=False,
        )
    RateLimit.objects.select_for_update().get(pk=rates.row(rate).pk)
    for budget, spent, name, stops_all in (
        (policy.usd_per_hearing, of_hearing(hearing), "HEARING", False),
        (policy.usd_per_month, of_month(now), "MONTH", True),
    ):
        if budget is not None and spent + highest_usd > budget:
            raise OverBudget(_sentence(name, budget, spent, highest_usd), stops_all=stops_all)


def of_hearing(hearing: Hearing) -> Decimal:
    """Return what calls for a hearing cost or may cost, those under way included.

    Those for a recording that it had before count, too.
    """
    past = PastCall.objects.filter(hearing=hearing)
    return _spent(Attempt.objects.filter(chunk__run__hearing=hearing)) + _spent(past)


def of_month(now: datetime) -> Decimal:
    """Return the same for every call begun since the first of the month, in TIME_ZONE.

    Those of deleted hearings count, too.
    """
    first = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begun = {"started_at__gte": first}
    return _spent(Attempt.objects.filter(**begun)) + _spent(PastCall.objects.filter(**begun))


def _spent(calls: QuerySet[Attempt] | QuerySet[PastCall]) -> Decimal:
    """Return the sum of what is known, and of the most where that is not known."""
    is_open = Q(status=Attempt.Status.SENDING) | Q(may_be_billed=True)
    at_most = Case(When(is_open, then=F("reserved_usd")), default=Value(ZERO))
    total = calls.aggregate(usd=Sum(Coalesce("cost_usd", at_most), default=ZERO))["usd"]
    return Decimal(total)


def _sentence(name: str, budget: Decimal, spent: Decimal, highest: Decimal) -> str:
    of_what = {"HEARING": "this hearing", "MONTH": "this month"}[name]
    return (
        f"The budget of {dollars(budget)} for {of_what} does not allow another call: "
        f"{dollars(spent)} are spent or set aside, and it could cost {dollars(highest)}. "
        f"Raise BUDGET_USD_PER_{name}, restart the workers, then resume the run."
    )
