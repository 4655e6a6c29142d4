"""Which models there are, what each can do, and what each refuses: the vendor's reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

SHUTDOWN = "2027-02-26"


@dataclass(frozen=True)
class Model:
    """What a model answers, reads and refuses."""

    name: str
    formats: tuple[str, ...] = ("json", "text")
    reads: frozenset[str] = frozenset()
    # Hints that it takes: "prompt", "keywords", "languages", "language", "include".
    refuses: frozenset[str] = frozenset()
    # Hints that it answers with a 400; all others it ignores.
    longest_seconds: float = inf
    most_output_tokens: float = inf
    # What is over is cut without a word.
    usage: Literal["duration", "tokens"] = "duration"
    unchunked_seconds: float = inf
    # Above it, `chunking_strategy` is required.
    shutdown_date: str | None = SHUTDOWN
    # None: not announced.

    @property
    def card(self) -> dict[str, Any]:
        """What the list of models says about it."""
        card = {"id": self.name, "object": "model", "created": 1, "owned_by": "system"}
        return card | ({"shutdown_date": self.shutdown_date} if self.shutdown_date else {})


OLD = ("json", "text", "srt", "vtt", "verbose_json")
TEXT_MODEL = Model(
    "gpt-4o-transcribe",
    formats=("json",),
    reads=frozenset({"prompt", "language", "include"}),
    longest_seconds=1_400,
    most_output_tokens=2_000,
    usage="tokens",
)
MODELS = {
    model.name: model
    for model in (
        Model(
            "gpt-transcribe",
            reads=frozenset({"prompt", "keywords", "languages"}),
            shutdown_date=None,
        ),
        Model("whisper-1", formats=OLD, reads=frozenset({"prompt", "language"})),
        TEXT_MODEL,
        Model(**{**vars(TEXT_MODEL), "name": "gpt-4o-mini-transcribe"}),
        Model(**{**vars(TEXT_MODEL), "name": "gpt-4o-mini-transcribe-2025-12-15"}),
        Model(
            "gpt-4o-transcribe-diarize",
            formats=("json", "text", "diarized_json"),
            reads=frozenset({"language"}),
            refuses=frozenset({"prompt", "keywords", "include"}),
            longest_seconds=1_400,
            usage="tokens",
            unchunked_seconds=30,
        ),
    )
}
Models = Mapping[str, Model]
