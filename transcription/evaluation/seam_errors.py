"""Errors near the seams of a transcript against those elsewhere."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, groupby

from transcription.evaluation.comparison import Kind, Step, Traced, steps, traced
from transcription.evaluation.exported import Heard, Placed
from transcription.evaluation.texts import normalised

NEAR_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors among some of the words."""

    reference_words: int
    errors: int

    @property
    def rate(self) -> float | None:
        """Errors a word; None where there is no word."""
        return self.errors / self.reference_words if self.reference_words else None


@dataclass(frozen=True, slots=True)
class SeamErrors:
    """The errors of a transcript, told apart by where they are."""

    seams: int
    near: Errors
    # Within NEAR_SECONDS of a seam.
    elsewhere: Errors


def seam_errors(found: Sequence[Step], transcript: Traced, heard: Heard) -> SeamErrors | None:
    """Return the errors near seams and elsewhere; None where places or seams are not known."""
    if heard.seams is None or heard.places is None:
        return None
    return _told_apart(found, _are_near(found, transcript, heard), len(heard.seams))


def words_near_seams(said: str, heard: Heard) -> frozenset[int] | None:
    """Return which normalised words of *said* are near seams; None where those are not known.

    Seams are in pauses, and what is said beside a pause, names most of all, is harder to hear for
    anybody: only a transcript without seams there, laid beside the same words, shows what they do.
    """
    if heard.seams is None or heard.places is None:
        return None
    transcript = traced(heard.words)
    found = steps(normalised(said), transcript.words)
    near = compress(found, _are_near(found, transcript, heard))
    return frozenset(step.said for step in near if step.said is not None)


def _are_near(found: Sequence[Step], transcript: Traced, heard: Heard) -> list[bool]:
    """Return for each step whether it is near a seam of *heard*, which knows of both."""
    places = [(heard.places or ())[source] for source in transcript.sources]
    moments = _moments(found, places, heard.duration)
    return [_is_near(moment, heard.seams or ()) for moment in moments]


def _told_apart(found: Sequence[Step], are_near: Sequence[bool], seams: int) -> SeamErrors:
    elsewhere = [not is_near for is_near in are_near]
    return SeamErrors(
        seams, _errors(list(compress(found, are_near))), _errors(list(compress(found, elsewhere)))
    )


def _moments(
    steps: Sequence[Step], places: Sequence[Placed], duration: float | None
) -> list[float]:
    """Return when each step happens; words that were lost share the time between those heard."""
    last = places[-1].end if places else 0.0
    end = last if duration is None else max(duration, last)
    moments: list[float] = []
    heard_to, next_heard = 0.0, 0
    for is_lost, group in groupby(steps, key=lambda step: step.heard is None):
        run = list(group)
        if is_lost:
            until = places[next_heard].start if next_heard < len(places) else end
            each = max(0.0, until - heard_to) / (len(run) + 1)
            moments += [heard_to + each * number for number in range(1, len(run) + 1)]
        else:
            found = [places[step.heard] for step in run if step.heard is not None]
            moments += [place.middle for place in found]
            heard_to, next_heard = found[-1].end, next_heard + len(found)
    return moments


def _is_near(moment: float, seams: Sequence[float]) -> bool:
    after = bisect_left(seams, moment)
    return any(abs(moment - seam) <= NEAR_SECONDS for seam in seams[max(0, after - 1) : after + 1])


def _errors(steps: Sequence[Step]) -> Errors:
    return Errors(
        reference_words=sum(step.said is not None for step in steps),
        errors=sum(step.kind is not Kind.HIT for step in steps),
    )
