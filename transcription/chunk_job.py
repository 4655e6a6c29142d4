"""What a worker does when it is nudged: due chunks, one after another, of whichever run is next."""

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from hearings.room import DiskFull
from transcription import (
    access,
    aligning,
    consequences,
    disks,
    doubting,
    kept_doubts,
    limiter,
    model_news,
    pipeline,
    rates,
    reuse,
    slicing,
    throttle,
)
from transcription.aligning import Aligning
from transcription.budgets import OverBudget
from transcription.calling import Call, Caller
from transcription.clock import Clock
from transcription.concluding import conclude
from transcription.engines import allocator
from transcription.engines.base import (
    AudioSlice,
    Engine,
    EngineError,
)
from transcription.engines.registry import engine_for
from transcription.holders import host_name, this_process
from transcription.leases import LeaseKeeper
from transcription.limiter import Limit
from transcription.logs import log_fields
from transcription.models import Appetite, Chunk, Run, WorkerCluster
from transcription.policies import LeasePolicy, RatePolicy
from transcription.rates import RateLimited
from transcription.words import Word
from transcription.work import Work

logger = logging.getLogger(__name__)

SLICED_AHEAD = 2
# Chunks of a hosted engine's run that may be held beyond its slots.
MOST_TRIED = 32
# Chunks that a worker tries to claim where others are faster, before it looks anew.
CLUSTER_VARIABLE = "SENATE_AUDIO_CLUSTER"
# Names the worker cluster that a process belongs to.


class ChunkJob:
    """One job. Engines it got ready stay so until it ends."""

    def __init__(self, *, clock: Clock, lease: LeasePolicy, rate: RatePolicy) -> None:
        self._clock = clock
        self._lease = lease
        self._rate = rate
        self._engines: dict[tuple[str, str], Engine | None] = {}
        self._stack = ExitStack()
        self._keeper = LeaseKeeper(clock=clock, policy=lease)
        self._aligning = Aligning(clock=clock, lease=lease, keeper=self._keeper)
        self._caller = Caller(
            clock=clock, lease=lease, rate=rate, budget=settings.BUDGET, keeper=self._keeper
        )

    def run(self) -> int:
        """Do due chunks until none is left or the time is over; return how many were taken."""
        until = self._clock() + timedelta(seconds=self._lease.job_seconds)
        taken = 0
        with self._stack:
            self._stack.enter_context(self._keeper)
            self._stack.callback(self._aligning.close)
            while self._clock() < until and self._took_one():
                taken += 1
        if not taken:
            logger.info("no chunk is due for this worker")
        return taken

    def _took_one(self) -> bool:
        """Bring the next chunk as far as it gets now; False where there is none for us."""
        cluster, is_leaving = own_cluster()
        if is_leaving:
            return False
        with throttle.turn(cluster, clock=self._clock, lease=self._lease) as may_claim:
            heard = self._aligning.claim() if may_claim else None
            work = self._claim() if may_claim and not heard else None
        if heard:
            self._do(heard, lambda: self._aligning.align(heard))
        elif work:
            self._do(work.chunk, lambda: self._transcribe(work))
            if work.is_hosted:  # a model on this machine needs its buffers again at once
                allocator.give_back()
        return bool(heard or work)

    def _claim(self) -> Work | None:
        """Take the next due chunk of the run that has been served least."""
        now = self._clock()
        for appetite, room in _appetites(self._rate, now=now):
            run = appetite.run
            engine = self._engine(run) if room else None
            if engine is None:
                continue
            for chunk in run.chunks.to_hear().due(now).order_by("start_ms")[:MOST_TRIED]:
                if chunk.claim(
                    holder=this_process(), now=now, lease_seconds=self._lease.lease_seconds
                ):
                    _note_service(run, now)
                    return Work(chunk, engine)
        return None

    def _engine(self, run: Run) -> Engine | None:
        """Return the run's engine, ready; None where the run may not use it, or not here now."""
        engine = engine_for(run.engine, run.model)
        if run.hearing.is_closed and engine.capabilities.is_hosted:
            pipeline.pause(run, reason=access.CLOSED, now=self._clock())
            return None
        key = (run.engine, run.model)
        if key not in self._engines:
            self._engines[key] = self._made_ready(engine, run)
        return self._engines[key]

    def _made_ready(self, engine: Engine, run: Run) -> Engine | None:
        if not engine.capabilities.is_hosted and not self._seated():
            return None
        try:
            self._stack.enter_context(engine.ready())
        except EngineError as error:
            pipeline.pause(run, reason=str(error), now=self._clock())
            return None
        model_news.learn_daily(engine)
        return engine

    def _seated(self) -> bool:
        """Take this host's place for the embedded engine, for as long as the job lasts."""
        limit = Limit(f"embedded@{host_name()}", self._rate.embedded_per_host)
        seat = limiter.acquire(limit, now=self._clock(), lease_seconds=self._lease.lease_seconds)
        if seat is None:
            return False
        self._stack.callback(seat.release)
        self._stack.enter_context(self._keeper.holding(seat))
        return True

    def _do(self, chunk: Chunk, what: Callable[[], None]) -> None:
        with log_fields(hearing=chunk.run.hearing.slug, run=chunk.run_id, chunk=chunk.index):
            with self._keeper.holding(chunk):
                what()
            conclude(chunk.run, now=self._clock())

    def _transcribe(self, work: Work) -> None:
        """Bring a held chunk as far as it gets now; it is held no longer on return."""
        try:
            with disks.ready_for(work):
                self._hear(work)
        except DiskFull as full:
            consequences.wait_for_room(work.chunk, full, clock=self._clock)

    def _hear(self, work: Work) -> None:
        chunk = work.chunk
        try:
            audio = slicing.slice_of(chunk)
        except EngineError as error:
            consequences.follow(chunk, error, clock=self._clock)
            return
        if work.is_hosted and (kept := reuse.kept(work, audio)):
            self._keep(work, audio, self._caller.reuse(work, audio, kept))
            return
        try:
            call = self._called(work, audio)
        except RateLimited as limited:
            not_before = self._clock() + timedelta(seconds=limited.wait_seconds)
            logger.info("not sent yet: %s", limited.reason)
            chunk.put_back(not_before=not_before, error=limited.reason)
            return
        except OverBudget as refused:
            consequences.stop(chunk, refused, clock=self._clock)
            return
        if call:
            self._caller.record(call, work)
            self._keep(work, audio, call)

    def _called(self, work: Work, audio: AudioSlice) -> Call | None:
        """Return the answered call; None where there was none to make, or it failed."""
        chunk, clock = work.chunk, self._clock
        with self._caller.permit(work, audio):
            outcome = self._caller.call(work, audio)
            if isinstance(outcome, Call):
                return outcome
            if outcome is None:
                logger.info("not sent: the run was stopped, or its limit closed, while it waited")
                chunk.put_back(not_before=None)
                return None
            # Before the slot is free, and before anything else: who takes it next finds the limit
            # closed or the run paused.
            decision = consequences.judged(chunk, outcome.error, clock=clock)
            consequences.tell_everyone(chunk, outcome.error, decision, clock=clock)
            self._caller.record_failure(outcome, work)
            consequences.carry_out(chunk, outcome.error, decision, clock=clock)
            return None

    def _keep(self, work: Work, audio: AudioSlice, call: Call) -> None:
        """Store what was heard, or have it asked for once more where it does not fit."""
        chunk, heard, now = work.chunk, call.heard, self._clock()
        found = doubting.doubts(work, audio, heard, prompted=call.attempt.keywords)
        words = tuple(_placed(word, chunk) for word in heard.words)
        if found and work.is_hosted and doubting.reject(chunk, found, words, now=now):
            doubting.forget_answers(chunk)
            return
        known = {
            "flags": list(heard.flags),
            "doubts": kept_doubts.to_json(kept_doubts.placed(found, offset_ms=chunk.start_ms)),
            "pace": doubting.pace(audio, heard),
        }
        if work.is_hosted:
            known["unworded"] = doubting.unworded(found, offset_ms=chunk.start_ms)
        if aligning.is_wanted(words):
            kept = chunk.hand_on(words, **known)
        else:
            kept = chunk.finish(words, now=now, **known)
        if not kept:
            logger.info("the chunk is another's by now; this result is not stored")


def _placed(word: Word, chunk: Chunk) -> Word:
    """Return a word with its time in the recording, and a speaker that is the chunk's own."""
    placed = word.shifted(chunk.start_ms)
    if word.speaker is None:
        return placed
    return replace(placed, speaker=f"{chunk.index + 1}·{word.speaker}")


def jobs_wanted(rate: RatePolicy, *, now: datetime) -> int:
    """Return how many chunks workers may take now."""
    return sum(room for _, room in _appetites(rate, now=now)) + aligning.is_worker_wanted(now=now)


def _appetites(rate: RatePolicy, *, now: datetime) -> list[tuple[Appetite, int]]:
    """Return the runs with due chunks, the least served first, and how many each may have taken.

    A hosted engine's run may have some beyond its slots, so that a slice is ready before a slot.
    It may have none while its limit is closed for long.
    """
    appetites = Run.objects.hungriest(now)
    hosted = {a.run.pk for a in appetites if _is_hosted(a.run)}
    slots = rates.row(rate).max_concurrent if hosted else 0
    if hosted and rates.wait_seconds(rate).wait_seconds > 0:
        slots = -SLICED_AHEAD
    found = []
    for appetite in appetites:
        run = appetite.run
        room = run.parallel
        if run.pk in hosted:
            room = (min(room, slots) if run.is_parallel_fixed else slots) + SLICED_AHEAD
        found.append((appetite, max(0, min(appetite.due, room - appetite.running))))
    return found


def _is_hosted(run: Run) -> bool:
    return engine_for(run.engine, run.model).capabilities.is_hosted


def _note_service(run: Run, now: datetime) -> None:
    Run.objects.filter(pk=run.pk).update(served_at=now)
    Run.objects.filter(pk=run.pk, started_at=None).update(started_at=now)


def own_cluster() -> tuple[WorkerCluster | None, bool]:
    """Return the worker cluster of this process, if any, and whether it was told to end."""
    name = os.environ.get(CLUSTER_VARIABLE)
    if name is None:
        return None, False
    cluster = WorkerCluster.objects.filter(pk=name).first()
    return cluster, cluster is None
