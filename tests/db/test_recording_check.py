"""A stored recording is checked: accepted with its analysis, or refused with its findings."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from hearings.ffmpeg import FfmpegMissing
from hearings.models import CheckStatus, Hearing, RecordingAnalysis, recording_path
from hearings.policies import RecordingLimits
from hearings.signals import hearing_accepted
from tests.db.intake_kit import LIMITS, TODAY, check, store, tone
from tests.factories import make_hearing

SAMPLE = Path(__file__).resolve().parents[2] / "sample" / "hearing.mp3"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def accepted() -> Iterator[list[Hearing]]:
    """Give the hearings that were announced as accepted."""
    heard: list[Hearing] = []

    def receive(hearing: Hearing, **_: Any) -> None:
        heard.append(hearing)

    hearing_accepted.connect(receive)
    yield heard
    hearing_accepted.disconnect(receive)


def test_a_good_recording_is_accepted_with_its_analysis(accepted: list[Hearing]) -> None:
    hearing = store(tone(8))

    findings = check(hearing)

    assert findings == {
        "no_speech": "warning",
        "committee_missing": "warning",
        "witnesses_missing": "warning",
    }
    assert hearing.is_accepted
    hearing.refresh_from_db()
    assert hearing.is_accepted
    assert hearing.duration_ms == hearing.analysis.duration_ms == 8_000
    assert hearing.analysis.mean_dbfs == pytest.approx(-14.2, abs=0.2)
    assert {row.code: row.severity for row in hearing.findings.all()} == findings
    assert accepted == [hearing]


def test_the_sample_hearing_is_accepted() -> None:
    hearing = store(SAMPLE.read_bytes())

    assert check(hearing) == {"committee_missing": "warning", "witnesses_missing": "warning"}
    assert len(hearing.analysis.speech_spans) > 10


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (b"a text, not a recording", LIMITS, "unreadable"),
        (tone(4.9), LIMITS, "too_short"),
        (tone(30), RecordingLimits(max_duration_ms=10_000), "too_long"),
        (tone(), RecordingLimits(max_sample_rate=8_000), "sample_rate_too_high"),
        (tone(), RecordingLimits(max_streams=0), "too_many_streams"),
    ],
)
def test_a_bad_recording_is_refused_with_a_finding(
    content: bytes, limits: RecordingLimits, code: str, accepted: list[Hearing]
) -> None:
    hearing = store(content)

    findings = check(hearing, limits=limits)

    hearing.refresh_from_db()
    assert findings[code] == "error"
    assert hearing.check_status == CheckStatus.REFUSED
    assert hearing.findings.get(code=code).advice
    assert accepted == []


def test_a_bad_description_is_refused_although_the_sound_is_good() -> None:
    hearing = store(tone(), date=date(1820, 1, 1))

    assert check(hearing)["date"] == "error"
    assert hearing.check_status == CheckStatus.REFUSED
    assert hearing.duration_ms == 6_000


def test_a_probable_duplicate_is_told_by_its_title() -> None:
    make_hearing(title="oversight of the mint", date=TODAY)

    assert check(store(tone()))["probable_duplicate"] == "warning"


def test_a_recording_that_is_filed_twice_after_all_is_refused() -> None:
    hearing = store(tone())
    make_hearing(title="Twin", recording_sha256=hearing.recording_sha256)

    assert check(hearing)["same_recording"] == "error"
    assert "filed as “Twin”" in hearing.findings.get(code="same_recording").message


def test_checking_twice_finds_the_same_once(accepted: list[Hearing]) -> None:
    hearing = store(tone())

    first, second = check(hearing), check(Hearing.objects.get(pk=hearing.pk))

    assert first == second
    assert hearing.findings.count() == len(first)
    assert RecordingAnalysis.objects.count() == 1


def test_a_check_after_the_first_replaces_what_it_found() -> None:
    hearing = store(tone())
    check(hearing, limits=RecordingLimits(min_duration_ms=60_000))
    assert hearing.check_status == CheckStatus.REFUSED

    check(hearing)

    hearing.refresh_from_db()
    assert hearing.is_accepted
    assert not hearing.findings.filter(code="too_short").exists()


def test_a_recording_that_cannot_be_read_any_more_loses_its_analysis() -> None:
    hearing = store(tone())
    check(hearing)
    Path(hearing.recording.path).unlink()

    assert check(hearing)["file_missing"] == "error"
    hearing.refresh_from_db()
    assert hearing.check_status == CheckStatus.REFUSED
    assert hearing.duration_ms is None
    assert not RecordingAnalysis.objects.exists()


def test_a_host_without_ffmpeg_leaves_the_hearing_unchecked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hearing = store(tone())
    monkeypatch.setenv("PATH", "")

    with pytest.raises(FfmpegMissing):
        check(hearing)

    hearing.refresh_from_db()
    assert hearing.check_status == CheckStatus.CHECKING
    assert not hearing.findings.exists()


def test_a_hearing_deleted_meanwhile_stays_deleted(accepted: list[Hearing]) -> None:
    hearing = store(tone())

    check(hearing, on_progress=lambda _ms: Hearing.objects.all().delete())

    assert not Hearing.objects.exists()
    assert not RecordingAnalysis.objects.exists()
    assert accepted == []


def test_a_recording_replaced_meanwhile_is_not_judged_by_the_old_one(
    accepted: list[Hearing],
) -> None:
    hearing = store(tone())
    other = recording_path(hearing, "x")

    check(hearing, on_progress=lambda _ms: Hearing.objects.update(recording=other))

    hearing.refresh_from_db()
    assert hearing.check_status == CheckStatus.CHECKING
    assert accepted == []


def test_progress_is_told_in_milliseconds() -> None:
    told: list[int] = []

    check(store(tone(25)), on_progress=told.append)

    assert told == [20_000, 25_000]


def test_no_transaction_is_open_while_the_recording_is_read(transactional_db: None) -> None:
    open_while_reading: list[bool] = []

    check(
        store(tone()), on_progress=lambda _ms: open_while_reading.append(connection.in_atomic_block)
    )

    assert open_while_reading == [False]
