"""The end of a run: its transcript is made from what its chunks heard, and stored."""

import logging
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice, pairwise

from django.db import transaction

from hearings.spans import Span
from transcription import doubting, limiter, names
from transcription.alone import alone
from transcription.kept_doubts import KeptDoubt
from transcription.logs import log_fields
from transcription.merging import Part, merged
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus, Segment
from transcription.people import Person, Subject
from transcription.roster import subject_of
from transcription.sentences import Sentence, spoken
from transcription.words import Word

logger = logging.getLogger(__name__)

READ_AT_ONCE = 8
# Chunks with all that they heard.
WRITTEN_AT_ONCE = 100
# Sentences. Rows are far larger than words, so there are never many of either at a time.
MOST_REASONS = 5
# Of a run that lacks something; all are told with its chunks.
LAST_MS = 2**62
# After the end of any recording.


@dataclass(frozen=True, slots=True)
class Chunks:
    """A run's chunks without their results, which may be long and are read when they are wanted."""

    all: tuple[Chunk, ...]
    # That make up the run.
    sources: tuple[Chunk, ...]
    # Those of them that words are from.


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sentence needs to know of a chunk's answer."""

    chunk: int
    # Its primary key.
    doubts: tuple[KeptDoubt, ...]


class Answers:
    """Where in the recording the words of which answer are."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._answers = [Answer(chunk.pk, tuple(chunk.kept_doubts)) for chunk in chunks]
        # Of what two chunks share, each has the half beside it.
        self._seams = [(left.end_ms + right.start_ms) // 2 for left, right in pairwise(chunks)]

    def of(self, sentence: Sentence) -> Sequence[Answer]:
        """Return the answers that its words are from: two where it goes over a seam."""
        first, last = sentence.words[0].middle_ms, sentence.words[-1].middle_ms
        at = bisect_right(self._seams, first)
        return self._answers[at : bisect_right(self._seams, last) + 1]


def conclude(run: Run, *, now: datetime) -> bool:
    """Make the transcript once no chunk is left to do. True where this call did it.

    May be called by anyone at any time: it looks at the rows, and only one caller wins.
    """
    if run.status in Run.WORKING and (stage := _stage(run)) != run.status:
        run.move(to=stage, now=now)
    if run.status != RunStatus.MERGING:
        return False
    with alone(f"conclude-{run.pk}") as is_ours:  # each would have all the text in memory
        return is_ours and _concluded(run, now=now)


def _concluded(run: Run, *, now: datetime) -> bool:
    """Make the transcript. False where somebody else has.

    What was heard is gone through more than once, so that it need not all be in memory.
    """
    doubting.go_back(run, now=now)
    chunks = _chunks(run)
    subject = subject_of(run.hearing)
    segments = _segments(run, chunks.sources, subject, _proposals(_sentences(run), subject))
    count = 0
    with transaction.atomic():
        if not run.move(to=_ending(chunks), now=now, reason=_why(chunks.all)):
            return False
        run.segments.all().delete()
        while some := list(islice(segments, WRITTEN_AT_ONCE)):
            Segment.objects.bulk_create(some)
            count += len(some)
    limiter.forget(run.limit_name)
    with log_fields(hearing=run.hearing.slug, run=run.pk):
        logger.info("run ended: %s, %s segments", run.status, count)
    return True


def _stage(run: Run) -> RunStatus:
    """Return what is left to do: words to be heard, times to be found, or nothing."""
    left = run.chunks.unsettled()
    if left.to_hear().exists():
        return RunStatus.TRANSCRIBING
    return RunStatus.ALIGNING if left.exists() else RunStatus.MERGING


def _chunks(run: Run) -> Chunks:
    found, sources = [], []
    for chunk, words in _heard(run):
        found.append(chunk)
        if words is not None:
            sources.append(chunk)
    return Chunks(tuple(found), tuple(sources))


def _sentences(run: Run) -> Iterator[Sentence]:
    """Yield what was said in a run."""
    heard = ((chunk.span, words) for chunk, words in _heard(run))
    return spoken(merged(Part(span, words) for span, words in heard if words is not None))


def _heard(run: Run) -> Iterator[tuple[Chunk, tuple[Word, ...] | None]]:
    """Yield the chunks with their words, a few at a time; a result takes far more room than those.

    None where a chunk came to nothing.
    """
    chunks = run.chunks.current().order_by("start_ms", "end_ms")
    for chunk in chunks.iterator(chunk_size=READ_AT_ONCE):
        words = chunk.words if chunk.status == ChunkStatus.DONE else doubting.second_best(chunk)
        chunk.result = None
        yield chunk, words


def _ending(chunks: Chunks) -> RunStatus:
    """Return what the run has become: whoever has words to read may read them."""
    is_done = all(chunk.status == ChunkStatus.DONE for chunk in chunks.all)
    if is_done and not any(chunk.unworded for chunk in chunks.all):
        return RunStatus.COMPLETE
    return RunStatus.INCOMPLETE if chunks.sources else RunStatus.FAILED


def _why(chunks: Sequence[Chunk]) -> str:
    reasons = [chunk.error for chunk in chunks if chunk.error]
    for chunk in chunks:
        if lost := chunk.unworded_spans:
            reasons += [d.told for d in chunk.kept_doubts if d.span is None or d.span in lost]
    told = list(dict.fromkeys(reasons))
    if len(told) > MOST_REASONS:
        told[MOST_REASONS:] = [f"And {len(told) - MOST_REASONS} more like these."]
    return " ".join(told)


def _segments(
    run: Run,
    chunks: Sequence[Chunk],
    subject: Subject,
    proposed: Mapping[int, Sequence[names.Correction]],
) -> Iterator[Segment]:
    """Yield the rows of the transcript."""
    told = _told(run)
    answers = Answers(chunks)
    for index, (sentence, reach) in enumerate(_with_reach(_sentences(run))):
        yield Segment(
            run=run,
            index=index,
            start_ms=sentence.start_ms,
            end_ms=sentence.end_ms,
            text=sentence.text,
            speaker=sentence.speaker,
            confidence=sentence.confidence,
            flags=_flags(sentence, reach, answers.of(sentence), told, subject.people),
            words=[word.to_json() for word in sentence.words],
            corrections=[correction.to_json() for correction in proposed.get(index, ())],
        )


def _with_reach(sentences: Iterable[Sentence]) -> Iterator[tuple[Sentence, Span]]:
    """Yield each sentence with the stretch from the end of the one before to the next one's start.

    What is missing between two sentences is beside both.
    """
    before_ms = 0
    sentence: Sentence | None = None
    for following in chain(sentences, [None]):
        if sentence:
            after_ms = following.start_ms if following else LAST_MS
            start_ms, end_ms = min(before_ms, sentence.start_ms), max(after_ms, sentence.end_ms)
            yield sentence, Span(start_ms, end_ms)
            before_ms = sentence.end_ms
        sentence = following


def _flags(
    sentence: Sentence,
    reach: Span,
    sources: Sequence[Answer],
    told: Mapping[int, list[str]],
    people: Sequence[Person],
) -> list[str]:
    """Return what does not fit in a sentence, beside it, or in the answers that it is from."""
    hints = [hint for answer in sources for hint in told.get(answer.chunk, ())]
    doubts = [doubt.told for answer in sources for doubt in answer.doubts if doubt.is_about(reach)]
    unheard = names.hardly_heard(sentence.words, told=hints, people=people)
    return list(dict.fromkeys([*doubts, *unheard]))


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


def _proposals(
    sentences: Iterable[Sentence], subject: Subject
) -> dict[int, list[names.Correction]]:
    """Return for each sentence the names that may be misspelt, counted by its own words."""
    starts: list[int] = []
    texts: list[str] = []
    for sentence in sentences:
        starts.append(len(texts))
        texts += [word.text for word in sentence.words]
    proposed: dict[int, list[names.Correction]] = defaultdict(list)
    for correction in names.corrections(texts, subject):
        at = bisect_right(starts, correction.word) - 1
        proposed[at].append(replace(correction, word=correction.word - starts[at]))
    return proposed
