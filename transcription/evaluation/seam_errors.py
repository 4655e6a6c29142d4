"""Errors near the seams of a transcript against those elsewhere."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from transcription.evaluation.comparison import Kind, Step, Traced
from transcription.evaluation.exported import Heard, Placed

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


def seam_errors(steps: Sequence[Step], transcript: Traced, heard: Heard) -> SeamErrors | None:
    """Return the errors near seams and elsewhere; None where places or seams are not known."""
    if heard.seams is None or heard.places is None:
        return None
    places = [heard.places[source] for source in transcript.sources]
    near: list[Step] = []
    elsewhere: list[Step] = []
    for step, moment in zip(steps, _moments(steps, places, heard.duration), strict=True):
        (near if _is_near(moment, heard.seams) else elsewhere).append(step)
    return SeamErrors(len(heard.seams), _errors(near), _errors(elsewhere))


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
