"""What is wrong, where, and what to do about it: each rule at both of its edges."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from hearings import validation
from hearings.policies import RecordingLimits
from hearings.spans import Span
from hearings.validation import Description, Finding, Severity, StreamFacts

LIMITS = RecordingLimits(max_bytes=1_000_000)
TODAY = date(2026, 3, 12)
HEARING = Description("Oversight of the Weather Service", "SCOM", TODAY)
MINUTE = 60_000


def codes(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.code: finding.severity.value for finding in findings}


@pytest.mark.parametrize(
    ("size", "found"),
    [
        (0, {"file_empty": "error"}),
        (1, {}),
        (1_000_000, {}),
        (1_000_001, {"file_too_large": "error"}),
    ],
)
def test_a_file_has_a_size_that_can_be_taken(size: int, found: dict[str, str]) -> None:
    assert codes(validation.file_findings(size, LIMITS)) == found


@pytest.mark.parametrize(
    ("duration_ms", "found"),
    [
        (4_999, {"too_short": "error"}),
        (5_000, {}),
        (12 * 60 * MINUTE, {}),
        (12 * 60 * MINUTE + 1, {"too_long": "error"}),
    ],
)
def test_a_recording_has_a_length_that_can_be_taken(
    duration_ms: int, found: dict[str, str]
) -> None:
    assert codes(validation.duration_findings(duration_ms, LIMITS)) == found


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (StreamFacts(1, 1, 8_000), []),
        (StreamFacts(32, 8, 192_000), []),
        (StreamFacts(33, 2, 48_000), ["too_many_streams"]),
        (StreamFacts(1, 9, 48_000), ["too_many_channels"]),
        (StreamFacts(1, 2, 192_001), ["sample_rate_too_high"]),
        (
            StreamFacts(40, 255, 768_000),
            ["too_many_streams", "too_many_channels", "sample_rate_too_high"],
        ),
    ],
)
def test_streams_stay_within_the_limits(facts: StreamFacts, found: list[str]) -> None:
    assert list(codes(validation.stream_findings(facts, LIMITS))) == found


def test_unreadable_stretches_are_named_by_the_clock() -> None:
    lost = [Span(72 * MINUTE + 3_000, 72 * MINUTE + 8_400)]

    (finding,) = validation.sound_findings(90 * MINUTE, [Span(0, MINUTE)], lost)

    assert finding.severity == Severity.WARNING
    assert "from 01:12:03 to 01:12:09" in finding.message
    assert finding.measured == "5.4 s"


def test_of_many_unreadable_stretches_the_first_are_named_and_the_rest_counted() -> None:
    lost = [Span(at * MINUTE, at * MINUTE + 1_000) for at in range(9)]

    (finding,) = validation.sound_findings(90 * MINUTE, [Span(0, MINUTE)], lost)

    assert finding.message.count("from") == 5
    assert "and 4 more" in finding.message


@pytest.mark.parametrize(
    ("duration_ms", "lost", "severity"),
    [
        (10 * MINUTE, Span(MINUTE, 6 * MINUTE - 1), "warning"),
        (10 * MINUTE, Span(MINUTE, 6 * MINUTE), "error"),
        (6 * MINUTE, Span(6 * MINUTE, 10 * MINUTE), "warning"),
        (4 * MINUTE, Span(4 * MINUTE, 10 * MINUTE), "error"),
    ],
    ids=["less than half", "half", "a short tail is missing", "most is missing"],
)
def test_a_recording_of_which_half_is_lost_is_refused(
    duration_ms: int, lost: Span, severity: str
) -> None:
    findings = validation.sound_findings(duration_ms, [Span(0, MINUTE)], [lost])

    assert codes(findings) == {"unreadable_stretches": severity}


def test_a_recording_without_speech_is_doubted_not_refused() -> None:
    assert codes(validation.sound_findings(MINUTE, [], [])) == {"no_speech": "warning"}


def test_a_well_described_hearing_has_no_findings() -> None:
    assert validation.description_findings(HEARING, today=TODAY) == ()


@pytest.mark.parametrize("title", ["", " \t"])
def test_a_hearing_has_a_title(title: str) -> None:
    found = validation.description_findings(replace(HEARING, title=title), today=TODAY)

    assert codes(found) == {"title_missing": "error"}


def test_a_hearing_without_a_committee_is_doubted() -> None:
    found = validation.description_findings(replace(HEARING, committee=None), today=TODAY)

    assert codes(found) == {"committee_missing": "warning"}


@pytest.mark.parametrize(
    ("held_on", "found"),
    [
        (date(1899, 12, 31), {"date": "error"}),
        (date(1900, 1, 1), {}),
        (TODAY, {}),
        (TODAY + timedelta(days=1), {"date": "warning"}),
        (TODAY + timedelta(days=366), {"date": "warning"}),
        (TODAY + timedelta(days=367), {"date": "error"}),
    ],
)
def test_a_hearing_has_a_date_that_can_be(held_on: date, found: dict[str, str]) -> None:
    described = replace(HEARING, date=held_on)

    assert codes(validation.description_findings(described, today=TODAY)) == found


@pytest.mark.parametrize(
    "other",
    [
        HEARING,
        replace(HEARING, title="  oversight of the WEATHER  service"),
        replace(HEARING, title="Oversight of the Weather Service (part 2)"),
        replace(HEARING, committee=None),
    ],
    ids=["the same", "other spelling", "a longer title", "no committee given"],
)
def test_a_hearing_like_one_already_filed_is_doubted(other: Description) -> None:
    found = validation.description_findings(HEARING, today=TODAY, others=[other])

    assert codes(found) == {"probable_duplicate": "warning"}
    assert other.title in found[0].message


@pytest.mark.parametrize(
    "other",
    [
        replace(HEARING, title="Nomination of the Director of the Mint"),
        replace(HEARING, date=TODAY - timedelta(days=1)),
        replace(HEARING, committee="SSJU"),
    ],
    ids=["another title", "another day", "another committee"],
)
def test_a_hearing_that_differs_is_no_duplicate(other: Description) -> None:
    assert validation.description_findings(HEARING, today=TODAY, others=[other]) == ()


@pytest.mark.parametrize(
    ("code", "found"),
    [("en", {}), ("es", {}), ("", {"language": "error"}), ("xx", {"language": "error"})],
)
def test_a_hearing_is_in_a_language_that_there_is(code: str, found: dict[str, str]) -> None:
    described = replace(HEARING, language=code)

    assert codes(validation.description_findings(described, today=TODAY)) == found


@pytest.mark.parametrize(
    ("kind", "witnesses", "found"),
    [
        ("hearing", (), {"witnesses_missing": "warning"}),
        ("nomination", ("Jane Roe",), {}),
        ("business_meeting", (), {}),
        ("hearing", ("Jane Roe", "John Doe", "jane  ROE"), {"witness_twice": "warning"}),
    ],
)
def test_witnesses_are_listed_once_each_where_some_are_heard(
    kind: str, witnesses: tuple[str, ...], found: dict[str, str]
) -> None:
    described = replace(HEARING, kind=kind, witnesses=witnesses)

    assert codes(validation.description_findings(described, today=TODAY)) == found


def test_only_errors_refuse() -> None:
    warning = validation.description_findings(replace(HEARING, committee=None), today=TODAY)
    error = validation.description_findings(replace(HEARING, title=""), today=TODAY)

    assert not validation.is_refused(warning)
    assert validation.is_refused([*warning, *error])
    assert not validation.is_refused([])


@pytest.mark.parametrize("code", ["unreadable", "no_audio", "unseekable", "file_missing"])
def test_what_could_not_be_read_is_refused_with_advice(code: str) -> None:
    finding = validation.unusable(code, "It could not be read.")

    assert (finding.code, finding.severity) == (code, Severity.ERROR)
    assert finding.advice.endswith(".")


def test_every_finding_has_a_sentence_and_advice() -> None:
    worst = Description("", None, date(1800, 1, 1))
    findings = (
        *validation.file_findings(0, LIMITS),
        *validation.file_findings(2_000_000, LIMITS),
        *validation.duration_findings(1, LIMITS),
        *validation.duration_findings(10**9, LIMITS),
        *validation.stream_findings(StreamFacts(99, 99, 999_999), LIMITS),
        *validation.sound_findings(MINUTE, [], [Span(0, 1_000)]),
        *validation.description_findings(worst, today=TODAY, others=[worst]),
    )

    assert len({finding.code for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.message[0].isupper() and finding.message.endswith(".")
        assert finding.advice[0].isupper() and finding.advice.endswith(".")
