"""`validate_hearing` says what would be found; nothing is sent, and nothing stays behind."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from pytest_django import Settings

from hearings import intake
from hearings.models import CheckStatus, Hearing, RecordingAnalysis, ValidationFinding
from hearings.policies import RecordingLimits
from tests.answers.kit import KEY
from tests.fake_api import FakeApi, faults
from tests.sound import SAMPLE
from transcription.models import Attempt, Run

DAY = date(2026, 3, 12)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def places(settings: Settings, tmp_path: Path) -> Path:
    cache.clear()
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], api: FakeApi) -> Any:
    """Return a function that runs the command: its exit status and what it wrote."""

    def run(*arguments: str) -> tuple[int, str]:
        try:
            call_command("validate_hearing", *arguments, "--engine", "openai", "--quiet")
        except SystemExit as end:
            return int(str(end.code)), capsys.readouterr().out
        except CommandError as error:
            return error.returncode, str(error)
        return 0, capsys.readouterr().out

    return run


def assert_nothing_stays(api: FakeApi, places: Path) -> None:
    assert [path for path in places.rglob("*") if path.is_file()] == []
    for model in (Hearing, RecordingAnalysis, ValidationFinding, Run, Attempt):
        assert not model.objects.exists()
    assert api.arrivals == []


def test_a_good_recording_is_ready_with_an_estimate(ask: Any, api: FakeApi, places: Path) -> None:
    code, told = ask(str(SAMPLE))

    assert code == 0
    for line in ("Machine: ", "Sound: nothing found", "Access: nothing found", "Description: 2"):
        assert line in told
    assert "chunks, 1 call" in told or "calls, about $0.02" in told
    assert told.endswith("Ready.\n")
    assert [lookup.path for lookup in api.lookups] == ["/v1/models/gpt-transcribe"]
    assert_nothing_stays(api, places)


def test_programs_get_one_json_object(ask: Any, api: FakeApi, places: Path) -> None:
    code, told = ask(str(SAMPLE), "--title", "Day 1", "--date", "2020-01-02", "--json")

    value = json.loads(told)
    assert code == 0
    assert (value["ready"], value["hearing"]) == (True, {"title": "Day 1", "slug": None})
    assert 90 <= value["score"] < 100
    missing = next(each for each in value["findings"] if each["code"] == "committee_missing")
    assert (missing["validator"], missing["severity"]) == ("metadata", "warning")
    assert value["estimate"]["calls"] == value["estimate"]["chunks"] > 0
    assert value["estimate"]["cost_usd"] == pytest.approx(
        value["estimate"]["audio_seconds"] / 60 * 0.0045, abs=1e-4
    )
    assert_nothing_stays(api, places)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--date", "1820-01-01"], "date"), (["--title", " "], "title_missing")],
)
def test_a_bad_description_is_refused(
    ask: Any, api: FakeApi, places: Path, arguments: list[str], code: str
) -> None:
    exit_code, told = ask(str(SAMPLE), *arguments, "--json")

    value = json.loads(told)
    assert (exit_code, value["ready"], value["estimate"]) == (3, False, None)
    assert code in [each["code"] for each in value["findings"]]
    assert_nothing_stays(api, places)


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "file_empty"), (b"<html>no recording</html>", "unreadable")]
)
def test_what_is_no_recording_is_refused(
    ask: Any, api: FakeApi, tmp_path_factory: pytest.TempPathFactory, content: bytes, code: str
) -> None:
    path = tmp_path_factory.mktemp("sources") / "-i concat:x|y.mp3"
    path.write_bytes(content)

    exit_code, told = ask(str(path), "--json")

    value = json.loads(told)
    assert exit_code == 3
    assert code in [each["code"] for each in value["findings"]]
    assert value["score"] < 60
    assert not Hearing.objects.exists()
    assert api.arrivals == []


def test_a_key_that_is_not_taken_is_refused_and_not_printed(
    ask: Any, api: FakeApi, places: Path
) -> None:
    api.lookup_fault = faults.wrong_key()

    code, told = ask(str(SAMPLE))

    assert code == 3
    assert "Access: 1 error" in told and "OPENAI_API_KEY" in told
    assert KEY not in told
    assert_nothing_stays(api, places)


def filed() -> Hearing:
    with SAMPLE.open("rb") as source:
        return intake.store(Hearing(title="Filed", date=DAY), source, name="x")


def test_a_filed_hearing_is_told_by_slug_and_by_its_recording_and_stays_as_it_is(ask: Any) -> None:
    hearing = filed()

    answers = [ask(source, "--json") for source in (hearing.slug, str(SAMPLE))]

    assert answers[0] == answers[1]
    code, told = answers[0]
    assert (code, json.loads(told)["hearing"]["slug"]) == (0, "filed")
    hearing.refresh_from_db()
    assert (hearing.check_status, hearing.duration_ms) == (CheckStatus.CHECKING, None)
    assert not hearing.findings.exists()
    assert not RecordingAnalysis.objects.exists()


def test_a_checked_hearing_is_not_read_again(ask: Any) -> None:
    hearing = filed()
    intake.check(hearing, limits=RecordingLimits(), today=DAY)
    before = ask(hearing.slug, "--json")
    Path(hearing.recording.path).write_bytes(b"other")

    assert ask(hearing.slug, "--json") == before


def test_a_closed_hearing_is_refused_for_a_hosted_engine(ask: Any, api: FakeApi) -> None:
    hearing = filed()
    intake.check(hearing, limits=RecordingLimits(), today=DAY)
    Hearing.objects.update(is_closed=True)

    code, told = ask(hearing.slug)

    assert code == 3
    assert "must not leave the house" in told
    assert api.arrivals == []


@pytest.mark.parametrize("source", ["nothing.mp3", "/", "no-such-slug"])
def test_what_is_not_there_is_wrong_usage(ask: Any, source: str) -> None:
    assert ask(source)[0] == 2


def test_transcribe_hearing_refuses_a_key_before_it_copies_anything(
    api: FakeApi, places: Path
) -> None:
    api.lookup_fault = faults.wrong_key()

    with pytest.raises(CommandError, match="OPENAI_API_KEY") as refusal:
        call_command("transcribe_hearing", str(SAMPLE), "--engine", "openai", "--quiet")

    assert refusal.value.returncode == 3
    assert_nothing_stays(api, places)
