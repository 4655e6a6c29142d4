"""What a server says of a model, asked once a day: when it ends. Costs nothing."""

import logging

from django.core.cache import cache

from transcription.engines.base import Engine, EngineError
from transcription.engines.openai_api import OpenAIEngine

logger = logging.getLogger(__name__)

DAY_SECONDS = 86_400


def learn_daily(engine: Engine) -> None:
    """Have a hosted engine remember what its server says of the model, if nobody did today.

    A failure is only noted: the calls that follow say more plainly what is wrong.
    """
    if not isinstance(engine, OpenAIEngine):
        return
    if not cache.add(_key(engine), "asked", DAY_SECONDS):
        return
    try:
        engine.examine()
    except EngineError as error:
        logger.info("the server did not tell when the model ends: %s", error)


def note_learned(engine: Engine) -> None:
    """Take it that the server was asked just now, for whatever reason."""
    cache.set(_key(engine), "asked", DAY_SECONDS)


def _key(engine: Engine) -> str:
    return f"model-news-{engine.name}-{engine.model}"
