"""Words in a transcript where nobody speaks."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from hearings.spans import Span, gaps, total_ms
from transcription.evaluation.exported import Heard
from transcription.evaluation.reference import Utterance

PAUSE_MS = 2_000
# A shorter stretch without speech is a pause of those who speak.
MARGIN_MS = 500
# At both ends of a silence, where a word may reach into it because times are not exact.


@dataclass(frozen=True, slots=True)
class Invention:
    """What was written over silence."""

    words: int
    silent_minutes: float
    # Of the recording, as the reference has it.

    @property
    def per_minute(self) -> float | None:
        """Words a silent minute; None where there is no silence."""
        return self.words / self.silent_minutes if self.silent_minutes else None


def invention(utterances: Sequence[Utterance], heard: Heard) -> Invention | None:
    """Return the words whose middle lies in a silence; None where the transcript has no times."""
    if heard.places is None or not heard.duration:
        return None
    silences = _silences(utterances, round(heard.duration * 1000))
    starts = [silence.start_ms for silence in silences]

    def is_silent(moment_ms: float) -> bool:
        at = bisect_right(starts, moment_ms) - 1
        return at >= 0 and moment_ms < silences[at].end_ms

    invented = sum(is_silent(place.middle * 1000) for place in heard.places)
    return Invention(invented, total_ms(silences) / 60_000)


def _silences(utterances: Sequence[Utterance], duration_ms: int) -> list[Span]:
    speech = [utterance.span for utterance in utterances]
    return [
        Span(gap.start_ms + MARGIN_MS, gap.end_ms - MARGIN_MS)
        for gap in gaps(speech, Span(0, max(duration_ms, 1)))
        if gap.duration_ms >= PAUSE_MS
    ]
