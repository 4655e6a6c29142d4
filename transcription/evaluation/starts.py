"""How far the starts of sentences are from where they truly are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil
from statistics import median

from transcription.evaluation.comparison import Kind, Step, Traced, steps, traced
from transcription.evaluation.exported import Heard
from transcription.evaluation.reference import Utterance
from transcription.writing import words_in


@dataclass(frozen=True, slots=True)
class StartTimes:
    """Errors of the starts of sentences, or of turns, in seconds. None where none was found."""

    sentences: int
    # In the reference.
    found: int
    # Of these, those whose start is in the transcript, so that it can be measured.
    median_seconds: float | None
    p95_seconds: float | None
    worst_seconds: float | None


def start_times(
    utterances: Sequence[Utterance], transcript: Traced, heard: Heard
) -> StartTimes | None:
    """Return how true the starts are; None where the transcript has no times.

    A start counts where its first two words were heard one after the other: where words were lost,
    a single one like “the” may stand for that of another sentence.
    """
    if heard.places is None:
        return None
    written = [words_in(utterance.text) for utterance in utterances]
    said = traced([word for words in written for word in words])
    pairs = _heard_starts(steps(said.words, transcript.words), len(said.words))
    firsts = accumulate((len(words) for words in written[:-1]), initial=0)
    first_of = dict(zip(firsts, utterances, strict=True))
    errors: list[float] = []
    for index, source in enumerate(said.sources):
        if (utterance := first_of.pop(source, None)) and index in pairs:
            place = heard.places[transcript.sources[pairs[index]]]
            errors.append(abs(place.start - utterance.start))
    return _summary(len(utterances), sorted(errors))


def _heard_starts(found: Sequence[Step], words: int) -> dict[int, int]:
    """Return words that were said and heard together with the next one: index to index."""
    hits = {
        step.said: step.heard
        for step in found
        if step.kind is Kind.HIT and step.said is not None and step.heard is not None
    }
    return {
        said: heard
        for said, heard in hits.items()
        if said + 1 == words or hits.get(said + 1) == heard + 1
    }


def _summary(sentences: int, errors: Sequence[float]) -> StartTimes:
    if not errors:
        return StartTimes(sentences, 0, None, None, None)
    return StartTimes(
        sentences=sentences,
        found=len(errors),
        median_seconds=median(errors),
        p95_seconds=errors[ceil(0.95 * len(errors)) - 1],
        worst_seconds=errors[-1],
    )
