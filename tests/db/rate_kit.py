"""What tests of the rates share: a small policy, and time that passes by changing the row."""

import pytest
from django.db.models import F

from transcription import rates
from transcription.bucket import UnixNow
from transcription.models import RateLimit
from transcription.policies import RatePolicy
from transcription.rates import RateLimited

POLICY = RatePolicy(capacity=3, per_minute=60, longest_wait_seconds=5.0)
# One start a second, three at once.
AROUND = 0.3
# Seconds that a busy machine may take between two statements.
MOMENTS = (
    *("next_at", "audio_next_at", "closed_until", "paced_at", "slowed_at", "probe_until"),
    *("counted_from", "starts_at"),
)


def limit() -> RateLimit:
    return rates.row(POLICY)


def change(**values: object) -> None:
    limit()
    RateLimit.objects.update(**values)


def later(seconds: float) -> None:
    """Let *seconds* pass: every moment of the row is so much longer ago."""
    RateLimit.objects.update(**{name: F(name) - seconds for name in MOMENTS})


def reserve(policy: RatePolicy = POLICY, *, audio_seconds: float = 10) -> float:
    return rates.reserve(policy, audio_ms=round(audio_seconds * 1000))


def refused(policy: RatePolicy = POLICY, *, audio_seconds: float = 10) -> RateLimited:
    with pytest.raises(RateLimited) as caught:
        reserve(policy, audio_seconds=audio_seconds)
    return caught.value


def about(seconds: float) -> object:
    return pytest.approx(seconds, abs=AROUND)


def unix_now() -> float:
    return float(RateLimit.objects.annotate(moment=UnixNow()).values_list("moment")[0][0])


def many_reserve(times: int, policy: RatePolicy) -> list[float]:
    waits = []
    for _ in range(times):
        try:
            waits.append(reserve(policy))
        except RateLimited:
            continue
    return waits
