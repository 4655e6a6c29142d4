"""The end of a run: its transcript is made from what its chunks heard, and stored."""

import logging
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate, islice

from django.db import transaction

from transcription import limiter, names
from transcription.alone import alone
from transcription.logs import log_fields
from transcription.merging import Part, merge
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus, Segment
from transcription.people import Person, Subject
from transcription.roster import subject_of
from transcription.sentences import Sentence, sentences
from transcription.words import Word

logger = logging.getLogger(__name__)

READ_AT_ONCE = 8
# Chunks with all that they heard.
WRITTEN_AT_ONCE = 500
# Sentences. Rows are far larger than words, so there are never many of either at a time.


@dataclass(frozen=True, slots=True)
class Heard:
    """What a run's chunks came to."""

    chunks: tuple[Chunk, ...]
    # All that make up the run, without their results.
    sources: tuple[Chunk, ...]
    # Those that the words are from.
    parts: tuple[Part, ...]
    # What each of them heard.


def conclude(run: Run, *, now: datetime) -> bool:
    """Make the transcript once no chunk is left to do. True where this call did it.

    May be called by anyone at any time: it looks at the rows, and only one caller wins.
    """
    if run.status in Run.WORKING and (stage := _stage(run)) != run.status:
        run.move(to=stage, now=now)
    if run.status != RunStatus.MERGING:
        return False
    with alone(f"conclude-{run.pk}") as is_ours:  # several would have all the words in memory
        return is_ours and _concluded(run, now=now)


def _concluded(run: Run, *, now: datetime) -> bool:
    """Make the transcript. False where somebody else has."""
    heard = _heard(run)
    spoken = sentences(merge(heard.parts))
    segments = _segments(run, heard.sources, spoken)
    with transaction.atomic():
        if not run.move(to=_ending(heard.chunks), now=now, reason=_why(heard.chunks)):
            return False
        run.segments.all().delete()
        while some := list(islice(segments, WRITTEN_AT_ONCE)):
            Segment.objects.bulk_create(some)
    limiter.forget(run.limit_name)
    with log_fields(hearing=run.hearing.slug, run=run.pk):
        logger.info("run ended: %s, %s segments", run.status, len(spoken))
    return True


def _stage(run: Run) -> RunStatus:
    """Return what is left to do: words to be heard, times to be found, or nothing."""
    left = run.chunks.unsettled()
    if left.to_hear().exists():
        return RunStatus.TRANSCRIBING
    return RunStatus.ALIGNING if left.exists() else RunStatus.MERGING


def _heard(run: Run) -> Heard:
    """Read the chunks, a few at a time: a result takes far more room than its words."""
    chunks, sources, parts = [], [], []
    for chunk in run.chunks.current().iterator(chunk_size=READ_AT_ONCE):
        words = chunk.words if chunk.status == ChunkStatus.DONE else _second_best(chunk)
        chunk.result = None
        chunks.append(chunk)
        if words is not None:
            sources.append(chunk)
            parts.append(Part(chunk.span, words))
    return Heard(tuple(chunks), tuple(sources), tuple(parts))


def _second_best(chunk: Chunk) -> tuple[Word, ...] | None:
    """Return the words of the doubtful answer that a failed chunk should have replaced, if any.

    It stays failed, and a gap that can be retried; what is known is shown with its doubts.
    """
    source = chunk if chunk.result else chunk.parent
    if source is None or not source.doubts:
        return None
    chunk.doubts = source.doubts
    return tuple(w for w in source.words if chunk.start_ms <= w.middle_ms < chunk.end_ms)


def _ending(chunks: Sequence[Chunk]) -> RunStatus:
    done = [chunk for chunk in chunks if chunk.status == ChunkStatus.DONE]
    if len(done) == len(chunks) and not any(chunk.unworded for chunk in chunks):
        return RunStatus.COMPLETE
    return RunStatus.INCOMPLETE if done else RunStatus.FAILED


def _why(chunks: Sequence[Chunk]) -> str:
    reasons = [chunk.error for chunk in chunks if chunk.error]
    reasons += [doubt for chunk in chunks if chunk.unworded for doubt in chunk.doubts]
    return " ".join(dict.fromkeys(reasons))


def _segments(run: Run, chunks: Sequence[Chunk], spoken: Sequence[Sentence]) -> Iterator[Segment]:
    """Return the rows of the transcript. All that has to be asked or found is, at once."""
    subject = subject_of(run.hearing)
    told = _told(run)
    proposed = _proposals(spoken, subject)
    return (
        Segment(
            run=run,
            index=index,
            start_ms=sentence.start_ms,
            end_ms=sentence.end_ms,
            text=sentence.text,
            speaker=sentence.speaker,
            confidence=sentence.confidence,
            flags=_flags(sentence, _sources(chunks, sentence), told, subject.people),
            words=[word.to_json() for word in sentence.words],
            corrections=[correction.to_json() for correction in proposed[index]],
        )
        for index, sentence in enumerate(spoken)
    )


def _sources(chunks: Sequence[Chunk], sentence: Sentence) -> list[Chunk]:
    """Return the chunks whose answers a sentence is from."""
    middle = (sentence.start_ms + sentence.end_ms) // 2
    return [chunk for chunk in chunks if chunk.start_ms <= middle < chunk.end_ms]


def _flags(
    sentence: Sentence,
    sources: Sequence[Chunk],
    told: Mapping[int, list[str]],
    people: Sequence[Person],
) -> list[str]:
    """Return what does not fit in a sentence or in the answers that it is from."""
    hints = [hint for chunk in sources for hint in told.get(chunk.pk, ())]
    doubts = [doubt for chunk in sources for doubt in chunk.doubts]
    return [*doubts, *names.hardly_heard(sentence.words, told=hints, people=people)]


def _told(run: Run) -> dict[int, list[str]]:
    """Return the hints that went with the answer of each chunk, and of those it was cut from."""
    answered = Attempt.objects.filter(
        chunk__run=run, status__in=[Attempt.Status.OK, Attempt.Status.REUSED]
    )
    told = dict(answered.order_by("id").values_list("chunk_id", "keywords"))
    cut = run.chunks.filter(parent__isnull=False).order_by("generation")
    for chunk, parent in cut.values_list("pk", "parent_id"):
        told.setdefault(chunk, told.get(parent or 0, []))
    return told


def _proposals(spoken: Sequence[Sentence], subject: Subject) -> dict[int, list[names.Correction]]:
    """Return for each sentence the names that may be misspelt, counted by its own words."""
    starts = list(accumulate((len(sentence.words) for sentence in spoken), initial=0))
    texts = [word.text for sentence in spoken for word in sentence.words]
    proposed: dict[int, list[names.Correction]] = defaultdict(list)
    for correction in names.corrections(texts, subject):
        at = bisect_right(starts, correction.word) - 1
        proposed[at].append(replace(correction, word=correction.word - starts[at]))
    return proposed
