"""What a person chose for a run, and how the recording is cut for it."""

import hashlib
import json
from dataclasses import asdict, dataclass

from django.conf import settings

from hearings.models import Hearing
from hearings.spans import Span
from transcription import planning, rates
from transcription.engines.registry import default_model, engine_for
from transcription.stretches import stretch_of

_LATER = frozenset({"from_ms", "to_ms"})
# Said of a run only where it has a stretch, so that earlier runs are found again.


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a person chose for a run."""

    engine: str
    model: str
    language: str
    # ISO 639-1.
    parallel: int | None = None
    # Most requests at once; None: what the engine allows.
    sequential: bool = False
    chunk_ms: int | None = None
    # Length to aim at; None: what suits the engine.
    from_ms: int | None = None
    # Where the stretch begins that is transcribed; None: with the recording.
    to_ms: int | None = None
    # Where it ends; None: with the recording.

    @classmethod
    def default_for(cls, hearing: Hearing | None, *, engine: str | None = None) -> "RunOptions":
        """Return the settings' choice, also for a hearing that is yet to be filed."""
        name = engine or settings.TRANSCRIPTION_ENGINE
        language = hearing.language if hearing else "en"
        return cls(engine=name, model=default_model(name), language=language)

    def stretch(self, hearing: Hearing) -> Span | None:
        """Return the stretch of an analysed recording, None for all of it. Raises NoSuchStretch."""
        return stretch_of(self.from_ms, self.to_ms, duration_ms=hearing.analysis.duration_ms)

    def key(self, hearing: Hearing) -> str:
        """Return a hash of what the same command says again of the same recording.

        Raises NoSuchStretch.
        """
        chosen = {name: value for name, value in asdict(self).items() if name not in _LATER}
        said: list[object] = [hearing.recording_sha256, chosen]
        if track := hearing.analysis.track:
            said.append(["track", track])
        if stretch := self.stretch(hearing):
            said.append(["stretch", stretch.start_ms, stretch.end_ms])
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def plan_of(hearing: Hearing, options: RunOptions) -> planning.Plan:
    """Return how an analysed recording is cut. Raises NoSuchStretch."""
    return planning.plan(
        hearing.analysis.speech_spans,
        hearing.analysis.duration_ms,
        engine_for(options.engine, options.model).capabilities,
        settings.CHUNKING,
        slots=_slots(options.engine),
        parallel=options.parallel,
        sequential=options.sequential,
        chunk_ms=options.chunk_ms,
        within=options.stretch(hearing),
    )


def _slots(engine: str) -> int:
    hosted = engine_for(engine, "").capabilities.is_hosted
    return rates.row(settings.RATE).max_concurrent if hosted else settings.RATE.embedded_per_host
