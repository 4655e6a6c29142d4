"""What staff are told on every page that it concerns."""

from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone

from transcription.engines.registry import default_model
from transcription.shutdown import said_or_announced

register = template.Library()


@register.inclusion_tag("admin/transcription/shutdown.html")
def shutdown_notice(engine: str = "", model: str = "") -> dict[str, Any]:
    """Tell of a model that ends; without names, of the one in the settings."""
    engine = engine or settings.TRANSCRIPTION_ENGINE
    model = model or default_model(engine)
    return {"end": said_or_announced(engine, model, today=timezone.localdate())}
