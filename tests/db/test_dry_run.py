"""A recording is judged as it would be when it is handed in, and nothing of it stays."""

from datetime import date
from pathlib import Path

import pytest
from pytest_django import Settings

from hearings import dry_run, intake
from hearings.models import Hearing
from hearings.policies import RecordingLimits
from tests.sound import SAMPLE

TODAY = date(2026, 3, 12)
LIMITS = RecordingLimits()

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def places(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


def described() -> Hearing:
    return Hearing(title="Oversight of the Mint", date=TODAY)


def test_it_finds_what_intake_finds_and_keeps_nothing(places: Path) -> None:
    hearing = described()

    found = dry_run.judge(SAMPLE, hearing, limits=LIMITS, today=TODAY)

    assert [path for path in places.rglob("*") if path.is_file()] == []
    assert not Hearing.objects.exists()
    with SAMPLE.open("rb") as source:
        filed = intake.store(described(), source, name="x", limits=LIMITS)
    assert intake.check(filed, limits=LIMITS, today=TODAY) == found
    assert hearing.is_accepted
    assert hearing.recording_sha256 == filed.recording_sha256
    assert hearing.analysis.speech_spans == filed.analysis.speech_spans


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "file_empty"), (b"a text, not a recording", "unreadable")]
)
def test_what_intake_refuses_it_refuses(content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(content)
    hearing = described()

    found = dry_run.judge(path, hearing, limits=LIMITS, today=TODAY)

    assert code in [finding.code for finding in found]
    assert not hearing.is_accepted


def test_a_recording_that_is_filed_already_is_named() -> None:
    with SAMPLE.open("rb") as source:
        intake.store(Hearing(title="First", date=date(2025, 1, 2)), source, name="x", limits=LIMITS)

    found = dry_run.judge(SAMPLE, described(), limits=LIMITS, today=TODAY)

    (twin,) = [finding for finding in found if finding.code == "same_recording"]
    assert "First" in twin.message
