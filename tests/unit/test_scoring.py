"""The score is the share of checks that passed, each weighted by the worst that it can find."""

import pytest

from hearings.validation import DESCRIPTION_CODES, Finding, Severity
from transcription.scoring import (
    AUDIO_CHECKS,
    METADATA_CHECKS,
    Area,
    Judged,
    Readiness,
    area_of_recording_finding,
    judge,
)

CHECKS = {
    Area.SYSTEM: {"memory": Severity.ERROR, "processor": Severity.WARNING},
    Area.AUDIO: {"unreadable": Severity.ERROR, "clipped": Severity.WARNING},
}


def found(area: Area, code: str, severity: Severity) -> Judged:
    return Judged(area, Finding(code, severity, f"{code}.", "Do."))


def judged(*each: Judged, is_analysed: bool = True) -> Readiness:
    return judge(each, CHECKS, is_analysed=is_analysed)


MEMORY_ERROR = found(Area.SYSTEM, "memory", Severity.ERROR)
MEMORY_WARNING = found(Area.SYSTEM, "memory", Severity.WARNING)
CLIPPED = found(Area.AUDIO, "clipped", Severity.WARNING)


@pytest.mark.parametrize(
    ("findings", "score"),
    [
        ((), 100),
        ((CLIPPED,), 87),
        ((MEMORY_WARNING,), 87),
        ((MEMORY_ERROR,), 62),
        ((MEMORY_ERROR, CLIPPED), 50),
        ((found(Area.AUDIO, "new", Severity.ERROR),), 72),
    ],
)
def test_the_score_falls_with_the_weight_of_what_was_found(
    findings: tuple[Judged, ...], score: int
) -> None:
    assert judged(*findings).score == score


def test_of_a_recording_that_was_not_read_no_check_of_its_sound_passed() -> None:
    error = found(Area.AUDIO, "unreadable", Severity.ERROR)

    assert judged(error, is_analysed=False).score == 50


def test_errors_refuse_and_come_first_and_warnings_do_not() -> None:
    readiness = judged(CLIPPED, MEMORY_ERROR)

    assert [each.finding.code for each in readiness.judged] == ["memory", "clipped"]
    assert not readiness.is_ready
    assert readiness.refusal == "memory. Do."
    assert judged(CLIPPED).is_ready


def test_every_finding_about_a_description_is_of_the_metadata_validator() -> None:
    assert set(DESCRIPTION_CODES) == set(METADATA_CHECKS)
    assert {area_of_recording_finding(code) for code in AUDIO_CHECKS} == {Area.AUDIO}
