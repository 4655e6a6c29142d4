"""Whether an engine can be had: key, model, limits, budget. Nothing that is asked here costs."""

import hashlib
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from hearings.models import Hearing
from hearings.validation import Finding, Severity
from transcription import budgets, model_news, rates
from transcription.amounts import about_dollars, dollars
from transcription.engines.base import AccessRefused, Engine, EngineError
from transcription.engines.openai_api import OpenAIEngine
from transcription.model_files import MODELS, is_whole
from transcription.shutdown import said_or_announced

CLOSED = (
    "This hearing is closed: its recording must not leave the house. "
    "Use the embedded engine (whisper)."
)
_NOT_TOLD = Finding(
    "not_answering",
    Severity.WARNING,
    "The API key may not look at models, so nobody knows yet whether this one can be had.",
    "Allow the key to read models, or see how the first call fares.",
)


def closed_to_hosted() -> Finding:
    """Return the finding for a closed hearing and a hosted engine."""
    message, _, advice = CLOSED.partition(". ")
    return Finding("closed", Severity.ERROR, f"{message}.", advice)


def findings(engine: Engine, *, now: datetime) -> tuple[Finding, ...]:
    """Judge the engine, whatever the hearing. At most three queries.

    A hosted one is asked for the model where the limit is open and nobody did just now.
    """
    try:
        engine.check()
    except AccessRefused as error:
        return (Finding("settings", Severity.ERROR, str(error), ""),)
    if isinstance(engine, OpenAIEngine):
        limits = _limit()
        said = () if limits else ask_server(engine)
        return (*said, *limits, *_end_of_model(engine, now))
    return _local_model(engine)


def language_findings(engine: Engine, language: str) -> tuple[Finding, ...]:
    """Judge whether the engine's model knows a language."""
    if engine.capabilities.is_hosted or not engine.model.endswith(".en") or language == "en":
        return ()
    return (
        Finding(
            "model_language",
            Severity.WARNING,
            f"The Whisper model {engine.model} knows English alone, and the language is "
            f"“{language}”.",
            "Use a model of several languages, such as base.",
            measured=language,
            needed="en",
        ),
    )


def budget_findings(
    hearing: Hearing, cost_usd: Decimal | None, *, now: datetime
) -> tuple[Finding, ...]:
    """Judge the estimated cost of a hosted run by what may still be spent. At most two queries."""
    policy = settings.BUDGET
    if not policy.is_set:
        return ()
    if cost_usd is None:
        return (
            Finding(
                "budget",
                Severity.ERROR,
                "No price is known for this model, and a budget is set, so nothing is sent.",
                "Set OPENAI_USD_PER_MINUTE, or take a model with a known price.",
            ),
        )
    left = []
    if policy.usd_per_hearing is not None:
        spent = budgets.of_hearing(hearing) if hearing.pk else Decimal(0)
        left.append(policy.usd_per_hearing - spent)
    if policy.usd_per_month is not None:
        left.append(policy.usd_per_month - budgets.of_month(now))
    if cost_usd <= min(left):
        return ()
    return (
        Finding(
            "budget",
            Severity.WARNING,
            "The budget does not last to the end: the run will pause in between.",
            "Raise the budget, or use the embedded engine (whisper).",
            measured=f"{about_dollars(cost_usd)} expected",
            needed=f"at most {dollars(max(Decimal(0), min(left)))} are left",
        ),
    )


def ask_server(engine: OpenAIEngine) -> tuple[Finding, ...]:
    """Ask for the model, which costs nothing, and remember for a while that it was there."""
    key = _key_of(engine)
    known: tuple[Finding, ...] | None = cache.get(key)
    if known is not None:
        return known
    try:
        engine.examine(within_seconds=settings.READINESS.look_seconds)
    except AccessRefused as error:
        if not _may_transcribe_all_the_same(error):
            return (Finding("refused", Severity.ERROR, str(error), ""),)
        found: tuple[Finding, ...] = (_NOT_TOLD,)
    except EngineError as error:
        found = (
            Finding(
                "not_answering",
                Severity.WARNING,
                f"The engine did not answer just now. {error}",
                "A run that starts goes on by itself once the engine answers.",
            ),
        )
    else:
        model_news.note_learned(engine)
        found = ()
    cache.set(key, found, settings.READINESS.remembered_seconds)
    return found


def _may_transcribe_all_the_same(error: AccessRefused) -> bool:
    """Tell a key that is only not allowed to look at models."""
    answer = error.answer
    return (
        answer is not None
        and answer.status == HTTPStatus.FORBIDDEN
        and b"missing scope" in answer.body.lower()
    )


def _key_of(engine: OpenAIEngine) -> str:
    asked = f"{settings.OPENAI_BASE_URL} {settings.OPENAI_API_KEY} {engine.model}"
    return f"asked-{hashlib.sha256(asked.encode()).hexdigest()}"


def _limit() -> tuple[Finding, ...]:
    """Say where nothing may be sent for now, as the shared row of all workers has it."""
    row = rates.known()
    if row is None or not (row.is_broken or row.closed_until):
        return ()
    standing = rates.wait_seconds(settings.RATE)
    if not standing.reason or (rates.may_send(settings.RATE) and not row.is_broken):
        return ()  # the usual pace holds it back, which the estimate reckons with
    return (
        Finding(
            "limit",
            Severity.WARNING,
            f"Nothing is sent for now. {standing.reason}",
            "A run that starts now waits until then.",
            measured=f"{standing.wait_seconds:.0f} s to wait",
            needed="no wait",
        ),
    )


def _end_of_model(engine: Engine, now: datetime) -> tuple[Finding, ...]:
    end = said_or_announced(engine.name, engine.model, today=timezone.localdate(now))
    if end is None:
        return ()
    return (Finding("model_ends", Severity.WARNING, end.fact, end.advice, f"{end.on}"),)


def _local_model(engine: Engine) -> tuple[Finding, ...]:
    """Compare a model's files with what was published; of a folder of one's own nobody knows."""
    model = MODELS.get(engine.model) if engine.name == "whisper" else None
    if model is None:
        return ()
    folder = settings.MODELS_DIR / model.name
    if is_whole(folder, model):
        return ()
    return (
        Finding(
            "model_damaged",
            Severity.ERROR,
            f"The files of the Whisper model “{model.name}” are damaged.",
            f"Delete {folder} and fetch it again: python manage.py fetch_model {model.name}",
        ),
    )
