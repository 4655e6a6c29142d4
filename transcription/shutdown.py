"""Models that their vendor will shut down, and the sentence about it."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from django.conf import settings

from transcription.amounts import counted
from transcription.engines.hosted_models import KNOWN, hosted_model
from transcription.models import ServerModel

HOSTED = "openai"
VENDORS_HOST = "api.openai.com"
NOTICE_DAYS = 180
# So long before the end people are told.
SUCCESSOR = next(model.name for model in KNOWN.values() if model.shutdown_date is None)


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The end of a model, near or past."""

    model: str
    on: date
    # From which on it answers no more.
    days: int
    # Until then; not positive where it has come.
    successor: str | None
    # To choose instead; None where another server's models are not known.

    @property
    def fact(self) -> str:
        day = f"{self.on:%-d %B %Y}"
        if self.days > 0:
            left = counted(self.days, "day")
            return f"{self.model} will be shut down by its vendor on {day}, in {left}."
        return f"{self.model} was shut down by its vendor on {day}."

    @property
    def advice(self) -> str:
        other = self.successor or "another model of that server"
        return (
            f"Choose {other} in OPENAI_TRANSCRIPTION_MODEL and for new runs, or the embedded "
            "engine (whisper)."
        )

    def __str__(self) -> str:
        return f"{self.fact} {self.advice}"


def announced_day(model: str) -> date | None:
    """Return when the vendor ends *model*; None where it does not, or the server is another's."""
    return hosted_model(model).shutdown_date if _is_vendors_server() else None


def announced(engine: str, model: str, *, today: date) -> Shutdown | None:
    """Return the end that the vendor announced; None where it is far or there is none. No query."""
    return _near(model, announced_day(model), today) if engine == HOSTED else None


def said_or_announced(engine: str, model: str, *, today: date) -> Shutdown | None:
    """Return the end that the server named or else the vendor announced. One query at most."""
    if engine != HOSTED:
        return None
    server = ServerModel.objects.filter(base_url=settings.OPENAI_BASE_URL or "", model=model)
    said = server.values_list("shutdown_date", flat=True).first()
    return _near(model, said, today) if said else announced(engine, model, today=today)


def _near(model: str, on: date | None, today: date) -> Shutdown | None:
    if on is None or (on - today).days > NOTICE_DAYS:
        return None
    successor = SUCCESSOR if _is_vendors_server() and model != SUCCESSOR else None
    return Shutdown(model, on, (on - today).days, successor)


def _is_vendors_server() -> bool:
    address = settings.OPENAI_BASE_URL
    return not address or urlsplit(address).hostname == VENDORS_HOST
