"""Figures as JSON and as lines to read."""

from collections.abc import Iterator
from typing import Any

from transcription.evaluation.comparison import WordErrors
from transcription.evaluation.figures import Figures
from transcription.evaluation.invention import Invention
from transcription.evaluation.names import NamesRecalled
from transcription.evaluation.seam_errors import NEAR_SECONDS, Errors, SeamErrors
from transcription.evaluation.starts import StartTimes


def as_json(figures: Figures) -> dict[str, Any]:
    """Return the figures for programs; what was not measured is None."""
    errors = figures.words
    return {
        "word_error_rate": round(errors.rate, 6),
        "reference_words": errors.reference_words,
        "hits": errors.hits,
        "substitutions": errors.substitutions,
        "deletions": errors.deletions,
        "insertions": errors.insertions,
        "seams": figures.seams and _seams(figures.seams),
        "timing": figures.starts and _timing(figures.starts),
        "invented": figures.invention and _invented(figures.invention),
        "names": figures.names and _names(figures.names),
    }


def as_lines(figures: Figures) -> str:
    """Return the figures for people; what was not measured is left out."""
    return "\n".join(_lines(figures))


def _seams(seams: SeamErrors) -> dict[str, Any]:
    return {
        "count": seams.seams,
        "within_seconds": NEAR_SECONDS,
        "near": _rated(seams.near),
        "elsewhere": _rated(seams.elsewhere),
    }


def _rated(errors: Errors) -> dict[str, Any]:
    return {
        "reference_words": errors.reference_words,
        "errors": errors.errors,
        "error_rate": _rounded(errors.rate),
    }


def _timing(starts: StartTimes) -> dict[str, Any]:
    return {
        "starts": starts.sentences,
        "found": starts.found,
        "median_seconds": _rounded(starts.median_seconds),
        "p95_seconds": _rounded(starts.p95_seconds),
        "worst_seconds": _rounded(starts.worst_seconds),
    }


def _invented(invention: Invention) -> dict[str, Any]:
    return {
        "words": invention.words,
        "silent_minutes": _rounded(invention.silent_minutes),
        "per_minute": _rounded(invention.per_minute),
    }


def _names(names: NamesRecalled) -> dict[str, Any]:
    return {
        "occurrences": names.occurrences,
        "recalled": names.recalled,
        "share": _rounded(names.share),
        "missed": list(names.missed),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _lines(figures: Figures) -> Iterator[str]:
    yield from _word_lines(figures.words)
    if seams := figures.seams:
        where = f"within {NEAR_SECONDS:.0f} s of {seams.seams} seams"
        near, elsewhere = _share(seams.near.rate), _share(seams.elsewhere.rate)
        yield f"Errors at seams   {near} {where}, {elsewhere} elsewhere"
    if (starts := figures.starts) and starts.median_seconds is not None:
        yield (
            f"Starts are off    {starts.median_seconds:.3f} s (median), "
            f"{starts.p95_seconds:.3f} s (95 %), {starts.worst_seconds:.3f} s (worst); "
            f"{starts.found} of {starts.sentences} found"
        )
    if (invention := figures.invention) and invention.per_minute is not None:
        yield (
            f"Invented words    {invention.per_minute:.1f} a silent minute   "
            f"({invention.words} in {invention.silent_minutes:.1f} minutes)"
        )
    if (names := figures.names) and names.share is not None:
        missed = f"; not {', '.join(names.missed)}" if names.missed else ""
        yield (
            f"Names recalled    {names.share:.1%}   "
            f"({names.recalled} of {names.occurrences}{missed})"
        )


def _word_lines(errors: WordErrors) -> Iterator[str]:
    yield (
        f"Word error rate   {errors.rate:.2%}   "
        f"({errors.errors} errors in {errors.reference_words} words)"
    )
    yield f"Substitutions     {errors.substitutions}"
    yield f"Deletions         {errors.deletions}"
    yield f"Insertions        {errors.insertions}"
    yield f"Correct           {errors.hits}"


def _share(rate: float | None) -> str:
    return "no words" if rate is None else f"{rate:.2%}"
