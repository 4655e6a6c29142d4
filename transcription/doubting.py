"""An answer that does not fit its sound: asked for once more, cut shorter, then kept and shown."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median

from hearings.spans import clip_all, to_json, total_ms
from transcription import kept_doubts, recutting
from transcription.engines.base import AudioSlice, OtherLanguage, Transcription
from transcription.kept_doubts import KeptDoubt
from transcription.models import Attempt, Chunk, ChunkStatus, Run
from transcription.phrases import tokens_of
from transcription.plausibility import Doubt, Suspicion, pace_of, suspicions
from transcription.words import Word
from transcription.work import Work

logger = logging.getLogger(__name__)

LEAST_PACES = 3
# Chunks of a run that say how fast is usual in it.
LOSSES = (Doubt.HEAD, Doubt.MIDDLE, Doubt.TAIL)
LEAST_SAID_AGAIN = 0.75
# Of the different words of an answer, by another that is doubted too and may take its place.
IN_VAIN = "It was asked for again in vain:"


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


def unworded(found: Sequence[Suspicion], *, offset_ms: int) -> list[list[int]]:
    """Return where words are missing, as a chunk's row has it, which starts at *offset_ms*."""
    lost = [each.span.shifted(offset_ms) for each in found if each.span and each.doubt in LOSSES]
    return to_json(lost)


def forget_answers(chunk: Chunk) -> None:
    """Have no answer that *chunk* got used again: it does not fit."""
    questions = chunk.attempts.exclude(question="").values_list("question", flat=True)
    Attempt.objects.filter(question__in=list(questions)).update(is_rejected=True)


def go_back(run: Run, *, now: datetime) -> None:
    """Have the answers from before a retry count again where what came instead says less.

    Such an answer was kept although it lacked words, so its text had been shown.
    """
    replaced = run.chunks.filter(status=ChunkStatus.SUPERSEDED).exclude(unworded=[])
    if not replaced.exists():
        return
    for pk in list(run.chunks.current().filter(parent__isnull=False).values_list("pk", flat=True)):
        chunk = Chunk.objects.get(pk=pk)  # one at a time: what was heard takes room
        earlier = next((each for each in _earlier(chunk) if each.result and each.unworded), None)
        words = _within(earlier, chunk) if earlier else ()
        if earlier and words and not _says_more(chunk, earlier, words):
            _restore(chunk, earlier, words, now=now)


def second_best(chunk: Chunk) -> tuple[Word, ...] | None:
    """Return the words of the doubtful answer that a failed chunk should have replaced, if any.

    Of several the one that says most, whatever was cut since. The chunk stays failed, and a gap
    that can be retried; what is known is shown with its doubts, which are set on *chunk*.
    """
    known = [each for each in (chunk, *_earlier(chunk)) if each.doubts or each.unworded]
    best = max(known, key=lambda each: len(_different(_within(each, chunk))), default=None)
    words = _within(best, chunk) if best else ()
    if best is None or not words:
        return None
    chunk.doubts = best.doubts
    return words


def _earlier(chunk: Chunk) -> Iterator[Chunk]:
    """Yield the chunks that *chunk* has come from, the latest first."""
    while chunk.parent_id:
        chunk = Chunk.objects.get(pk=chunk.parent_id)  # not kept in memory with its words
        yield chunk


def _within(source: Chunk, chunk: Chunk) -> tuple[Word, ...]:
    return tuple(w for w in source.words if chunk.start_ms <= w.middle_ms < chunk.end_ms)


def _says_more(chunk: Chunk, earlier: Chunk, words: Sequence[Word]) -> bool:
    """Tell whether a chunk's answer is to stand in place of *earlier* *words* for its stretch.

    An honest one is. One that is doubted too has to have nearly all of these words and more, or as
    many and less missing: a text that loops has many words, one in another language has others.
    """
    if chunk.status != ChunkStatus.DONE or not chunk.result:
        return False
    if not chunk.doubts and not chunk.unworded:
        return True
    said, was = _different(chunk.words), _different(words)
    if len(said & was) < LEAST_SAID_AGAIN * len(was):
        return False
    lost_ms = total_ms(clip_all(earlier.unworded_spans, chunk.span))
    return (len(said), -total_ms(chunk.unworded_spans)) > (len(was), -lost_ms)


def _different(words: Sequence[Word]) -> set[str]:
    """Return what the words are, each once: a text that loops has many and says little."""
    return {token for word in words for token in tokens_of(word.text)}


def _restore(chunk: Chunk, earlier: Chunk, words: Sequence[Word], *, now: datetime) -> None:
    """Give a chunk the *words* of the *earlier* one in its stretch, with what is known of them."""
    lost = clip_all(earlier.unworded_spans, chunk.span)
    doubts = [
        KeptDoubt(doubt.sentence, span)
        for doubt in earlier.kept_doubts
        for span in (clip_all([doubt.span], chunk.span) if doubt.span else [None])
    ]
    why = chunk.error if chunk.status == ChunkStatus.DONE else f"{IN_VAIN} {chunk.error}"
    logger.info("chunk %s keeps the words from before it was retried", chunk.index)
    Chunk.objects.filter(pk=chunk.pk, status=chunk.status).update(
        status=ChunkStatus.DONE,
        result=[word.to_json() for word in words],
        doubts=kept_doubts.to_json(doubts),
        flags=earlier.flags,
        unworded=to_json(lost),
        pace=None,
        finished_at=chunk.finished_at or now,
        error=why if lost else "",
    )


def _usual_pace(run: Run) -> float | None:
    paces = run.chunks.filter(status=ChunkStatus.DONE, pace__isnull=False)
    known = [pace for (pace,) in paces.values_list("pace") if pace is not None]
    return median(known) if len(known) >= LEAST_PACES else None
