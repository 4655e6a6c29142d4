"""What does not fit in a chunk's answer, as it is kept with the chunk. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hearings.spans import Span
from hearings.times import clock
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

    @property
    def told(self) -> str:
        """What was noticed, after the whole seconds around its place where that is known."""
        if self.span is None:
            return self.sentence
        until_ms = -(-self.span.end_ms // 1000) * 1000
        return f"{clock(self.span.start_ms)} to {clock(until_ms)}: {self.sentence}"

    def to_json(self) -> dict[str, Any]:
        span = self.span and [self.span.start_ms, self.span.end_ms]
        return {"sentence": self.sentence, "span": span}

    def is_about(self, stretch: Span) -> bool:
        """Tell whether it may concern what is said in *stretch* of its chunk."""
        return self.span is None or self.span.overlaps(stretch)


def placed(found: Iterable[Suspicion], *, offset_ms: int) -> tuple[KeptDoubt, ...]:
    """Return what a chunk keeps that starts at *offset_ms*."""
    return tuple(
        KeptDoubt(each.sentence, each.span and each.span.shifted(offset_ms)) for each in found
    )


def to_json(doubts: Iterable[KeptDoubt]) -> list[dict[str, Any]]:
    """Return doubts as a chunk's row has them."""
    return [doubt.to_json() for doubt in doubts]
