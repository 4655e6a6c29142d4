"""Texts that came without times get them from the sound, on this side, one process a host.

A chunk whose words are known waits for this as it waits to be heard: claimed, held by a lease,
taken over when its holder dies. Nothing is sent; where no times can be found the estimates stay.
"""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial

from hearings.spans import Span
from transcription import alignment, doubting, kept_doubts, limiter, slicing
from transcription.alignment import Alignment
from transcription.clock import Clock
from transcription.engines.aligner import Aligner
from transcription.engines.base import BYTES_PER_MS, AccessRefused, AudioSlice, EngineError
from transcription.engines.registry import the_aligner
from transcription.holders import host_name, this_process
from transcription.leases import LeaseKeeper
from transcription.limiter import Limit
from transcription.losses import contradictions
from transcription.models import Chunk, ChunkStatus, Run, WorkerCluster
from transcription.policies import LeasePolicy
from transcription.word_search import Placing
from transcription.words import Timing, Word

logger = logging.getLogger(__name__)


def is_wanted(words: Sequence[Word]) -> bool:
    """Say whether *words* have times that could be better, and this host can find them."""
    if not any(word.timing is Timing.ESTIMATED for word in words):
        return False
    aligner = the_aligner()
    if aligner is None:
        return False
    try:
        aligner.check()
    except EngineError as error:
        logger.info("times stay estimated: %s", error)
        return False
    return True


def is_worker_wanted(*, now: datetime) -> bool:
    """Say whether texts wait for their times and a host may have no process that finds them."""
    heard = Chunk.objects.to_align().filter(run__status__in=Run.WORKING)
    at_work = heard.filter(status=ChunkStatus.RUNNING).count()
    return at_work < max(1, WorkerCluster.objects.count()) and heard.due(now).exists()


class Aligning:
    """What a worker does about chunks that wait for their times."""

    def __init__(self, *, clock: Clock, lease: LeasePolicy, keeper: LeaseKeeper) -> None:
        self._clock = clock
        self._lease = lease
        self._keeper = keeper
        self._stack = ExitStack()
        self._aligner: Aligner | None = None
        # Ready; None while there is nothing to find.
        self._has_seat = False

    def claim(self) -> Chunk | None:
        """Take a chunk that waits for its times, where this is the process of the host to do it."""
        now = self._clock()
        waiting = Chunk.objects.to_align().due(now).filter(run__status__in=Run.WORKING)
        found = waiting.select_related("run__hearing").order_by("run__served_at", "start_ms")
        for chunk in found[:1]:
            if self._is_seated() and chunk.claim(
                holder=this_process(), now=now, lease_seconds=self._lease.lease_seconds
            ):
                return chunk
            return None
        self.close()
        return None

    def align(self, chunk: Chunk) -> None:
        """Find the times of a held chunk's words; it is held no longer on return."""
        try:
            audio = slicing.slice_of(chunk)
            found = self._found(chunk, audio)
        except EngineError as error:
            logger.warning("times stay estimated: %s", error)
            chunk.finish(chunk.words, now=self._clock())
            return
        self._keep(chunk, audio, found)

    def close(self) -> None:
        """Give the model's memory and the host's seat back."""
        self._stack.close()
        self._aligner, self._has_seat = None, False

    def _is_seated(self) -> bool:
        """Take this host's seat for finding times, until there are none to find."""
        if self._has_seat:
            return True
        seat = limiter.acquire(
            Limit(f"aligner@{host_name()}", 1),
            now=self._clock(),
            lease_seconds=self._lease.lease_seconds,
        )
        if seat is None:
            return False
        self._stack.callback(seat.release)
        self._stack.enter_context(self._keeper.holding(seat))
        self._has_seat = True
        return True

    def _found(self, chunk: Chunk, audio: AudioSlice) -> Alignment:
        aligner = self._ready()
        words = [word.shifted(-chunk.start_ms) for word in chunk.words]
        language = chunk.run.language
        found = alignment.align(
            words,
            speech=audio.speech,
            duration_ms=audio.duration_ms,
            listen=partial(_listen, aligner, audio, language),
        )
        return alignment.confirmed(
            found,
            speech=audio.speech,
            hear=lambda span: aligner.hear(_sound(audio, span), language=language),
        )

    def _ready(self) -> Aligner:
        """Return the aligner, its model in memory. Raises EngineError."""
        if self._aligner is None:
            aligner = the_aligner()
            if aligner is None:
                raise AccessRefused("Finding times is switched off (ALIGN_WORDS).")
            self._stack.enter_context(aligner.ready())
            self._aligner = aligner
        return self._aligner

    def _keep(self, chunk: Chunk, audio: AudioSlice, found: Alignment) -> None:
        """Store the times, or have the text asked for once more where the sound has more words."""
        words = tuple(word.shifted(chunk.start_ms) for word in found.words)
        suspicions = contradictions(found, speech=audio.speech)
        if suspicions and doubting.reject(chunk, suspicions, words, now=self._clock()):
            doubting.forget_answers(chunk)
            return
        kept = kept_doubts.placed(suspicions, offset_ms=chunk.start_ms)
        unworded = [
            [span.start_ms + chunk.start_ms, span.end_ms + chunk.start_ms]
            for span in found.unworded
        ]
        if not chunk.finish(
            words,
            now=self._clock(),
            doubts=[*chunk.doubts, *kept_doubts.to_json(kept)],
            unworded=unworded,
        ):
            logger.info("the chunk is another's by now; these times are not stored")


def _listen(
    aligner: Aligner, audio: AudioSlice, language: str, heard: Sequence[Span], words: Sequence[str]
) -> Sequence[Placing]:
    return aligner.place(b"".join(_sound(audio, s) for s in heard), words, language=language)


def _sound(audio: AudioSlice, span: Span) -> bytes:
    return audio.pcm[span.start_ms * BYTES_PER_MS : span.end_ms * BYTES_PER_MS]
