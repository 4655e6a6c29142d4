"""System checks for what *transcription* needs. Cheap, and no database."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register  # noqa: A004 (Django's name)
from django.utils import timezone

from transcription.engines.registry import default_model
from transcription.shutdown import announced


@register()
def the_model_has_a_future(**_: Any) -> list[CheckMessage]:
    """A warning only, also when the day has come: the embedded engine and the pages still work."""
    engine = settings.TRANSCRIPTION_ENGINE
    end = announced(engine, default_model(engine), today=timezone.localdate())
    return [Warning(end.fact, hint=end.advice, id="transcription.W001")] if end else []
