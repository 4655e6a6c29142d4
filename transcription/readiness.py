"""Whether a hearing can be transcribed, asked before it begins: the four validators together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from hearings import validation
from hearings.models import Hearing, ValidationFinding
from hearings.validation import Finding, Severity
from transcription import access, host_facts, host_rules, scoring
from transcription.engines.base import Engine
from transcription.engines.registry import engine_for
from transcription.host_rules import HostFacts
from transcription.models import Run
from transcription.scoring import Area, Judged, Readiness


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is the same for every hearing that an engine would get now."""

    engine: Engine
    host: HostFacts
    access: tuple[Finding, ...]
    now: datetime


def circumstances(
    engine: Engine,
    *,
    now: datetime,
    host: HostFacts | None = None,
    brings_workers: bool = False,
) -> Circumstances:
    """Measure the host, unless *host* is what was measured just now, and ask for the engine.

    Where the asker *brings_workers*, none need be alive. Call it outside transactions: a server
    may be asked.
    """
    host = host or host_facts.measure(now=now, brings_workers=brings_workers)
    return Circumstances(engine, host, access.findings(engine, now=now), now)


def judge(
    hearing: Hearing,
    given: Circumstances,
    *,
    language: str,
    cost_usd: Decimal | None,
    recording: Iterable[Finding] | None = None,
) -> Readiness:
    """Return what speaks against transcribing *hearing*, and the score.

    *recording* are the findings about what was handed in; None: those that are stored. *cost_usd*
    is the estimate.
    """
    if recording is None:
        recording = stored_findings(hearing)
    is_hosted = given.engine.capabilities.is_hosted
    needs = host_rules.needs_of(
        hearing.duration_ms or 0,
        is_hosted=is_hosted,
        unstored_bytes=0 if hearing.pk else hearing.recording_bytes,
        most_scratch_bytes=settings.SCRATCH.max_bytes,
    )
    judged = [
        *_of(Area.SYSTEM, host_rules.findings(given.host, needs, settings.READINESS)),
        *(Judged(scoring.area_of_recording_finding(each.code), each) for each in recording),
        *_of(Area.ACCESS, _access(hearing, given, language, cost_usd)),
    ]
    checks = {
        Area.SYSTEM: scoring.SYSTEM_CHECKS
        | (scoring.WORKER_CHECKS if given.host.clusters is not None else {}),
        Area.AUDIO: scoring.AUDIO_CHECKS,
        Area.ACCESS: scoring.HOSTED_CHECKS if is_hosted else scoring.EMBEDDED_CHECKS,
        Area.METADATA: scoring.METADATA_CHECKS,
    }
    return scoring.judge(judged, checks, is_analysed=hearing.duration_ms is not None)


def to_go_on(run: Run, *, now: datetime, brings_workers: bool = False) -> Readiness:
    """Return what speaks against letting a run that stopped go on: it would only stop again.

    Costs nothing. Call it outside transactions: a server may be asked.
    """
    engine = engine_for(run.engine, run.model)
    given = circumstances(engine, now=now, brings_workers=brings_workers)
    return judge(run.hearing, given, language=run.language, cost_usd=run.estimated_usd)


def stored_findings(hearing: Hearing) -> tuple[Finding, ...]:
    """Return what the check of the recording found; prefetched rows are used."""
    return tuple(_from_row(row) for row in hearing.findings.all())


def _access(
    hearing: Hearing, given: Circumstances, language: str, cost_usd: Decimal | None
) -> tuple[Finding, ...]:
    found = given.access
    found += access.language_findings(given.engine, language)
    if not given.engine.capabilities.is_hosted:
        return found
    if hearing.is_closed:
        found += (access.closed_to_hosted(),)
    if validation.is_refused(found) or not hearing.is_accepted:
        return found  # nobody has reckoned what it would cost
    return found + access.budget_findings(hearing, cost_usd, now=given.now)


def _of(area: Area, findings: Iterable[Finding]) -> list[Judged]:
    return [Judged(area, finding) for finding in findings]


def _from_row(row: ValidationFinding) -> Finding:
    return Finding(
        row.code, Severity(row.severity), row.message, row.advice, row.measured, row.needed
    )
