"""Two texts laid side by side, word by word, with the fewest differences."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, zip_longest

import jiwer

from transcription.evaluation.texts import NotComparable, normalised


class Kind(StrEnum):
    """What became of a word."""

    HIT = "hit"
    SUBSTITUTION = "substitution"
    DELETION = "deletion"
    # Said, and not in the transcript.
    INSERTION = "insertion"
    # In the transcript, and not said.


@dataclass(frozen=True, slots=True)
class Step:
    """One word of either text, or one of each that stand for each other."""

    kind: Kind
    said: int | None
    # Index of the word in the reference; None for an insertion.
    heard: int | None
    # Index of the word in the transcript; None for a deletion.


@dataclass(frozen=True, slots=True)
class WordErrors:
    """How a transcript differs from its reference, counted in normalised words."""

    reference_words: int
    hits: int
    substitutions: int
    deletions: int
    # Said, and not in the transcript.
    insertions: int
    # In the transcript, and not said.

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """The word error rate; above 1 where much was invented."""
        return self.errors / self.reference_words


@dataclass(frozen=True, slots=True)
class Traced:
    """Normalised words, and which written word each is from."""

    words: tuple[str, ...]
    sources: tuple[int, ...]


def word_errors(reference: str, hypothesis: str) -> WordErrors:
    """Compare two texts. Raises NotComparable where the reference has no words."""
    return errors_of(steps(normalised(reference), normalised(hypothesis)))


def errors_by_word(reference: str, hypothesis: str) -> tuple[int, ...]:
    """Return the errors at each normalised word of *reference*.

    A word that was invented counts with the one said before it.
    """
    words = normalised(reference)
    errors = [0] * len(words)
    latest = 0
    for step in steps(words, normalised(hypothesis)) if words else ():
        latest = latest if step.said is None else step.said
        errors[latest] += step.kind is not Kind.HIT
    return tuple(errors)


def errors_of(steps: Sequence[Step]) -> WordErrors:
    """Count what `steps` found. Raises NotComparable where the reference has no words."""
    counts = Counter(step.kind for step in steps)
    reference_words = steps and sum(step.said is not None for step in steps)
    if not reference_words:
        raise NotComparable("The reference has no words to compare with.")
    return WordErrors(
        reference_words=reference_words,
        hits=counts[Kind.HIT],
        substitutions=counts[Kind.SUBSTITUTION],
        deletions=counts[Kind.DELETION],
        insertions=counts[Kind.INSERTION],
    )


def steps(said: Sequence[str], heard: Sequence[str]) -> tuple[Step, ...]:
    """Return one step a word, in order, with as few that are no hits as can be."""
    if not said:
        return tuple(Step(Kind.INSERTION, None, index) for index in range(len(heard)))
    found = jiwer.process_words(" ".join(said), " ".join(heard))
    return tuple(chain.from_iterable(_steps_of(chunk) for chunk in found.alignments[0]))


def _steps_of(chunk: jiwer.AlignmentChunk) -> list[Step]:
    kind = {
        "equal": Kind.HIT,
        "substitute": Kind.SUBSTITUTION,
        "delete": Kind.DELETION,
        "insert": Kind.INSERTION,
    }[chunk.type]
    said = range(chunk.ref_start_idx, chunk.ref_end_idx)
    heard = range(chunk.hyp_start_idx, chunk.hyp_end_idx)
    return [Step(kind, a, b) for a, b in zip_longest(said, heard)]


def traced(written: Sequence[str]) -> Traced:
    """Return the normalised words of a text given as written words.

    The text is normalised as a whole, since “twenty one” is one word and “it's” is two; where a
    word is from is found by laying it beside the words normalised one at a time.
    """
    words = normalised(" ".join(written))
    alone = [(word, index) for index, text in enumerate(written) for word in normalised(text)]
    sources: list[int | None] = [None] * len(words)
    for step in steps(words, [word for word, _ in alone]):
        if step.said is not None and step.heard is not None:
            sources[step.said] = alone[step.heard][1]
    return Traced(words, tuple(_filled(sources)))


def _filled(sources: Sequence[int | None]) -> list[int]:
    """Return *sources*, an unknown one as the one before it, the first ones as the first known."""
    latest = next((source for source in sources if source is not None), 0)
    filled: list[int] = []
    for source in sources:
        latest = latest if source is None else source
        filled.append(latest)
    return filled
