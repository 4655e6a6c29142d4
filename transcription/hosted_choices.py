"""The models that a person may choose from for the hosted engine."""

from transcription.amounts import dollars_exactly
from transcription.engines.hosted_models import KNOWN
from transcription.engines.registry import default_model, engine_for
from transcription.shutdown import HOSTED, announced_day


def hosted_choices() -> list[tuple[str, str]]:
    """Return the models with their prices, the settings' own first, of whatever server it is."""
    usual = default_model(HOSTED)
    others = [name for name in KNOWN if name != usual]
    return [
        ("", f"{_described(usual)} (the usual)"),
        *((name, _described(name)) for name in others),
    ]


def _described(model: str) -> str:
    price = engine_for(HOSTED, model).capabilities.usd_per_minute
    facts = ["price not known" if price is None else f"{dollars_exactly(price)} a minute"]
    if day := announced_day(model):
        facts.append(f"until {day:%-d %B %Y}")
    return f"{model}: {', '.join(facts)}"
