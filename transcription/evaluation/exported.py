"""A transcript in JSON as it is evaluated: its words, and where they and its seams are."""

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from transcription.evaluation.texts import NotComparable
from transcription.exports.json import FORMAT
from transcription.writing import words_in


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a word is, in seconds from the recording's start."""

    start: float
    end: float

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


@dataclass(frozen=True, slots=True)
class Heard:
    """A transcript. What it does not say is None."""

    words: tuple[str, ...]
    # As written.
    places: tuple[Placed, ...] | None = None
    # One a word.
    seams: tuple[float, ...] | None = None
    # Where pieces that were heard apart touch, in seconds, in order.
    duration: float | None = None
    # Of the recording, in seconds.

    @classmethod
    def from_text(cls, text: str) -> "Heard":
        return cls(tuple(words_in(text)))


def text_of_export(content: str) -> str:
    """Return the text of a transcript in JSON. Raises NotComparable where it is not one."""
    return " ".join(heard_in(content).words)


def heard_in(content: str) -> Heard:
    """Return what a transcript in JSON holds. Raises NotComparable where it is not one."""
    try:
        exported = json.loads(content)
    except ValueError as error:
        raise NotComparable(f"It is not JSON: {error}.") from error
    if not isinstance(exported, dict) or exported.get("format") != FORMAT:
        raise NotComparable(f"It is not a transcript of the format “{FORMAT}”.")
    try:
        return _heard(exported)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotComparable("Its segments are damaged.") from error


def _heard(exported: dict[str, Any]) -> Heard:
    segments = exported["segments"]
    text = words_in(" ".join(segment["text"] for segment in segments))
    words = [word for segment in segments for word in segment.get("words") or ()]
    seams = exported.get("run", {}).get("seams")
    duration = exported.get("hearing", {}).get("duration")
    return Heard(
        words=tuple(text),
        places=_places(words) if [word["word"] for word in words] == text else None,
        seams=None if seams is None else tuple(sorted(map(float, seams))),
        duration=None if duration is None else float(duration),
    )


def _places(words: list[dict[str, Any]]) -> tuple[Placed, ...]:
    places = tuple(Placed(float(word["start"]), float(word["end"])) for word in words)
    if any(earlier.start > later.start for earlier, later in pairwise(places)):
        raise ValueError("words out of order")
    return places
