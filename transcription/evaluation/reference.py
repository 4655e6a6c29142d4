"""What was said, and when, as a person or a script wrote it down.

A `.ref.json` is a list of turns, or ``{"turns": [turn, …], "names": ["…", …]}``. A turn has
`speaker`, `start`, `end` (seconds from the recording's start) and `text`, and may have
`sentences`, each with `start`, `end` and `text`.
"""

import json
from dataclasses import dataclass
from typing import Any

from hearings.spans import Span
from transcription.evaluation.texts import NotComparable


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence, or a turn where the reference has no times of sentences."""

    start: float
    # In seconds from the recording's start.
    end: float
    text: str

    @property
    def span(self) -> Span:
        return Span(round(self.start * 1000), round(self.end * 1000))


@dataclass(frozen=True, slots=True)
class Reference:
    """What a `.ref.json` says."""

    utterances: tuple[Utterance, ...]
    # In order of their starts.
    names: tuple[str, ...] | None
    # None where it lists none.


def reference_in(content: str) -> Reference:
    """Return the times of a reference. Raises NotComparable where it is in another form."""
    try:
        value = json.loads(content)
    except ValueError as error:
        raise NotComparable(f"It is not JSON: {error}.") from error
    try:
        turns, names = value, None
        if isinstance(value, dict):
            turns, names = value["turns"], value.get("names")
        utterances = tuple(sorted((u for turn in turns for u in _utterances(turn)), key=_start))
        listed = None if names is None else tuple(str(name) for name in names)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotComparable("It is no list of turns with “start”, “end” and “text”.") from error
    if not utterances:
        raise NotComparable("It has no turns.")
    return Reference(utterances, listed)


def names_in(content: str) -> tuple[str, ...]:
    """Return the names of a list, one a line; what follows a “#” is a remark."""
    lines = (line.partition("#")[0].strip() for line in content.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def _utterances(turn: dict[str, Any]) -> list[Utterance]:
    found = []
    for part in turn.get("sentences") or [turn]:
        utterance = Utterance(float(part["start"]), float(part["end"]), str(part["text"]))
        # A stretch that ends before it starts is refused here rather than measured.
        _ = utterance.span
        found.append(utterance)
    return found


def _start(utterance: Utterance) -> float:
    return utterance.start
