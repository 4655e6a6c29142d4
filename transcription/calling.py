"""One call to an engine: its slots, its start, its announcement, its receipt, its end."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F

from transcription import budgets, costs, limiter, rates, receipts
from transcription.clock import Clock
from transcription.engines.base import (
    Answer,
    AudioSlice,
    Capabilities,
    EngineBusy,
    EngineError,
    Transcription,
)
from transcription.holders import this_process
from transcription.leases import LeaseKeeper
from transcription.limiter import Limit
from transcription.models import Attempt, Chunk, Run
from transcription.policies import BudgetPolicy, LeasePolicy, RatePolicy
from transcription.reuse import Kept, question
from transcription.work import Work

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """An answered call that is not recorded yet."""

    attempt: Attempt
    heard: Transcription


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call that came to nothing and is not recorded yet."""

    attempt: Attempt
    error: EngineError


class Caller:
    """Makes calls, each as soon as the limits let it."""

    def __init__(
        self,
        *,
        clock: Clock,
        lease: LeasePolicy,
        rate: RatePolicy,
        budget: BudgetPolicy,
        keeper: LeaseKeeper,
    ) -> None:
        self._clock = clock
        self._lease = lease
        self._rate = rate
        self._budget = budget
        self._keeper = keeper

    @contextmanager
    def permit(self, work: Work, audio: AudioSlice) -> Iterator[None]:
        """Hold the slots of a call for the block, which begins when its reserved start has come.

        Raises rates.RateLimited where that is a long wait; the slots are free again then.
        """
        with ExitStack() as permits:
            for limit in self._limits(work):
                permits.enter_context(
                    limiter.permit(
                        limit, clock=self._clock, policy=self._lease, keeper=self._keeper
                    )
                )
            if work.is_hosted:
                self._wait_for_start(audio)
            yield

    def call(self, work: Work, audio: AudioSlice) -> Call | FailedCall | None:
        """Announce a call in a committed row and make it; None where it may not be made any more.

        What came is safe on the disk on return: the database may have gone during the call, and
        all that follows asks it. Raises budgets.OverBudget, with nothing sent.
        """
        attempt = self._announced(work, audio)
        if attempt is None:
            return None
        logger.info("sending %.1f s of audio to %s", audio.duration_ms / 1000, work.engine.name)
        try:
            heard = work.engine.transcribe(audio, hints=work.hints(audio))
        except EngineError as error:
            _keep_receipt(attempt, error.answer)
            return FailedCall(attempt, error)
        _keep_receipt(attempt, heard.answer)
        return Call(attempt, heard)

    def reuse(self, work: Work, audio: AudioSlice, kept: Kept) -> Call:
        """Note that an answer of before is taken, for which nothing is paid."""
        attempt = Attempt.objects.create(
            **self._facts(work, audio),
            status=Attempt.Status.REUSED,
            finished_at=self._clock(),
            request_id=kept.attempt.request_id,
        )
        logger.info("the answer of call %s is used again", kept.attempt.pk)
        return Call(attempt, kept.heard)

    def record(self, call: Call, work: Work) -> None:
        """Note what came of a call that was answered."""
        heard = call.heard
        call.attempt.end(
            Attempt.Status.OK,
            now=self._clock(),
            **charged(call.attempt, heard, work.engine.capabilities),
            **_said(heard),
        )
        logger.info("%s words", len(heard.words))
        if work.is_hosted:
            rates.went_well(self._rate)
        if heard.answer:
            rates.heed(heard.answer.advice)

    def _limits(self, work: Work) -> list[Callable[[], Limit]]:
        """Return what a call needs a slot of; the embedded engine's is held by the job."""
        limits: list[Callable[[], Limit]] = []
        if work.chunk.run.is_parallel_fixed:
            limits.append(partial(_own_limit, work.chunk.run))
        if work.is_hosted:
            limits.append(self._hosted_limit)
        return limits

    def _hosted_limit(self) -> Limit:
        return Limit(rates.HOSTED, rates.row(self._rate).max_concurrent)

    def _wait_for_start(self, audio: AudioSlice) -> None:
        """Wait for the reserved start. It may be closed meanwhile; then another is reserved."""
        while True:
            time.sleep(rates.reserve(self._rate, audio_ms=audio.duration_ms))
            if rates.may_send(self._rate):
                return

    def _announced(self, work: Work, audio: AudioSlice) -> Attempt | None:
        """Commit the call's row, with what it may cost set aside in the budgets.

        None where the run was stopped or the limit closed meanwhile: this is the last look.
        """
        highest = None
        if work.is_hosted:
            highest = costs.highest_price_of(
                audio.duration_ms, work.engine.capabilities.usd_per_minute
            )
        with transaction.atomic():
            if not may_be_sent(work) or (work.is_hosted and not rates.may_send(self._rate)):
                return None
            if work.is_hosted:
                budgets.allow(
                    work.chunk.run.hearing,
                    highest,
                    policy=self._budget,
                    rate=self._rate,
                    now=self._clock(),
                )
            facts = self._facts(work, audio)
            _count_answer_out_of_reach(work.chunk, facts["question"])
            return Attempt.objects.create(**facts, reserved_usd=highest)

    def _facts(self, work: Work, audio: AudioSlice) -> dict[str, Any]:
        chunk, engine, hints = work.chunk, work.engine, work.hints(audio)
        return {
            "chunk": chunk,
            "claim": chunk.claims,
            "holder": this_process(),
            "engine": engine.name,
            "model": engine.model,
            "audio_sha256": audio.sha256,
            "audio_ms": audio.duration_ms,
            "audio_bytes": len(audio.pcm),
            "question": question(engine, audio, hints) if work.is_hosted else "",
            "keywords": list(hints.keywords),
            "started_at": self._clock(),
        }

    def record_failure(self, failed: FailedCall, work: Work) -> None:
        """Note what came of a call that failed."""
        attempt, error = failed.attempt, failed.error
        attempt.end(
            Attempt.Status.FAILED,
            now=self._clock(),
            error=str(error),
            failure=type(error).__name__,
            may_be_billed=error.may_be_billed,
            **_said(error),
        )
        if work.is_hosted:
            self._learn(attempt, error)

    def _learn(self, attempt: Attempt, error: EngineError) -> None:
        """Have the shared limit take note of a failure."""
        if error.answer:
            rates.heed(error.answer.advice, refused=True)
        if isinstance(error, EngineBusy):
            rates.slow_down(self._rate)
        if isinstance(error, rates.TROUBLE):
            rates.went_wrong(self._rate, now=self._clock(), began=attempt.started_at)
        elif error.answer:  # it answers, if only to refuse this one
            rates.went_well(self._rate)


def may_be_sent(work: Work) -> bool:
    """Look again: while a chunk waited for its slot, a person may have stopped its run.

    In a transaction the run's row is held until its end, so that who stops it then comes after.
    """
    wanted = Chunk.objects.filter(
        pk=work.chunk.pk,
        token=work.chunk.token,
        run__status__in=Run.WORKING,
        run__engine=work.engine.name,
    )
    if work.is_hosted:
        wanted = wanted.filter(run__hearing__is_closed=False)
    list(Run.objects.select_for_update().filter(pk=work.chunk.run_id).values_list("pk"))
    return wanted.exists()


def _count_answer_out_of_reach(chunk: Chunk, asked: str) -> None:
    """Count that *chunk* is paid for once more: its answer was had, and cannot be read here.

    It is on another host, in a folder that the two do not share, or its file is gone.
    """
    answered = chunk.attempts.filter(status=Attempt.Status.OK, is_rejected=False)
    if not asked or not answered.filter(question=asked).exists():
        return
    logger.warning("paid for again: this was answered before, and the receipt is not on this host")
    Chunk.objects.filter(pk=chunk.pk).update(ambiguous=F("ambiguous") + 1)
    chunk.ambiguous += 1


def charged(attempt: Attempt, heard: Transcription, capabilities: Capabilities) -> dict[str, Any]:
    """Return what an answered call cost, as fields of its attempt."""
    charge = costs.charge(
        heard.usage, sent_ms=attempt.audio_ms, usd_per_minute=capabilities.usd_per_minute
    )
    return {
        "billed_ms": charge.audio_ms if capabilities.is_hosted else None,
        "billed_tokens": charge.tokens,
        "cost_usd": charge.usd,
    }


def _own_limit(run: Run) -> Limit:
    return Limit(run.limit_name, run.parallel)


def _said(outcome: Transcription | EngineError) -> dict[str, Any]:
    """Return what the server said of the call itself, as fields of its attempt."""
    if outcome.answer is None:
        return {}
    return {
        "http_status": outcome.answer.status,
        "request_id": outcome.answer.request_id[:200],
    }


def _keep_receipt(attempt: Attempt, answer: Answer | None) -> None:
    """Keep what may have to be paid for; a refusal is not."""
    if answer is None or answer.status >= 300:  # noqa: PLR2004 (HTTP: it did not go through)
        return
    try:
        receipts.keep(attempt, answer.body)
    except OSError:
        # The answer is in our hands and goes to the database: worth more than its copy.
        logger.exception("the answer of call %s could not be kept as a file", attempt.pk)
