"""The engines, by the name that TRANSCRIPTION_ENGINE and ``--engine`` take."""

import importlib
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.module_loading import import_string

from transcription.engines.aligner import Aligner
from transcription.engines.base import Engine
from transcription.engines.openai_api import OpenAIEngine
from transcription.engines.scripted import ScriptedEngine
from transcription.engines.whisper import WhisperEngine
from transcription.models import ServerModel

NAMES = ("openai", "whisper")
# What a person may choose.
_LIBRARIES = {
    "openai": (
        "transcription.engines.transport",
        "openai.resources.audio.transcriptions",
        "openai.resources.models",
    ),
    "whisper": ("transcription.engines.whisper_model",),
}
# What an engine imports when it is first used; half a second and more of a processor.


def default_model(engine: str) -> str:
    """Return the model that the settings name for *engine*."""
    models = {"openai": settings.OPENAI_TRANSCRIPTION_MODEL, "whisper": settings.WHISPER_MODEL}
    return str(models.get(engine, engine))


def preload(engine: str) -> None:
    """Import the libraries of *engine*, for processes that are forked from this one."""
    for library in _LIBRARIES.get(engine, ()):
        importlib.import_module(library)


def engine_for(name: str, model: str) -> Engine:
    """Return the engine *name* set to *model*. Loads nothing yet. Raises KeyError."""
    match name:
        case "openai":
            return hosted_engine(model)
        case "whisper":
            return WhisperEngine(
                model, models_dir=settings.MODELS_DIR, threads=settings.WHISPER_THREADS
            )
        case "scripted":
            return ScriptedEngine(model)
    raise KeyError(name)


def the_aligner() -> Aligner | None:
    """Return what finds words in sound on this machine; None where that is not wanted."""
    if not settings.ALIGN_WORDS:
        return None
    aligner: Aligner = import_string(settings.ALIGNER)(
        settings.WHISPER_MODEL, models_dir=settings.MODELS_DIR, threads=settings.WHISPER_THREADS
    )
    return aligner


def hosted_engine(model: str) -> OpenAIEngine:
    """Return the hosted engine, which shares what it learns of a server with all others."""
    return OpenAIEngine(
        model,
        api_key=settings.OPENAI_API_KEY,
        base_url=settings.OPENAI_BASE_URL,
        timeout_seconds=settings.API_TIMEOUT_SECONDS,
        usd_per_minute=settings.OPENAI_USD_PER_MINUTE,
        traits=SharedTraits(settings.OPENAI_BASE_URL or "", model),
    )


@dataclass(frozen=True, slots=True)
class SharedTraits:
    """What was found of a server's model, in the database for every process."""

    base_url: str
    # Empty: the vendor's.
    model: str

    def response_format(self) -> str:
        found = ServerModel.objects.filter(base_url=self.base_url, model=self.model).first()
        return found.response_format if found else ""

    def learn_response_format(self, response_format: str) -> None:
        self._learn(response_format=response_format)

    def learn_shutdown(self, day: date | None) -> None:
        self._learn(shutdown_date=day)

    def _learn(self, **facts: object) -> None:
        ServerModel.objects.update_or_create(
            base_url=self.base_url, model=self.model, defaults=facts
        )
