"""Findings of the four validators together: what refuses a start, what warns, and the score. Pure.

The score is the share of checks that passed, each weighted by the worst that it can find.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hearings.validation import DESCRIPTION_CODES, Finding, Severity

WEIGHTS = {Severity.ERROR: 3, Severity.WARNING: 1}


class Area(StrEnum):
    """One of the four validators."""

    SYSTEM = "system"
    AUDIO = "audio"
    ACCESS = "access"
    METADATA = "metadata"


AREA_NAMES = {
    Area.SYSTEM: "Machine",
    Area.AUDIO: "Sound",
    Area.ACCESS: "Access",
    Area.METADATA: "Description",
}
# As people call them.


def _checks(errors: str, warnings: str = "") -> dict[str, Severity]:
    return dict.fromkeys(errors.split(), Severity.ERROR) | dict.fromkeys(
        warnings.split(), Severity.WARNING
    )


WORKER_CHECKS = _checks("", "workers_missing workers_silent")
SYSTEM_CHECKS = _checks(
    "memory disk_receipts disk_recordings ffmpeg", "scratch processor ffmpeg_old"
)
AUDIO_CHECKS = _checks(
    "file_empty file_too_large unreadable no_audio unseekable file_missing too_many_streams "
    "too_many_channels sample_rate_too_high too_long too_short unreadable_stretches "
    "no_such_track stored_file_missing stored_file_unreadable stored_file_changed",
    "no_speech little_speech clipped empty_channel several_tracks",
)
HOSTED_CHECKS = _checks("closed settings refused budget", "not_answering limit model_ends")
EMBEDDED_CHECKS = _checks("settings model_damaged", "model_language")
METADATA_CHECKS = _checks(
    "title_missing date language same_recording",
    "committee_missing probable_duplicate witnesses_missing witness_twice",
)
PASSING = frozenset(
    {"memory", "processor", "workers_missing", "workers_silent", "limit", "not_answering"}
)
# Warnings that come and go by themselves: shown and kept with the run, but nobody is asked again
# because one of them came between looking and starting.
Checks = Mapping[Area, Mapping[str, Severity]]


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding and the validator that it is of."""

    area: Area
    finding: Finding


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a hearing can be transcribed, as far as one knows before it begins."""

    judged: tuple[Judged, ...]
    # Errors first, then in the order of the validators.
    checks: Checks
    # What was looked at, and how bad each can be.
    score: int
    # Percent.

    @property
    def errors(self) -> tuple[Judged, ...]:
        return tuple(each for each in self.judged if each.finding.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Judged, ...]:
        return tuple(each for each in self.judged if each.finding.severity is Severity.WARNING)

    def unseen(self, accepted: Collection[str]) -> tuple[Judged, ...]:
        """Return the warnings that a person who has seen *accepted* is to see before the start."""
        seen = PASSING | set(accepted)
        return tuple(each for each in self.warnings if each.finding.code not in seen)

    @property
    def is_ready(self) -> bool:
        """Whether a run may start; warnings are for a person to accept."""
        return not self.errors

    @property
    def refusal(self) -> str:
        """Why it may not, a finding a line."""
        return "\n".join(sentences(each.finding) for each in self.errors)

    def of(self, area: Area) -> tuple[Finding, ...]:
        return tuple(each.finding for each in self.judged if each.area is area)


def sentences(finding: Finding) -> str:
    """Return what is wrong and what to do, in one line."""
    return f"{finding.message} {finding.advice}".strip()


def area_of_recording_finding(code: str) -> Area:
    """Return whether a finding about what was handed in is of its sound or its description."""
    return Area.METADATA if code in DESCRIPTION_CODES else Area.AUDIO


def judge(judged: Iterable[Judged], checks: Checks, *, is_analysed: bool) -> Readiness:
    """Put the findings together. Of a recording that was not read to its end no check passed."""
    found = sorted(judged, key=lambda each: each.finding.severity is not Severity.ERROR)
    weights = {
        (area, code): WEIGHTS[worst] for area in checks for code, worst in checks[area].items()
    }
    lost = (
        {place: weight for place, weight in weights.items() if place[0] is Area.AUDIO}
        if not is_analysed
        else {}
    )
    for each in found:
        place, weight = (each.area, each.finding.code), WEIGHTS[each.finding.severity]
        weights[place] = max(weight, weights.get(place, 0))
        lost[place] = max(weight, lost.get(place, 0))
    whole = sum(weights.values())
    score = 100 * (whole - sum(lost.values())) // whole if whole else 100
    return Readiness(tuple(found), checks, score)
