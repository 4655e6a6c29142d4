"""Answers that were paid for before: the same sound with the same settings is not sent again."""

import hashlib
import json
import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Exists, Q, QuerySet

from transcription import receipts
from transcription.engines.base import AnswerUnusable, AudioSlice, Engine, Hints, Transcription
from transcription.models import Attempt
from transcription.shutdown import VENDORS_HOST
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
    """Return a hash of what is asked: the sound, who is asked, and all that decides the answer.

    The sound goes by its recording, track and times. Its samples are no name: of many formats (AAC,
    Opus) a decoder that begins elsewhere gives others, which sound the same.
    """
    if not audio.source:
        return question_by_samples(engine, audio, hints)
    sound = [audio.source, audio.span.start_ms, audio.span.end_ms]
    return _hashed(
        sound, _server(), engine.name, engine.model, hints.language, list(hints.keywords)
    )


def question_by_samples(engine: Engine, audio: AudioSlice, hints: Hints) -> str:
    """Return what `question` was before it named the sound, so that answers of then are found.

    Without keywords it is what it was before there were any.
    """
    keywords = [hints.keywords] if hints.keywords else []
    return _hashed(audio.sha256, engine.name, engine.model, hints.language, *keywords)


def _hashed(*said: object) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _server() -> str:
    """Return the address of the server that is asked; empty: the vendor's, however written."""
    address = settings.OPENAI_BASE_URL or ""
    return "" if urlsplit(address).hostname == VENDORS_HOST else address.rstrip("/")


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
    run, asked = work.chunk.run, (work.engine, audio, work.hints(audio))
    same = Q(question=question(*asked))
    # An answer that goes by its samples does not know of it; the call that took it again does.
    is_forgotten = Exists(Attempt.objects.filter(same, is_rejected=True))
    answered = Attempt.objects.filter(
        same | ~is_forgotten,
        question__in=[question(*asked), question_by_samples(*asked)],
        status__in=[Attempt.Status.OK, Attempt.Status.LOST],
        is_rejected=False,
    )
    if run.is_fresh:
        answered = answered.filter(chunk__run=run)
    return answered.order_by("-id")
