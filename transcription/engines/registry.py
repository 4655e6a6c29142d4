"""The engines, by the name that TRANSCRIPTION_ENGINE and ``--engine`` take."""

from django.conf import settings

from transcription.engines.base import Engine
from transcription.engines.openai_api import OpenAIEngine
from transcription.engines.scripted import ScriptedEngine
from transcription.engines.whisper import WhisperEngine

NAMES = ("openai", "whisper")
# What a person may choose.


def default_model(engine: str) -> str:
    """Return the model that the settings name for *engine*."""
    models = {"openai": settings.OPENAI_TRANSCRIPTION_MODEL, "whisper": settings.WHISPER_MODEL}
    return str(models.get(engine, engine))


def engine_for(name: str, model: str) -> Engine:
    """Return the engine *name* set to *model*. Loads nothing yet. Raises KeyError."""
    match name:
        case "openai":
            return OpenAIEngine(
                model,
                api_key=settings.OPENAI_API_KEY,
                base_url=settings.OPENAI_BASE_URL,
                timeout_seconds=settings.API_TIMEOUT_SECONDS,
            )
        case "whisper":
            return WhisperEngine(
                model, models_dir=settings.MODELS_DIR, threads=settings.WHISPER_THREADS
            )
        case "scripted":
            return ScriptedEngine(model)
    raise KeyError(name)
