"""Names that were said, and stand in the transcript as they are spelt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcription.evaluation.comparison import Kind, Step
from transcription.evaluation.texts import normalised


@dataclass(frozen=True, slots=True)
class NamesRecalled:
    """How many occurrences of names in the reference the transcript has."""

    occurrences: int
    recalled: int
    missed: tuple[str, ...]
    # Names that it lacks at least once, as listed.

    @property
    def share(self) -> float | None:
        """Of the occurrences; None where no name was said."""
        return self.recalled / self.occurrences if self.occurrences else None


def names_recalled(
    said: Sequence[str], steps: Sequence[Step], names: Sequence[str]
) -> NamesRecalled:
    """Return how many of the *names* in *said* have all their words among the hits of *steps*."""
    hits = {step.said for step in steps if step.kind is Kind.HIT}
    occurrences, recalled, missed = 0, 0, []
    for name in names:
        found = list(_occurrences(said, normalised(name)))
        heard = sum(hits.issuperset(words) for words in found)
        occurrences += len(found)
        recalled += heard
        if heard < len(found):
            missed.append(name)
    return NamesRecalled(occurrences, recalled, tuple(missed))


def _occurrences(said: Sequence[str], name: tuple[str, ...]) -> Iterator[range]:
    """Yield the indices of the words of each occurrence."""
    if name:
        for start in range(len(said) - len(name) + 1):
            if tuple(said[start : start + len(name)]) == name:
                yield range(start, start + len(name))
