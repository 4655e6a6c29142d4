"""Whether the engine of the settings can be used, and whether the local model is whole."""

from pathlib import Path

from django.conf import settings

from transcription import rates
from transcription.engines.base import EngineBusy, EngineError, EngineUnavailable
from transcription.engines.openai_api import OpenAIEngine
from transcription.engines.registry import default_model, engine_for
from transcription.health import Seen, State
from transcription.model_files import MODELS, ModelMissing, is_whole, located

LONGEST_LOOK_SECONDS = 5.0
# Of the question to a hosted engine, which costs nothing.
UNREACHED = "See whether its server works, and can be reached from this machine. Chunks wait."


def access() -> Seen:
    """Ask a hosted engine for its model, an embedded one for its files. Costs nothing."""
    name = settings.TRANSCRIPTION_ENGINE
    model = default_model(name)
    try:
        engine = engine_for(name, model)
    except KeyError:
        told = f"There is no engine “{name}”."
        return Seen(State.FAILED, told, "Set TRANSCRIPTION_ENGINE to openai or whisper.")
    try:
        if isinstance(engine, OpenAIEngine):
            return _asked(engine)
        engine.check()
    except EngineBusy as error:
        return Seen(State.WARNING, str(error), "Wait: the server takes no more for the moment.")
    except EngineUnavailable as error:
        return Seen(State.FAILED, str(error), UNREACHED)
    except EngineError as error:
        return Seen(State.FAILED, str(error))
    return Seen(State.OK, f"{name} can be used with the model {model}.")


def _asked(engine: OpenAIEngine) -> Seen:
    """Ask the server, but not while it wants to be left alone. Raises EngineError."""
    engine.check()
    limit = rates.known()
    if limit and (limit.is_broken or not rates.may_send(settings.RATE)):
        told = f"Not asked while the limit is closed. {limit.reason}".strip()
        return Seen(State.WARNING, told, "See the limiter below.")
    facts = engine.examine(within_seconds=LONGEST_LOOK_SECONDS)
    told = f"The server knows the key and the model {engine.model}."
    if facts.shutdown_date:
        told += f" It ends the model on {facts.shutdown_date:%-d %B %Y}."
    return Seen(State.OK, told)


def models() -> Seen:
    """Compare the local model's files with their hashes; read again only where one changed."""
    is_engine = settings.TRANSCRIPTION_ENGINE == "whisper"
    if not is_engine and not settings.ALIGN_WORDS:
        return Seen(State.OK, "Not needed: the hosted engine is used, and ALIGN_WORDS is off.")
    name = settings.WHISPER_MODEL
    try:
        folder = located(name, Path(settings.MODELS_DIR))
    except ModelMissing as error:
        advice = "" if is_engine else "Without it the times of words are estimates. Or fetch it."
        return Seen(State.FAILED if is_engine else State.WARNING, str(error), advice)
    model = MODELS.get(name)
    if model is None:
        return Seen(State.OK, f"A folder of your own, whose hashes nobody knows: {folder}")
    if not is_whole(folder, model):
        damaged = f"A file of the model {name} is not what it should be, in {folder}"
        advice = f"Delete the folder and fetch it again: “manage.py fetch_model {name}”."
        return Seen(State.FAILED, damaged, advice)
    return Seen(State.OK, f"The {len(model.files)} files of the model {name} have their hashes.")
