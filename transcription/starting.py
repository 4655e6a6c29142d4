"""The form that a person sends to start runs, and what each engine would do with a hearing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings

from hearings.models import Hearing
from hearings.times import milliseconds_of
from hearings.validation import Finding, Severity
from transcription import admission, host_facts
from transcription.engines.registry import NAMES, default_model, engine_for
from transcription.estimating import Estimate, together
from transcription.forecast import Terms, terms_of
from transcription.hosted_choices import hosted_choices
from transcription.outlook import Outlook, outlook
from transcription.readiness import Circumstances, circumstances, judge
from transcription.run_options import RunOptions
from transcription.scoring import AREA_NAMES, Area, Judged, Readiness

HOSTED = "openai"
# The engine that the choice of a model is for.
MOST_PARALLEL = 100
LEAST_CHUNK_SECONDS = 10
MOST_CHUNK_SECONDS = 3600
NONE_OF_THESE = "It can take none of these hearings; each one’s reason is in its line."


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person chose beside the engine, for all the hearings on the page."""

    language: str = ""
    # ISO 639-1; empty: each hearing's own.
    hosted_model: str = ""
    # Empty: the settings'.
    parallel: int | None = None
    chunk_ms: int | None = None
    again: bool = False
    from_ms: int | None = None
    # Of a sole hearing, where the stretch begins; None: with the recording.
    to_ms: int | None = None
    # Where it ends.

    def model_of(self, engine: str) -> str:
        chosen = self.hosted_model if engine == HOSTED else ""
        return chosen or default_model(engine)

    def options_for(self, hearing: Hearing, engine: str) -> RunOptions:
        usual = RunOptions.default_for(hearing, engine=engine)
        return replace(
            usual,
            model=self.model_of(engine),
            language=self.language or usual.language,
            parallel=self.parallel,
            chunk_ms=self.chunk_ms,
            from_ms=self.from_ms,
            to_ms=self.to_ms,
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """What an engine would do with a hearing."""

    engine: str
    outlook: Outlook | None
    # None where it will not take it.
    reason: str
    # Why not, for a person.
    readiness: Readiness | None = None
    # None where nothing would begin: it will not take it, or a run goes on.

    @property
    def longest_ms(self) -> int:
        chunks = self.outlook.plan.chunks if self.outlook else ()
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
    total: Estimate | None
    # For all hearings that it takes, where there are several.


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was found before the start."""

    area: str
    # The validator's name.
    finding: Finding
    engine: str
    # The engine that it concerns; empty: each.
    hearings: tuple[str, ...]
    # Titles of those that it concerns.


def present_circumstances(wishes: Wishes, *, now: datetime) -> dict[str, Circumstances]:
    """Return what is so for every hearing, for each engine. A server may be asked."""
    host = host_facts.measure(now=now)
    return {
        name: circumstances(engine_for(name, wishes.model_of(name)), now=now, host=host)
        for name in NAMES
    }


def notices(candidates: Sequence[Candidate]) -> list[Notice]:
    """Return what was found, each once, the errors first and each validator's together."""
    where: dict[Judged, list[tuple[str, str]]] = {}
    for each in candidates:
        for offer in each.offers:
            for judged in offer.readiness.judged if offer.readiness else ():
                where.setdefault(judged, []).append((offer.engine, each.hearing.title))
    asked = {offer.engine for each in candidates for offer in each.offers if offer.readiness}
    return [
        Notice(
            AREA_NAMES[judged.area],
            judged.finding,
            "" if {engine for engine, _ in places} == asked else places[0][0],
            tuple(dict.fromkeys(title for _, title in places)),
        )
        for judged, places in sorted(where.items(), key=_order)
    ]


def _order(entry: tuple[Judged, object]) -> tuple[bool, int]:
    judged, _ = entry
    return judged.finding.severity is not Severity.ERROR, list(Area).index(judged.area)


def present_terms(wishes: Wishes) -> dict[str, Terms]:
    """Return what each engine costs and takes at present."""
    return {name: terms_of(name, wishes.model_of(name)) for name in NAMES}


def candidate(
    hearing: Hearing,
    wishes: Wishes,
    terms: Mapping[str, Terms],
    given: Mapping[str, Circumstances],
) -> Candidate:
    """Return what each engine would do with *hearing*."""
    offers = (_offer(hearing, name, wishes, terms[name], given[name]) for name in NAMES)
    return Candidate(hearing, tuple(offers))


def engine_choices(
    candidates: Sequence[Candidate], wishes: Wishes, terms: Mapping[str, Terms]
) -> list[EngineChoice]:
    """Return the engines; one that takes none of the hearings cannot be chosen."""
    choices = []
    for index, name in enumerate(NAMES):
        offers = [candidate.offers[index] for candidate in candidates]
        plans = [offer.outlook.plan for offer in offers if offer.outlook]
        model = wishes.model_of(name)
        hosted = engine_for(name, model).capabilities.is_hosted
        sole = offers[0] if len(offers) == 1 else None
        reason = "" if plans else sole.reason if sole else NONE_OF_THESE
        total = terms[name].estimate(together(plans)) if plans and not sole else None
        choices.append(EngineChoice(name, model, hosted, reason, sole, total))
    return choices


class PlaceField(forms.Field):
    """A place in a recording, in milliseconds; None where it is empty."""

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        try:
            return milliseconds_of(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(f"{error}.") from error


class StartForm(forms.Form):
    """How to transcribe. Sending it is what starts a run; nothing else does."""

    engine = forms.ChoiceField(choices=[(name, name) for name in NAMES])
    language = forms.RegexField(
        r"^[a-z]{2}$",
        required=False,
        error_messages={"invalid": "Write the language as its two-letter code, such as “en”."},
    )
    model = forms.ChoiceField(choices=hosted_choices, required=False)
    parallel = forms.IntegerField(min_value=1, max_value=MOST_PARALLEL, required=False)
    chunk_seconds = forms.IntegerField(
        min_value=LEAST_CHUNK_SECONDS, max_value=MOST_CHUNK_SECONDS, required=False
    )
    again = forms.BooleanField(required=False)
    begin = PlaceField(required=False)
    end = PlaceField(required=False)

    FOLDED = ("begin", "end", "model", "parallel", "chunk_seconds")

    def clean(self) -> dict[str, Any]:
        sent: dict[str, Any] = self.cleaned_data
        begin, end = sent.get("begin"), sent.get("end")
        if end is not None and end <= (begin or 0):
            self.add_error("end", "It ends before it begins. Give an end that is later.")
        return sent

    def suggest(self, choices: Sequence[EngineChoice]) -> None:
        """Have an engine chosen that can be: the settings', else the first."""
        usable = [choice.name for choice in choices if not choice.reason]
        wanted = settings.TRANSCRIPTION_ENGINE
        self.initial["engine"] = wanted if wanted in usable else next(iter(usable), None)

    @property
    def wishes(self) -> Wishes:
        """What was chosen; the usual where nothing was sent, or something wrong."""
        if not self.is_valid():
            return Wishes()
        seconds = self.cleaned_data["chunk_seconds"]
        return Wishes(
            language=self.cleaned_data["language"],
            hosted_model=self.cleaned_data["model"],
            parallel=self.cleaned_data["parallel"],
            chunk_ms=seconds and seconds * 1000,
            again=self.cleaned_data["again"],
            from_ms=self.cleaned_data["begin"],
            to_ms=self.cleaned_data["end"],
        )

    @property
    def has_special_wishes(self) -> bool:
        """Whether the part of the form that is folded away holds something."""
        return any(self[name].value() or self[name].errors for name in self.FOLDED)

    def options_for(self, hearing: Hearing) -> RunOptions:
        return self.wishes.options_for(hearing, self.cleaned_data["engine"])


def _offer(
    hearing: Hearing, engine: str, wishes: Wishes, terms: Terms, given: Circumstances
) -> Offer:
    options = wishes.options_for(hearing, engine)
    try:
        found = outlook(hearing, options, again=wishes.again, terms=terms)
    except admission.StartRefused as refusal:
        return Offer(engine, None, str(refusal))
    if found.earlier:
        return Offer(engine, found, "")
    ready = judge(hearing, given, language=options.language, cost_usd=found.estimate.cost_usd)
    if not ready.is_ready:
        return Offer(engine, None, ready.refusal, ready)
    return Offer(engine, found, "", ready)
