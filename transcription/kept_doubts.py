"""What does not fit in a chunk's answer, as it is kept with the chunk. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hearings.spans import Span
from transcription.plausibility import Suspicion


@dataclass(frozen=True, slots=True)
class KeptDoubt:
    """One thing that was noticed."""

    sentence: str
    # For a person.
    span: Span | None
    # Where, from the recording's start; None where only the chunk is known.

    @classmethod
    def from_json(cls, kept: Any) -> "KeptDoubt":
        """Read what `to_json` gave, or a sentence alone: all that was kept before 2026-11-28."""
        if isinstance(kept, str):
            return cls(kept, None)
        return cls(kept["sentence"], Span(*kept["span"]) if kept["span"] else None)

    def to_json(self) -> dict[str, Any]:
        span = self.span and [self.span.start_ms, self.span.end_ms]
        return {"sentence": self.sentence, "span": span}

    def is_about(self, stretch: Span) -> bool:
        """Tell whether it may concern what is said in *stretch* of its chunk."""
        return self.span is None or self.span.overlaps(stretch)


def to_json(found: Iterable[Suspicion], *, offset_ms: int) -> list[dict[str, Any]]:
    """Return what a chunk keeps that starts at *offset_ms*."""
    placed = ((each.sentence, each.span and each.span.shifted(offset_ms)) for each in found)
    return [KeptDoubt(sentence, span).to_json() for sentence, span in placed]
