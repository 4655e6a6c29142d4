"""What is wrong with a recording or its description, in words for the person who uploaded it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from difflib import SequenceMatcher
from enum import StrEnum

from hearings import languages
from hearings.policies import RecordingLimits
from hearings.spans import Span
from hearings.times import full_clock

_FIRST_DATE = date(1900, 1, 1)
# No recording is older.
_SCHEDULED_AHEAD = timedelta(days=366)
# A hearing may be announced that early.
_ALIKE = 0.85
# Share of two titles that agrees when they are taken for the same.
_STRETCHES_NAMED = 5
_TESTIMONY = frozenset({"hearing", "nomination", "field_hearing"})
# Where witnesses are heard.
DESCRIPTION_CODES = (
    *("title_missing", "date", "committee_missing", "probable_duplicate", "same_recording"),
    *("language", "witnesses_missing", "witness_twice"),
)
# Of the findings that follow from what a person said of the hearing.
STORAGE_CODES = ("stored_file_missing", "stored_file_unreadable", "stored_file_changed")
# Of what befell an accepted recording afterwards: no run can begin, and its transcript stays.
SEVERAL_TRACKS = "several_tracks"
OVERRULABLE_CODES = frozenset({*DESCRIPTION_CODES, "too_short"})
# A person may go on in spite of these; the others say that it cannot work.
_USUAL_ADVICE = "Upload the recording as MP3, M4A, WAV, FLAC, OGG, WebM or MP4, with its sound."
_ADVICE = {
    "unseekable": "Convert it, for instance with “ffmpeg -i recording new.flac”, and upload that.",
    "file_missing": "Upload the recording again.",
}


class Severity(StrEnum):
    """Whether a finding refuses the recording."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. A hearing has at most one of each code."""

    code: str
    severity: Severity
    message: str
    # What is wrong, and where.
    advice: str
    # What to do about it.
    measured: str = ""
    needed: str = ""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a file's headers say of its streams."""

    stream_count: int
    # Of every kind.
    channels: int
    # Of the audio stream that is used.
    sample_rate: int
    # Hertz, of the same.


@dataclass(frozen=True, slots=True)
class Description:
    """A hearing as a person described it."""

    title: str
    committee: str | None
    # Its code.
    date: date
    language: str = "en"
    # ISO 639-1.
    kind: str = ""
    # As the hearing's type; empty where nobody said.
    witnesses: tuple[str, ...] = ()
    # Their names.


def is_refused(findings: Iterable[Finding]) -> bool:
    """Say whether any finding is an error."""
    return any(finding.severity == Severity.ERROR for finding in findings)


def overruled(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return *findings* with the errors that a person may overrule as warnings."""
    return tuple(
        replace(finding, severity=Severity.WARNING)
        if finding.code in OVERRULABLE_CODES
        else finding
        for finding in findings
    )


def file_findings(size_bytes: int, limits: RecordingLimits) -> tuple[Finding, ...]:
    """Judge a file by its size."""
    if size_bytes == 0:
        return (
            _error("file_empty", "The file is empty.", "Upload the recording again.", "0 bytes"),
        )
    if size_bytes > limits.max_bytes:
        return (too_large(limits),)
    return ()


def too_large(limits: RecordingLimits) -> Finding:
    """Return the finding for a file whose reading was stopped at the limit."""
    most = f"{limits.max_bytes / 1024**2:,.0f} MB"
    return _error(
        "file_too_large",
        f"The file is larger than {most}.",
        "Upload the sound alone, or a smaller copy: 64 kbit/s is enough for speech.",
        needed=f"at most {most}",
    )


def unusable(code: str, message: str) -> Finding:
    """Return the finding for a recording that could not be read; *message* says why."""
    return _error(code, message, _ADVICE.get(code, _USUAL_ADVICE))


def no_such_track(message: str) -> Finding:
    """Return the finding for a recording without the sound that was chosen; *message* says so."""
    return _error("no_such_track", message, "Choose another sound track.")


def several_tracks(heard: str, there: Sequence[str]) -> Finding:
    """Return the finding for a recording of which one sound of several is heard, unasked."""
    return _warning(
        SEVERAL_TRACKS,
        f"The recording has several sound tracks. The loudest is heard: {heard}.",
        "Choose another one on the hearing’s page in the admin, or with --track, if the hearing "
        f"is not in it. There is: {'; '.join(there)}.",
    )


def stream_findings(facts: StreamFacts, limits: RecordingLimits) -> tuple[Finding, ...]:
    """Judge the streams before anything is decoded."""
    checks = (
        ("too_many_streams", "streams", facts.stream_count, limits.max_streams),
        ("too_many_channels", "channels", facts.channels, limits.max_channels),
        ("sample_rate_too_high", "samples a second", facts.sample_rate, limits.max_sample_rate),
    )
    return tuple(
        _error(
            code,
            f"The recording has {value:,} {unit}; at most {most:,} are taken.",
            "Save it as an ordinary audio file, such as MP3, and upload that.",
            measured=f"{value:,} {unit}",
            needed=f"at most {most:,}",
        )
        for code, unit, value, most in checks
        if value > most
    )


def duration_findings(duration_ms: int, limits: RecordingLimits) -> tuple[Finding, ...]:
    """Judge the decoded duration."""
    if duration_ms > limits.max_duration_ms:
        most = full_clock(limits.max_duration_ms)
        return (
            _error(
                "too_long",
                f"The recording is longer than {most}.",
                "Split it into several recordings.",
                measured=f"more than {most}",
                needed=f"at most {most}",
            ),
        )
    if duration_ms < limits.min_duration_ms:
        return (
            _error(
                "too_short",
                f"The recording is only {duration_ms / 1000:.1f} seconds long.",
                "See that the upload is complete and is the whole recording.",
                measured=f"{duration_ms / 1000:.1f} s",
                needed=f"at least {limits.min_duration_ms / 1000:g} s",
            ),
        )
    return ()


def sound_findings(
    duration_ms: int, speech: Sequence[Span], unreadable: Sequence[Span]
) -> tuple[Finding, ...]:
    """Judge what was heard in one pass."""
    findings = []
    if unreadable:
        findings.append(_damaged(unreadable, duration_ms))
    if not speech:
        findings.append(
            _warning(
                "no_speech",
                "No speech was heard in the recording.",
                "Listen to it: the microphones may have been off, or this is the wrong track.",
            )
        )
    return tuple(findings)


def description_findings(
    described: Description, *, today: date, others: Sequence[Description] = ()
) -> tuple[Finding, ...]:
    """Judge what a person said of it; *others* are the hearings that it might repeat."""
    findings = [
        *_title_findings(described),
        *_date_findings(described.date, today),
        *_language_findings(described.language),
        *_witness_findings(described),
    ]
    if described.committee is None:
        findings.append(
            _warning(
                "committee_missing",
                "No committee is given.",
                "Choose the committee that held the hearing.",
            )
        )
    if twin := next((other for other in others if _alike(described, other)), None):
        findings.append(
            _warning(
                "probable_duplicate",
                f"A hearing like this is already filed: “{twin.title}” of {twin.date}.",
                "See whether it is the same hearing before you transcribe it again.",
            )
        )
    return tuple(findings)


def _title_findings(described: Description) -> list[Finding]:
    if described.title.strip():
        return []
    return [_error("title_missing", "The hearing has no title.", "Give it a title.")]


def _date_findings(held_on: date, today: date) -> list[Finding]:
    if held_on < _FIRST_DATE:
        message, judge = f"The date {held_on} is before sound was recorded.", _error
    elif held_on > today + _SCHEDULED_AHEAD:
        message, judge = f"The date {held_on} is more than a year ahead.", _error
    elif held_on > today:
        message, judge = f"The date {held_on} is in the future.", _warning
    else:
        return []
    return [judge("date", message, "Correct the date of the hearing.", str(held_on))]


def _language_findings(code: str) -> list[Finding]:
    if code in languages.CODES:
        return []
    return [
        _error(
            "language",
            f"There is no language “{code}”.",
            "Write the language as its two-letter code, such as “en” or “es”.",
            code,
            "a code of ISO 639-1",
        )
    ]


def _witness_findings(described: Description) -> list[Finding]:
    if not described.witnesses and described.kind in _TESTIMONY:
        return [
            _warning(
                "witnesses_missing",
                "No witness is listed.",
                "List the witnesses on the hearing’s page: their names are then spelt right more "
                "often.",
            )
        ]
    seen = Counter(_normal(name) for name in described.witnesses)
    twice = next((name for name in described.witnesses if seen[_normal(name)] > 1), None)
    if twice is None:
        return []
    return [_warning("witness_twice", f"“{twice}” is listed twice.", "Remove one of the two.")]


def same_recording(title: str) -> Finding:
    """Return the finding for a recording that is filed under another hearing, too."""
    return _error(
        "same_recording",
        f"The same recording is filed as “{title}”.",
        "Delete one of the two hearings.",
    )


def _damaged(unreadable: Sequence[Span], duration_ms: int) -> Finding:
    lost_ms = sum(span.duration_ms for span in unreadable)
    named = [
        f"from {full_clock(span.start_ms)} to {full_clock(-(-span.end_ms // 1000) * 1000)}"
        for span in unreadable[:_STRETCHES_NAMED]
    ]
    if more := len(unreadable) - len(named):
        named.append(f"and {more} more")
    # A file cut short may promise more than was decoded.
    whole_ms = max(duration_ms, unreadable[-1].end_ms)
    judge = _error if lost_ms * 2 >= whole_ms else _warning
    return judge(
        "unreadable_stretches",
        f"Parts of the recording cannot be read: {', '.join(named)}.",
        "Upload an undamaged copy if there is one; otherwise these parts stay gaps.",
        measured=f"{lost_ms / 1000:.1f} s",
        needed="less than half of the recording",
    )


def _alike(one: Description, other: Description) -> bool:
    if one.date != other.date:
        return False
    if one.committee and other.committee and one.committee != other.committee:
        return False
    return _likeness(_normal(one.title), _normal(other.title)) >= _ALIKE


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _normal(title: str) -> str:
    return " ".join(title.casefold().split())


def _error(code: str, message: str, advice: str, measured: str = "", needed: str = "") -> Finding:
    return Finding(code, Severity.ERROR, message, advice, measured, needed)


def _warning(code: str, message: str, advice: str, measured: str = "", needed: str = "") -> Finding:
    return Finding(code, Severity.WARNING, message, advice, measured, needed)
