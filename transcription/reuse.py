"""Answers that were paid for before: the same sound with the same settings is not sent again."""

import hashlib
import json
import logging
from dataclasses import dataclass

from django.db.models import QuerySet

from transcription import receipts
from transcription.engines.base import AnswerUnusable, AudioSlice, Engine, Hints, Transcription
from transcription.models import Attempt
from transcription.work import Work

logger = logging.getLogger(__name__)

MOST_LOOKED_AT = 5


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that is at hand."""

    attempt: Attempt
    # The call that it came from.
    heard: Transcription


def question(engine: Engine, audio: AudioSlice, hints: Hints) -> str:
    """Return a hash of what is asked: the sound, and all that decides the answer.

    Without keywords it is what it was before there were any, so answers of then are found.
    """
    said: list[object] = [audio.sha256, engine.name, engine.model, hints.language]
    if hints.keywords:
        said.append(hints.keywords)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def kept(work: Work, audio: AudioSlice) -> Kept | None:
    """Return an answer to the same question, from this run or, unless it is fresh, another."""
    for attempt in _candidates(work, audio)[:MOST_LOOKED_AT]:
        body = receipts.read(attempt)
        if body is None:
            continue
        try:
            heard = work.engine.read(body, speech=audio.speech, duration_ms=audio.duration_ms)
        except AnswerUnusable:
            logger.warning("the kept answer of call %s cannot be used", attempt.pk)
            continue
        return Kept(attempt, heard)
    return None


def _candidates(work: Work, audio: AudioSlice) -> QuerySet[Attempt]:
    run = work.chunk.run
    answered = Attempt.objects.filter(
        question=question(work.engine, audio, work.hints(audio)),
        status__in=[Attempt.Status.OK, Attempt.Status.LOST],
        is_rejected=False,
    )
    if run.is_fresh:
        answered = answered.filter(chunk__run=run)
    return answered.order_by("-id")
