"""The models that a person may choose from for the hosted engine."""

from transcription.engines.hosted_models import KNOWN, HostedModel, hosted_model
from transcription.engines.registry import default_model


def hosted_choices() -> list[tuple[str, str]]:
    """Return the models with their prices, the settings' own first, of whatever server it is."""
    usual = hosted_model(default_model("openai"))
    others = [model for model in KNOWN.values() if model.name != usual.name]
    return [
        ("", f"{_described(usual)} (the usual)"),
        *((model.name, _described(model)) for model in others),
    ]


def _described(model: HostedModel) -> str:
    facts = [f"${model.usd_per_minute:f} a minute" if model.usd_per_minute else "price not known"]
    if model.shutdown_date:
        facts.append(f"until {model.shutdown_date:%-d %B %Y}")
    return f"{model.name}: {', '.join(facts)}"
