"""All figures of one transcript. What its files do not allow to be measured is None."""

from collections.abc import Sequence
from dataclasses import dataclass

from transcription.evaluation.comparison import WordErrors, errors_of, steps, traced
from transcription.evaluation.exported import Heard
from transcription.evaluation.invention import Invention, invention
from transcription.evaluation.names import NamesRecalled, names_recalled
from transcription.evaluation.reference import Reference
from transcription.evaluation.seam_errors import SeamErrors, seam_errors
from transcription.evaluation.starts import StartTimes, start_times
from transcription.evaluation.texts import normalised


@dataclass(frozen=True, slots=True)
class Figures:
    """How good a transcript is."""

    words: WordErrors
    seams: SeamErrors | None
    # None where the transcript does not say where its words or its seams are.
    starts: StartTimes | None
    # None where the reference or the transcript has no times; so is the next.
    invention: Invention | None
    names: NamesRecalled | None
    # None where no names are listed.


def figures_of(
    said: str,
    heard: Heard,
    *,
    times: Reference | None = None,
    names: Sequence[str] | None = None,
) -> Figures:
    """Compare a transcript with the words that were *said*, and with their *times* where known.

    Raises NotComparable where the reference has no words.
    """
    words, transcript = normalised(said), traced(heard.words)
    found = steps(words, transcript.words)
    errors = errors_of(found)
    listed = names if names is not None else times.names if times else None
    return Figures(
        words=errors,
        seams=seam_errors(found, transcript, heard),
        starts=start_times(times.utterances, transcript, heard) if times else None,
        invention=invention(times.utterances, heard) if times else None,
        names=None if listed is None else names_recalled(words, found, listed),
    )
