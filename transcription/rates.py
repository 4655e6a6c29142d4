"""When hosted engines may be asked, by everyone together: a shared speed that learns.

The speed comes back slowly after refusals, the row is closed for as long as a server says, and a
circuit opens where too many requests fail:

::

    whole ─ too many fail → open ─ cool-down over, one reserves → probing ─ it went well → whole
                             ▲                                       └ it went wrong → open, longer
                             └ a probe that says nothing is replaced when its time is over
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite

from django.conf import settings
from django.db.models import Count, F, Q
from django.db.models.functions import Greatest, Least
from django.utils import timezone

from transcription import bucket
from transcription.bucket import Sight, UnixNow
from transcription.engines.base import (
    AnswerUnusable,
    EngineBusy,
    EngineUnavailable,
    RateAdvice,
)
from transcription.engines.whisper import WhisperEngine
from transcription.models import Attempt, RateLimit
from transcription.policies import RatePolicy

logger = logging.getLogger(__name__)

HOSTED = "hosted"
# The one row of hosted engines.
TROUBLE = (EngineBusy, EngineUnavailable, AnswerUnusable)
# Failures of the server, not of one request; many of them open the circuit.
MOST_CLOSED_SECONDS = 7 * 86_400.0
# No word of a server closes the row for longer.
MOST_ADVISED_SECONDS = 60.0
# A limit by the minute is back within one; if not, a refusal will say so.
SLOWED_SECONDS = 5.0
# Refusals within it are of one moment, and slow everyone down once.
_MOST_PER_MINUTE = 2**31 - 1
# That fit into the row.


class RateLimited(Exception):
    """Nobody may start soon; nothing was reserved. The message says why."""

    def __init__(self, wait_seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds
        # When to ask again.
        self.reason = reason
        # A sentence for a person.


@dataclass(frozen=True, slots=True)
class Standing:
    """When a start can be reserved."""

    wait_seconds: float
    # 0: at once.
    reason: str
    # Why not at once, a sentence for a person; empty where it can.


def row(policy: RatePolicy) -> RateLimit:
    """Return the row of hosted engines as it is now; the first time, as *policy* seeds it."""
    if found := known():
        return found
    seed = RateLimit(
        name=HOSTED,
        max_concurrent=max(1, policy.max_concurrent_chunks),
        capacity=max(1, policy.capacity),
        per_minute=max(1, policy.per_minute),
    )
    RateLimit.objects.bulk_create([seed], ignore_conflicts=True)
    return RateLimit.objects.get(name=HOSTED)


def known() -> RateLimit | None:
    """Return the row of hosted engines; None where nobody has needed it yet."""
    return RateLimit.objects.filter(name=HOSTED).first()


def reserve(policy: RatePolicy, *, audio_ms: int) -> float:
    """Reserve a start; return how many seconds to sleep before it, 0 to the policy's longest.

    Raises RateLimited, with nothing reserved, where it would be longer or the circuit is open.
    Call it outside transactions. A reserved start that is not used is lost.
    """
    for _ in range(3):
        wait = bucket.reserve(
            HOSTED,
            audio_seconds=audio_ms / 1000,
            longest_seconds=policy.longest_wait_seconds,
            probe_seconds=policy.probe_seconds,
        )
        if wait is not None:
            return min(wait, policy.longest_wait_seconds)
        # The row is made here where there was none yet.
        standing = wait_seconds(policy)
        if standing.reason:
            break
    raise RateLimited(standing.wait_seconds, standing.reason or "Others took the next starts.")


def wait_seconds(policy: RatePolicy) -> Standing:
    """Say how long it is until `reserve` can succeed, for audio of any length. Reads only."""
    limit = row(policy)
    sight = sight_of(limit)
    wait = sight.wait_seconds - policy.longest_wait_seconds
    if limit.is_broken:
        # The probe may answer long before its time is over: worth a look now and then.
        probe = min(sight.probe_seconds, policy.cool_down_seconds)
        wait = max(wait, sight.closed_seconds, probe)
    return Standing(wait, _why_not(limit, sight)) if wait > 0 else Standing(0.0, "")


def sight_of(limit: RateLimit) -> Sight:
    """Return what is left in the bucket of *limit*, by the database's clock."""
    sight = bucket.look(limit.name)
    if sight is None:
        raise RateLimit.DoesNotExist
    return sight


def may_send(policy: RatePolicy) -> bool:  # noqa: ARG001 (every step of a call takes it)
    """Look again right before sending: False where the row was closed during the sleep."""
    return not RateLimit.objects.filter(name=HOSTED, closed_until__gt=UnixNow()).exists()


def close_for(seconds: float, *, reason: str) -> None:
    """Let nobody start for *seconds*, and starts follow evenly then. Never shortens a wait."""
    row(settings.RATE)
    bucket.close(HOSTED, seconds=_clamped(seconds, MOST_CLOSED_SECONDS), reason=reason)


def slow_down(policy: RatePolicy) -> None:
    """Halve the speed for everyone, once for all refusals of a moment."""
    limit = RateLimit.objects.filter(pk=row(policy).pk)
    limit.filter(slowed_at__lte=UnixNow() - SLOWED_SECONDS).update(
        pace=Greatest(F("pace") / 2, policy.least_pace), paced_at=UnixNow(), slowed_at=UnixNow()
    )


def went_well(policy: RatePolicy) -> None:
    """Note a good answer: a step back to the full speed where one is due, and a mended circuit."""
    limit = row(policy)
    if limit.is_broken:
        bucket.mend_circuit(HOSTED)
    if limit.pace < 1:
        RateLimit.objects.filter(
            pk=limit.pk,
            paced_at=limit.paced_at,
            paced_at__lte=UnixNow() - policy.pace_step_seconds,
        ).update(pace=Least(F("pace") + policy.pace_step, 1.0), paced_at=UnixNow())


def heed(advice: RateAdvice, *, refused: bool = False) -> None:
    """Obey what a server says of its limit: a lower speed than ours, a bucket that is empty.

    Where it has *refused* the request, nothing that it says lets anybody start sooner: a higher
    speed counts only from an answer. Without advice the database is not asked.
    """
    if advice.per_minute is not None and advice.per_minute > 0:
        _note_speed(advice.per_minute, lower_only=refused)
    reset_seconds = advice.reset_seconds or 0.0
    if advice.remaining is not None and advice.remaining <= 0 < reset_seconds:
        close_for(
            min(reset_seconds, MOST_ADVISED_SECONDS),
            reason="The server has said that it takes no more requests for the moment.",
        )


def went_wrong(policy: RatePolicy, *, now: datetime, began: datetime | None = None) -> None:
    """Open the circuit where too many of the last requests failed, or where the probe did.

    *began* is when the failing request did: one from before the probe says nothing of it.
    """
    limit = row(policy)
    if limit.is_broken:
        if limit.probe_until > 0 and _may_be_probe(limit, policy, began):
            _break(limit, policy, "The request that tried whether the server works again failed")
        return
    failed, ended = _ended(policy, limit, now=now)
    if ended >= policy.failing_least and failed > ended * policy.failing_share:
        minutes = round(policy.failing_window_seconds / 60)
        _break(
            limit, policy, f"{failed} of the {ended} requests of the last {minutes} minutes failed"
        )


def open_now() -> None:
    """Let requests start again, at full speed and evenly, because a person says so.

    Nothing is owed then beyond empty buckets, whatever the row says.
    """
    closed_seconds = Greatest(F("closed_until") - UnixNow(), 0.0)
    full_in = F("capacity") * 60.0 / Greatest(F("reckoned_per_minute"), 1.0)
    RateLimit.objects.filter(name=HOSTED).update(
        next_at=Least(F("next_at") - closed_seconds, UnixNow() + full_in),
        audio_next_at=Least(F("audio_next_at"), UnixNow() + 60.0),
        closed_until=0,
        reason="",
        pace=1,
        is_broken=False,
        breaks=0,
        probe_until=0,
        counted_from=UnixNow(),
        server_per_minute=None,
    )


def local_time(moment: float) -> datetime:
    """Return a moment of a row in the site's time zone."""
    return timezone.localtime(datetime.fromtimestamp(moment, UTC))


def _clamped(seconds: float, most: float) -> float:
    return min(max(seconds, 0.0), most) if isfinite(seconds) else most


def _note_speed(per_minute: int, *, lower_only: bool) -> None:
    """Keep what the server says; where it repeats itself, the row is only read."""
    limit = row(settings.RATE)
    per_minute = min(per_minute, _MOST_PER_MINUTE)
    if limit.server_per_minute == per_minute:
        return
    noted = RateLimit.objects.filter(pk=limit.pk)
    if lower_only:
        noted = noted.filter(Q(server_per_minute=None) | Q(server_per_minute__gt=per_minute))
    noted.update(server_per_minute=per_minute)


def _may_be_probe(limit: RateLimit, policy: RatePolicy, began: datetime | None) -> bool:
    """Say whether a request that began then is the probe, whose start was reserved last.

    Nobody began in the last seconds before it: the circuit is never open for less than the longest
    wait. So much may the clocks differ.
    """
    return began is None or began.timestamp() >= limit.starts_at - policy.longest_wait_seconds


def _ended(policy: RatePolicy, limit: RateLimit, *, now: datetime) -> tuple[int, int]:
    """Return how many requests to hosted engines failed by the server, of how many that ended."""
    counted_from = datetime.fromtimestamp(limit.counted_from, UTC)
    since = max(now - timedelta(seconds=policy.failing_window_seconds), counted_from)
    counts = (
        Attempt.objects.filter(
            finished_at__gt=since, status__in=[Attempt.Status.OK, Attempt.Status.FAILED]
        )
        .exclude(engine=WhisperEngine.name)
        .aggregate(
            failed=Count("pk", filter=Q(failure__in=[kind.__name__ for kind in TROUBLE])),
            ended=Count("pk"),
        )
    )
    return counts["failed"], counts["ended"]


def _break(limit: RateLimit, policy: RatePolicy, why: str) -> None:
    seconds = min(
        policy.cool_down_seconds * 2 ** min(limit.breaks, 30), policy.longest_cool_down_seconds
    )
    # Those who sleep until a reserved start wake while it is closed, and see it.
    seconds = max(seconds, policy.longest_wait_seconds)
    reason = f"{why}, so nothing is sent for {seconds:.0f} seconds; then one request tries."
    logger.warning("%s", reason)
    bucket.break_circuit(limit, seconds=seconds, reason=reason)


def _why_not(limit: RateLimit, sight: Sight) -> str:
    if sight.closed_seconds > 0:
        until = local_time(sight.moment + sight.closed_seconds)
        return f"Closed until {until:%H:%M:%S %Z}. {limit.reason}".strip()
    if limit.is_broken and sight.probe_seconds > 0:
        return "Many requests failed; one is trying whether the server works again."
    if sight.audio_wait_seconds >= sight.wait_seconds:
        used_up = f"{limit.audio_seconds_per_minute} seconds of audio a minute"
    else:
        used_up = f"{sight.per_minute:.3g} requests a minute"
    return (
        f"The limit of {used_up} is used up; "
        f"the next may start in {sight.wait_seconds:.0f} seconds."
    )
