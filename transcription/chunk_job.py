"""What a worker does when it is nudged: due chunks, one after another, of whichever run is next."""

import logging
import os
import random
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from transcription import limiter, pipeline, slicing
from transcription.clock import Clock
from transcription.engines.base import AudioSlice, Engine, EngineError, Hints, Transcription
from transcription.engines.registry import engine_for
from transcription.holders import host_name, this_process
from transcription.leases import LeaseKeeper
from transcription.limiter import Limit
from transcription.logs import log_fields
from transcription.models import Appetite, Attempt, Chunk, Run, RunStatus, WorkerCluster
from transcription.policies import LeasePolicy, RatePolicy
from transcription.retrying import Action, decide

logger = logging.getLogger(__name__)

SLICED_AHEAD = 2
# Chunks of a hosted engine's run that may be held beyond its slots.
CLUSTER_VARIABLE = "SENATE_AUDIO_CLUSTER"
# Names the worker cluster that a process belongs to.


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed chunk and the engine, ready, that will hear it."""

    chunk: Chunk
    engine: Engine


class ChunkJob:
    """One job. Engines it got ready stay so until it ends."""

    def __init__(self, *, clock: Clock, lease: LeasePolicy, rate: RatePolicy) -> None:
        self._clock = clock
        self._lease = lease
        self._rate = rate
        self._engines: dict[tuple[str, str], Engine | None] = {}
        self._stack = ExitStack()
        self._keeper = LeaseKeeper(clock=clock, policy=lease)

    def run(self) -> int:
        """Do due chunks until none is left or the time is over; return how many were taken."""
        until = self._clock() + timedelta(seconds=self._lease.job_seconds)
        taken = 0
        with self._stack:
            self._stack.enter_context(self._keeper)
            while self._clock() < until and not _cluster_is_leaving():
                work = self._claim()
                if work is None:
                    break
                taken += 1
                self._do(work)
        if not taken:
            logger.info("no chunk is due for this worker")
        return taken

    def _claim(self) -> Work | None:
        """Take the next due chunk of the run that has been served least."""
        now = self._clock()
        for appetite in Run.objects.hungriest(now):
            run = appetite.run
            engine = self._engine(run) if wanted(appetite) else None
            if engine is None:
                continue
            for chunk in run.chunks.due(now).order_by("start_ms")[:SLICED_AHEAD]:
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
            pipeline.pause(run, reason=pipeline.CLOSED, now=self._clock())
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

    def _do(self, work: Work) -> None:
        chunk = work.chunk
        with log_fields(hearing=chunk.run.hearing.slug, run=chunk.run_id, chunk=chunk.index):
            try:
                with self._keeper.holding(chunk):
                    heard = self._heard(work, slicing.slice_of(chunk))
            except EngineError as error:
                self._failed(chunk, error)
            else:
                self._keep(chunk, heard)
            pipeline.conclude(chunk.run, now=self._clock())

    def _keep(self, chunk: Chunk, heard: Transcription | None) -> None:
        if heard is None:
            logger.info("not sent: the run was stopped while the chunk waited for its slot")
            chunk.put_back(not_before=None, error="", own_fault=False)
            return
        words = tuple(word.shifted(chunk.start_ms) for word in heard.words)
        if not chunk.finish(words, now=self._clock()):
            logger.info("the chunk is another's by now; this result is not stored")

    def _heard(self, work: Work, audio: AudioSlice) -> Transcription | None:
        """Return what the engine hears; None where it was not asked, the run being stopped."""
        with ExitStack() as permits:
            for limit in self._limits(work):
                permits.enter_context(
                    limiter.permit(
                        limit, clock=self._clock, policy=self._lease, keeper=self._keeper
                    )
                )
            return self._called(work, audio) if _may_be_sent(work) else None

    def _limits(self, work: Work) -> list[Limit]:
        """Return what a call needs a slot of; the embedded engine's is held by the job."""
        limits = [pipeline.run_limit(work.chunk.run)]
        if work.engine.capabilities.is_hosted:
            limits.append(Limit("hosted", self._rate.max_concurrent_chunks))
        return limits

    def _called(self, work: Work, audio: AudioSlice) -> Transcription:
        """Announce the call in a committed row, make it, and record how it ended."""
        chunk, engine = work.chunk, work.engine
        attempt = Attempt.objects.create(
            chunk=chunk,
            claim=chunk.claims,
            holder=this_process(),
            audio_sha256=audio.sha256,
            audio_ms=audio.duration_ms,
            audio_bytes=len(audio.pcm),
            started_at=self._clock(),
        )
        logger.info("sending %.1f s of audio to %s", audio.duration_ms / 1000, engine.name)
        try:
            heard = engine.transcribe(audio, hints=Hints(language=chunk.run.language))
        except EngineError as error:
            attempt.end(Attempt.Status.FAILED, now=self._clock(), error=str(error))
            raise
        attempt.end(Attempt.Status.OK, now=self._clock())
        logger.info("%s words", len(heard.words))
        return heard

    def _failed(self, chunk: Chunk, error: EngineError) -> None:
        now = self._clock()
        decision = decide(
            error,
            tries=chunk.tries,
            policy=settings.RETRY,
            now=now,
            chance=random.random(),  # noqa: S311 (spreads waits, guards nothing)
        )
        logger.warning("%s: %s (%s)", type(error).__name__, error, decision.action.value)
        if decision.action == Action.GIVE_UP:
            chunk.give_up(error=str(error), now=now)
            return
        if decision.action == Action.PAUSE_RUN:  # first, or another worker takes it at once
            pipeline.pause(chunk.run, reason=str(error), now=now)
        chunk.put_back(
            not_before=decision.not_before, error=str(error), own_fault=decision.own_fault
        )


def wanted(appetite: Appetite) -> int:
    """Return how many more chunks of a run workers may take now.

    A hosted engine's run may have some beyond its slots, so that a slice is ready before a slot.
    """
    hosted = engine_for(appetite.run.engine, appetite.run.model).capabilities.is_hosted
    room = appetite.run.parallel + (SLICED_AHEAD if hosted else 0) - appetite.running
    return max(0, min(appetite.due, room))


def _may_be_sent(work: Work) -> bool:
    """Look again: while a chunk waited for its slot, a person may have stopped its run."""
    wanted = Chunk.objects.filter(
        pk=work.chunk.pk, token=work.chunk.token, run__status=RunStatus.TRANSCRIBING
    )
    if work.engine.capabilities.is_hosted:
        wanted = wanted.filter(run__hearing__is_closed=False)
    return wanted.exists()


def _note_service(run: Run, now: datetime) -> None:
    Run.objects.filter(pk=run.pk).update(served_at=now)
    Run.objects.filter(pk=run.pk, started_at=None).update(started_at=now)


def _cluster_is_leaving() -> bool:
    """Say whether the worker cluster of this process was told to end."""
    cluster = os.environ.get(CLUSTER_VARIABLE)
    return cluster is not None and not WorkerCluster.objects.filter(pk=cluster).exists()
