"""What `validate_hearing` says: for a person a line each, for a program one JSON object. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hearings.validation import Finding, Severity
from transcription.amounts import counted
from transcription.estimating import Estimate
from transcription.scoring import AREA_NAMES, Area, Readiness, sentences


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a hearing before it is transcribed."""

    title: str
    slug: str | None
    # None where it is not filed.
    engine: str
    model: str
    readiness: Readiness
    estimate: Estimate | None
    # None where nothing can start.


def as_text(report: Report) -> str:
    """Return the report for a person."""
    return "\n".join(_lines(report))


def as_json(report: Report) -> dict[str, Any]:
    """Return the report for a program."""
    readiness = report.readiness
    return {
        "hearing": {"title": report.title, "slug": report.slug},
        "engine": report.engine,
        "model": report.model,
        "ready": readiness.is_ready,
        "score": readiness.score,
        "findings": [
            {"validator": each.area.value, **_finding(each.finding)} for each in readiness.judged
        ],
        "estimate": _estimate(report.estimate),
    }


def _lines(report: Report) -> Iterator[str]:
    for area in Area:
        found = report.readiness.of(area)
        yield f"{AREA_NAMES[area]}: {_counts(found)}"
        for finding in found:
            yield f"  {finding.severity.value.capitalize()}: {sentences(finding)}{_facts(finding)}"
    yield f"Readiness: {report.readiness.score} %"
    if report.estimate:
        yield f"With {report.engine} {report.model}: {report.estimate}"
    yield "Ready." if report.readiness.is_ready else "Not ready: see the errors above."


def _counts(found: tuple[Finding, ...]) -> str:
    errors = sum(finding.severity is Severity.ERROR for finding in found)
    warnings = len(found) - errors
    parts = [
        counted(number, thing)
        for number, thing in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    return ", ".join(parts) or "nothing found"


def _facts(finding: Finding) -> str:
    facts = [
        f"{name} {value}"
        for name, value in (("measured:", finding.measured), ("needed:", finding.needed))
        if value
    ]
    return f" ({'; '.join(facts)})" if facts else ""


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "advice": finding.advice,
        "measured": finding.measured,
        "needed": finding.needed,
    }


def _estimate(estimate: Estimate | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    return {
        "chunks": estimate.chunks,
        "calls": estimate.calls,
        "audio_seconds": estimate.audio_ms / 1000,
        "cost_usd": None if estimate.cost_usd is None else float(estimate.cost_usd),
        "seconds": round(estimate.seconds, 1),
    }
