"""The models that a person may choose from for the hosted engine."""

from transcription.engines.registry import default_model


def hosted_choices() -> list[tuple[str, str]]:
    """Return the models, the settings' own first; another server's are named in the settings."""
    return [("", f"{default_model('openai')} (as set)")]
