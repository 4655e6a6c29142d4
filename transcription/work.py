"""What a worker has in hand."""

from dataclasses import dataclass

from transcription.engines.base import AudioSlice, Engine, Hints
from transcription.hinting import for_slice
from transcription.models import Chunk


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed chunk and the engine, ready, that will hear it."""

    chunk: Chunk
    engine: Engine

    @property
    def is_hosted(self) -> bool:
        return self.engine.capabilities.is_hosted

    def hints(self, audio: AudioSlice) -> Hints:
        """Return what the engine is told before it hears *audio*, the slice of the chunk."""
        run = self.chunk.run
        keywords = for_slice(
            run.keywords,
            speech=audio.speech,
            duration_ms=audio.duration_ms,
            was_doubted=self.chunk.rejected > 0,
        )
        return self.engine.heeded(Hints(run.language, keywords))
