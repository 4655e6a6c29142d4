"""The estimate of a run from the limits and the latest calls in the database."""

from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from django.conf import settings

from transcription import rates
from transcription.engines.registry import engine_for
from transcription.estimating import CallPace, Estimate, Limits, estimate
from transcription.models import Attempt, RateLimit, Run
from transcription.planning import Plan
from transcription.policies import RatePolicy

HOSTED_PACE = CallPace(1.0, 0.03)
# Until calls were measured: 10 s for 300 s of audio, as was seen of the hosted API.
EMBEDDED_PACE = CallPace(0.0, 1 / 12)
# Until calls were measured: 12 × real time, as Whisper base on two cores.
LATEST_CALLS = 50
# That are measured.
LEAST_CALLS = 5
# Fewer say nothing.


@dataclass(frozen=True, slots=True)
class Terms:
    """What an engine's calls cost and take at present."""

    price: Decimal | None
    # Dollars a minute of audio; None where it is not known.
    limits: Limits
    pace: CallPace

    def estimate(self, plan: Plan) -> Estimate:
        return estimate(plan, price=self.price, limits=self.limits, pace=self.pace)


def terms_of(engine: str, model: str) -> Terms:
    """Return the present terms of *engine* with *model*. At most three queries."""
    capabilities = engine_for(engine, model).capabilities
    if capabilities.is_hosted:
        limits, otherwise = _hosted_limits(settings.RATE), HOSTED_PACE
    else:
        limits, otherwise = Limits(settings.RATE.embedded_per_host), EMBEDDED_PACE
    return Terms(capabilities.usd_per_minute, limits, _measured(engine, model) or otherwise)


def keep(run: Run, estimated: Estimate) -> None:
    """Store on the run what it was expected to take, to be shown beside what it took."""
    run.estimated_usd = estimated.cost_usd
    run.estimated_seconds = estimated.seconds
    run.save(update_fields=["estimated_usd", "estimated_seconds"])


def _hosted_limits(policy: RatePolicy) -> Limits:
    """Return what the row says now; before the first call makes it, the policy's seeds count."""
    row = RateLimit.objects.filter(name=rates.HOSTED).first()
    if row is None:
        return Limits(policy.max_concurrent_chunks, policy.capacity, policy.per_minute)
    sight = rates.sight_of(row)
    return Limits(
        at_once=row.max_concurrent,
        burst=sight.burst,
        per_minute=sight.per_minute,
        audio_seconds_per_minute=row.audio_seconds_per_minute,
        opens_in=max(0.0, sight.closed_seconds),
        full_in=sight.owed * 60 / sight.per_minute,
        audio_full_in=sight.audio_full_seconds,
    )


def _measured(engine: str, model: str) -> CallPace | None:
    """Return how long the latest calls took for a second of audio; None after too few."""
    latest = (
        Attempt.objects.filter(status=Attempt.Status.OK, engine=engine, model=model, audio_ms__gt=0)
        .order_by("-id")
        .values_list("started_at", "finished_at", "audio_ms")[:LATEST_CALLS]
    )
    shares = [
        (finished - started).total_seconds() * 1000 / audio_ms
        for started, finished, audio_ms in latest
        if finished and finished > started
    ]
    return CallPace(0.0, median(shares)) if len(shares) >= LEAST_CALLS else None
