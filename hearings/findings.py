"""A hearing's findings: stored as rows, and those that follow from its description alone."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from hearings import validation
from hearings.models import Hearing, ValidationFinding
from hearings.validation import Description, Finding

_OTHERS_COMPARED = 200


def description_findings(hearing: Hearing, *, today: date) -> tuple[Finding, ...]:
    """Judge what a person said of the hearing, also against what else is filed.

    The hearing need not be filed itself.
    """
    same_day = Hearing.objects.filter(date=hearing.date).exclude(pk=hearing.pk)
    others = same_day.select_related("committee")[:_OTHERS_COMPARED]
    found = validation.description_findings(
        replace(_described(hearing), kind=hearing.type, witnesses=_witnesses(hearing)),
        today=today,
        others=[_described(other) for other in others],
    )
    twin = Hearing.objects.filter(recording_sha256=hearing.recording_sha256).exclude(pk=hearing.pk)
    return (*found, *(validation.same_recording(other.title) for other in twin[:1]))


def store_findings(hearing: Hearing, findings: Iterable[Finding]) -> None:
    ValidationFinding.objects.bulk_create(
        ValidationFinding(
            hearing=hearing,
            code=finding.code,
            severity=finding.severity.value,
            message=finding.message,
            advice=finding.advice,
            measured=finding.measured,
            needed=finding.needed,
        )
        for finding in findings
    )


def _described(hearing: Hearing) -> Description:
    committee = hearing.committee.code if hearing.committee else None
    return Description(hearing.title, committee, hearing.date, hearing.language)


def _witnesses(hearing: Hearing) -> tuple[str, ...]:
    return tuple(hearing.witnesses.values_list("name", flat=True)) if hearing.pk else ()
