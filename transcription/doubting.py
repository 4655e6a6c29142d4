"""An answer that does not fit its sound: asked for once more, cut shorter, then kept and shown."""

import logging
from collections.abc import Sequence
from datetime import datetime
from statistics import median

from transcription import kept_doubts, recutting
from transcription.engines.base import AudioSlice, OtherLanguage, Transcription
from transcription.models import Attempt, Chunk, ChunkStatus, Run
from transcription.plausibility import Doubt, Suspicion, pace_of, suspicions
from transcription.words import Word
from transcription.work import Work

logger = logging.getLogger(__name__)

LEAST_PACES = 3
# Chunks of a run that say how fast is usual in it.


def doubts(
    work: Work, audio: AudioSlice, heard: Transcription, *, prompted: Sequence[str] = ()
) -> tuple[Suspicion, ...]:
    """Return what does not fit in an answer, most often nothing.

    *prompted* is what went with the call that it is from.
    """
    language = work.chunk.run.language
    found = (
        *suspicions(
            heard.words,
            speech=audio.speech,
            duration_ms=audio.duration_ms,
            language=language,
            prompted=prompted,
            output_ceiling_tokens=work.engine.capabilities.most_tokens,
            usual_pace=_usual_pace(work.chunk.run),
        ),
        *(_spoken(other, language) for other in heard.other_languages),
    )
    for doubt in kept_doubts.placed(found, offset_ms=work.chunk.start_ms):
        logger.warning("doubtful answer: %s", doubt.told)
    return found


def _spoken(other: OtherLanguage, language: str) -> Suspicion:
    told = (
        f"People seem to speak another language here (it sounds like "
        f"“{other.language}”), and the text was asked for in “{language}”: it may be a "
        "translation, or mere likeness of sound."
    )
    return Suspicion(Doubt.LANGUAGE, other.span, told)


def pace(audio: AudioSlice, heard: Transcription) -> float | None:
    """Return what a finished chunk adds to what is usual in its run."""
    return pace_of(heard.words, audio.speech)


def reject(
    chunk: Chunk, found: Sequence[Suspicion], words: Sequence[Word], *, now: datetime
) -> bool:
    """Have a held chunk sent once more, cut shorter; an answer of nothing is a gap in the end.

    False where the answer is the last and to be kept. The *words* are kept in any case: where the
    second answer never comes, doubtful words are better than none.
    """
    kept = kept_doubts.placed(found, offset_ms=chunk.start_ms)
    causes = [suspicion for suspicion in found if suspicion.doubt is not Doubt.DISPLACED]
    told = kept_doubts.placed(causes, offset_ms=chunk.start_ms)
    error = " ".join(dict.fromkeys(doubt.told for doubt in told))
    if not chunk.rejected:
        known = {
            "result": [word.to_json() for word in words],
            "doubts": kept_doubts.to_json(kept),
        }
        return recutting.split(
            chunk, now=now, error=error, known=known, rejected=1
        ) or chunk.put_back(not_before=None, error=error, rejected=1, is_heard=False, **known)
    if any(suspicion.doubt is Doubt.EMPTY for suspicion in found):
        return chunk.give_up(error=error, now=now)
    return False


def forget_answers(chunk: Chunk) -> None:
    """Have no answer that *chunk* got used again: it does not fit."""
    questions = chunk.attempts.exclude(question="").values_list("question", flat=True)
    Attempt.objects.filter(question__in=list(questions)).update(is_rejected=True)


def _usual_pace(run: Run) -> float | None:
    paces = run.chunks.filter(status=ChunkStatus.DONE, pace__isnull=False)
    known = [pace for (pace,) in paces.values_list("pace") if pace is not None]
    return median(known) if len(known) >= LEAST_PACES else None
