"""What an engine heard: words with their place in the recording, in whole milliseconds."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Timing(StrEnum):
    """Where a word's time is from."""

    ENGINE = "engine"
    ALIGNED = "aligned"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Word:
    """One word as written between two spaces, with its punctuation.

    In scripts that put no spaces between words, one letter (`writing.words_in`).
    """

    start_ms: int
    # From the start of the recording, or of the slice where an engine returns it.
    end_ms: int
    text: str
    # No spaces, not empty.
    confidence: float | None = None
    # 0 to 1 where the engine says; None where it does not.
    timing: Timing = Timing.ENGINE
    speaker: str | None = None
    # Who says it, where the engine tells voices apart.

    @property
    def middle_ms(self) -> int:
        return (self.start_ms + self.end_ms) // 2

    def shifted(self, offset_ms: int) -> "Word":
        """Return the same word *offset_ms* later."""
        return Word(
            self.start_ms + offset_ms,
            self.end_ms + offset_ms,
            self.text,
            self.confidence,
            self.timing,
            self.speaker,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the word for a JSON column."""
        value = {
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "text": self.text,
            "confidence": self.confidence,
            "timing": self.timing.value,
        }
        return value if self.speaker is None else value | {"speaker": self.speaker}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Word":
        """Return the word that `to_json` wrote."""
        return cls(**{**value, "timing": Timing(value["timing"])})
