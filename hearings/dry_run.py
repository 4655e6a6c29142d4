"""A recording judged as if it had been handed in: nothing is copied, stored or kept."""

import contextlib
import hashlib
from datetime import date
from pathlib import Path

from hearings import validation
from hearings.analysis import Analysis, OnProgress
from hearings.examination import examined
from hearings.findings import description_findings
from hearings.models import CheckStatus, Hearing, RecordingAnalysis
from hearings.policies import RecordingLimits
from hearings.spans import to_json
from hearings.validation import Finding


def judge(
    path: Path,
    hearing: Hearing,
    *,
    limits: RecordingLimits,
    today: date,
    on_progress: OnProgress | None = None,
) -> tuple[Finding, ...]:
    """Return what `intake` would find of the recording at *path*, described as *hearing*.

    *hearing* is changed in memory alone, to what its row would say, and has its analysis. Raises
    FfmpegMissing, and OSError where the file cannot be read.
    """
    hearing.recording_bytes = path.stat().st_size
    if findings := validation.file_findings(hearing.recording_bytes, limits):
        hearing.check_status = CheckStatus.REFUSED
        return findings
    with path.open("rb") as file:
        hearing.recording_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    found = examined(
        path,
        wanted=hearing.track,
        limits=limits,
        on_progress=on_progress,
        keep=lambda _track: contextlib.nullcontext(),
    )
    hearing.tracks = [choice.to_json() for choice in found.choices]
    findings = (*found.findings, *description_findings(hearing, today=today))
    refused = validation.is_refused(findings)
    hearing.check_status = CheckStatus.REFUSED if refused else CheckStatus.ACCEPTED
    if found.analysis:
        _attach(hearing, found.analysis, found.track)
    return findings


def _attach(hearing: Hearing, analysis: Analysis, track: str) -> None:
    """Let the unsaved hearing know its analysis, which is not saved either."""
    hearing.duration_ms = analysis.duration_ms
    RecordingAnalysis(
        hearing=hearing,
        track=track,
        duration_ms=analysis.duration_ms,
        mean_dbfs=analysis.mean_dbfs,
        peak_dbfs=analysis.peak_dbfs,
        speech=to_json(analysis.speech),
        unreadable=to_json(analysis.unreadable),
    )
