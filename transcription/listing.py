"""The list of hearings: the state each one is in, and what a visitor narrows it down by."""

from typing import Any

from django import forms
from django.db.models import Case, CharField, OuterRef, QuerySet, Subquery, TextChoices, Value, When

from hearings.models import CheckStatus, Committee, Hearing
from transcription.models import Run, RunStatus


class State(TextChoices):
    """Where a hearing stands, as a reader would say it."""

    TRANSCRIBED = "transcribed", "Transcribed"
    PART = "part", "Transcribed in part"
    GAPS = "gaps", "Transcribed with gaps"
    WORKING = "working", "Being transcribed"
    PAUSED = "paused", "Paused"
    FAILED = "failed", "Failed"
    CHECKING = "checking", "Being checked"
    REFUSED = "refused", "Refused"
    WAITING = "waiting", "Not transcribed"


def with_state(hearings: QuerySet[Hearing]) -> QuerySet[Hearing]:
    """Annotate each hearing's `state`. A text that is there counts more than a later failure."""
    runs = Run.objects.filter(hearing=OuterRef("pk")).order_by("-id").values("status")
    active = runs.exclude(status__in=Run.TERMINAL)
    shown = Run.objects.with_text().filter(hearing=OuterRef("pk")).shown_first()
    return hearings.annotate(
        active=Subquery(active[:1]),
        latest=Subquery(runs[:1]),
        readable=Subquery(shown.values("status")[:1]),
        stretch_end=Subquery(shown.values("to_ms")[:1]),
    ).annotate(
        state=Case(
            When(check_status=CheckStatus.CHECKING, then=Value(State.CHECKING)),
            When(check_status=CheckStatus.REFUSED, then=Value(State.REFUSED)),
            When(active=RunStatus.PAUSED, then=Value(State.PAUSED)),
            When(active__isnull=False, then=Value(State.WORKING)),
            When(stretch_end__isnull=False, then=Value(State.PART)),
            When(readable=RunStatus.COMPLETE, then=Value(State.TRANSCRIBED)),
            When(readable=RunStatus.INCOMPLETE, then=Value(State.GAPS)),
            When(latest=RunStatus.FAILED, then=Value(State.FAILED)),
            default=Value(State.WAITING),
            output_field=CharField(),
        )
    )


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Write the date as YYYY-MM-DD."},
    )


class HearingFilter(forms.Form):
    """What narrows the list down. Every field may be empty; a wrong one is told and not applied."""

    q = forms.CharField(
        label="Title contains",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    committee = forms.ModelChoiceField(
        Committee.objects.none(),
        to_field_name="code",
        empty_label="All",
        required=False,
        error_messages={"invalid_choice": "There is no such committee."},
    )
    status = forms.ChoiceField(
        choices=[("", "Any"), *State.choices],
        required=False,
        error_messages={"invalid_choice": "There is no such status."},
    )
    since = _day("From")
    until = _day("To")

    def __init__(self, data: Any, *, hearings: QuerySet[Hearing]) -> None:
        super().__init__(data, label_suffix="")
        self._hearings = hearings
        committees = Committee.objects.filter(pk__in=hearings.values("committee"))
        self.fields["committee"].queryset = committees  # type: ignore[attr-defined]  # a plain Field to mypy

    def chosen(self) -> QuerySet[Hearing]:
        """Return the hearings that match, each with its `state`, newest first."""
        self.full_clean()
        lookups = {
            "title__icontains": "q",
            "committee": "committee",
            "state": "status",
            "date__gte": "since",
            "date__lte": "until",
        }
        values = {lookup: self.cleaned_data.get(name) for lookup, name in lookups.items()}
        given = {lookup: value for lookup, value in values.items() if value}
        return with_state(self._hearings).filter(**given).select_related("committee")
