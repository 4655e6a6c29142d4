"""The form that a person sends to start runs, and what each engine would do with a hearing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.conf import settings

from hearings.models import Hearing
from transcription import pipeline
from transcription.engines.registry import NAMES, default_model, engine_for
from transcription.pipeline import RunOptions
from transcription.planning import Plan

NONE_OF_THESE = "It can take none of these hearings; each one’s reason is in its line."


@dataclass(frozen=True, slots=True)
class Offer:
    """What an engine would do with a hearing."""

    engine: str
    plan: Plan | None
    # None where it will not take it.
    reason: str
    # Why not, for a person.

    @property
    def longest_ms(self) -> int:
        chunks = self.plan.chunks if self.plan else ()
        return max((chunk.span.duration_ms for chunk in chunks), default=0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A hearing that may be transcribed, with each engine's offer."""

    hearing: Hearing
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine as the form shows it."""

    name: str
    model: str
    is_hosted: bool
    reason: str
    # Why it cannot be chosen; empty where it can.
    offer: Offer | None
    # For the hearing, where there is only one.


def candidate(hearing: Hearing) -> Candidate:
    """Return what each engine would do with *hearing*."""
    return Candidate(hearing, tuple(_offer(hearing, name) for name in NAMES))


def engine_choices(candidates: Sequence[Candidate]) -> list[EngineChoice]:
    """Return the engines; one that takes none of the hearings cannot be chosen."""
    choices = []
    for index, name in enumerate(NAMES):
        offers = [candidate.offers[index] for candidate in candidates]
        usable = any(offer.plan for offer in offers)
        model = default_model(name)
        hosted = engine_for(name, model).capabilities.is_hosted
        sole = offers[0] if len(offers) == 1 else None
        reason = "" if usable else sole.reason if sole else NONE_OF_THESE
        choices.append(EngineChoice(name, model, hosted, reason, sole))
    return choices


class StartForm(forms.Form):
    """How to transcribe. Sending it is what starts a run; nothing else does."""

    engine = forms.ChoiceField(choices=[(name, name) for name in NAMES])
    language = forms.RegexField(
        r"^[a-z]{2}$",
        required=False,
        error_messages={"invalid": "Write the language as its two-letter code, such as “en”."},
    )
    again = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, choices: Sequence[EngineChoice]) -> None:
        usable = [choice.name for choice in choices if not choice.reason]
        wanted = settings.TRANSCRIPTION_ENGINE
        first = wanted if wanted in usable else next(iter(usable), None)
        super().__init__(data, initial={"engine": first})

    def options_for(self, hearing: Hearing) -> RunOptions:
        chosen = RunOptions.default_for(hearing, engine=self.cleaned_data["engine"])
        return replace(chosen, language=self.cleaned_data["language"] or chosen.language)


def _offer(hearing: Hearing, engine: str) -> Offer:
    try:
        plan = pipeline.preview(hearing, RunOptions.default_for(hearing, engine=engine))
    except pipeline.StartRefused as refusal:
        return Offer(engine, None, str(refusal))
    return Offer(engine, plan, "")
