"""What a worker has in hand."""

from dataclasses import dataclass

from transcription.engines.base import Engine
from transcription.models import Chunk


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed chunk and the engine, ready, that will hear it."""

    chunk: Chunk
    engine: Engine

    @property
    def is_hosted(self) -> bool:
        return self.engine.capabilities.is_hosted
