"""Bad input gets one clear sentence and the contract's exit code, and leaves nothing behind."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Cut, Served, ffmpeg
from tests.end_to_end.world import MANAGE, Command, Databases, Finished, World, all_end
from tests.fake_api import FakeApi

pytestmark = pytest.mark.processes


def assert_refused(done: Finished, *, code: int, sentence: str) -> None:
    assert done.code == code, done.err
    assert done.out == ""
    assert sentence in done.err
    assert done.err.count(sentence) == 1
    assert "Traceback" not in done.err


@pytest.fixture
def untouched(served: Served) -> Callable[[], bool]:
    """Return a function that says whether the world is as it was when the test began."""

    def state() -> tuple[object, ...]:
        tables = ("hearings_hearing", "transcription_run", "transcription_slot")
        counts = [served.world.count(table) for table in tables]
        return (counts, sorted(served.world.recordings()), served.api.heard)

    before = state()
    return lambda: state() == before


def silent_picture(folder: Path, cut: Cut) -> Path:
    path = folder / "picture.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=black:s=64x64:r=5", "-t", "6", str(path))
    return path


def text(folder: Path, cut: Cut) -> Path:
    path = folder / "text.mp3"
    path.write_text("The committee will come to order. " * 100)
    return path


def playlist(folder: Path, cut: Cut) -> Path:
    path = folder / "playlist.mp3"
    path.write_text(f"ffconcat version 1.0\nfile '{cut()}'\n")
    return path


def empty(folder: Path, cut: Cut) -> Path:
    path = folder / "empty.mp3"
    path.touch()
    return path


def unreadable(folder: Path, cut: Cut) -> Path:
    return Path("/proc/self/mem")  # a file by its kind, and reading it fails


NOT_MEDIA = "The file is not an audio or video file that can be read."


@pytest.mark.parametrize(
    ("make", "code", "sentence"),
    [
        (lambda folder, _: folder / "missing.mp3", 2, "There is no file"),
        (lambda folder, _: folder, 2, "is a folder. Name the recording in it."),
        (lambda *_: "no-such-hearing", 2, "no hearing with that slug or id"),
        (lambda *_: "987654", 2, "no hearing with that slug or id"),
        (unreadable, 2, "cannot be read"),
        (text, 3, NOT_MEDIA),
        (playlist, 3, NOT_MEDIA),
        (silent_picture, 3, "has no sound track"),
        (empty, 3, "The file is empty."),
    ],
    ids=["no file", "folder", "slug", "id", "unreadable", "text", "playlist", "picture", "empty"],
)
def test_a_source_that_is_no_recording_is_refused(  # noqa: PLR0913 (fixtures)
    *,
    served: Served,
    untouched: Callable[[], bool],
    cut: Cut,
    tmp_path: Path,
    make: Callable[[Path, Cut], Path | str],
    code: int,
    sentence: str,
) -> None:
    done = served.world.transcribe(make(tmp_path, cut))

    assert_refused(done, code=code, sentence=sentence)
    assert untouched()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--committee", "NOPE"], 2, "There is no committee “NOPE”."),
        (["--date", "12 March"], 2, "“12 March” is not a date"),
        (["--date", "1066-10-14"], 3, "is before sound was recorded"),
        (["--language", "English"], 2, "“English” is not a language code"),
        (["--title", "long " * 61], 2, "the title is longer than 300"),
        (["--parallel", "0"], 2, "is not a whole number above 0"),
        (["--format", "srt"], 2, "The format srt is not built yet."),
        (["--format", "doc"], 2, "invalid choice: 'doc'"),
        (["--engine", "ear"], 2, "invalid choice: 'ear'"),
        (["--engine", "whisper", "--model", "huge"], 3, "huge"),
        (["--output", "/nowhere/at/all.txt"], 4, "Nothing can be written to /nowhere/at."),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(  # noqa: PLR0913 (fixtures)
    *,
    served: Served,
    untouched: Callable[[], bool],
    cut: Cut,
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    done = served.world.transcribe(cut(), *arguments)

    assert_refused(done, code=code, sentence=sentence)
    assert untouched()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"MAX_RECORDING_HOURS": "0.001"}, "The recording is longer than 00:00:03."),
        ({"MAX_UPLOAD_MB": "0"}, "The file is larger than 0 MB."),
        ({"PATH": "/nowhere"}, "Install ffmpeg (on Debian"),
        ({"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}, "No API key is set."),
    ],
    ids=["too long", "too large", "no ffmpeg", "no key"],
)
def test_what_this_host_does_not_take_or_lacks_is_said(
    served: Served,
    untouched: Callable[[], bool],
    cut: Cut,
    changes: dict[str, str],
    sentence: str,
) -> None:
    done = served.world.transcribe(cut(), **changes)

    assert_refused(done, code=3, sentence=sentence)
    assert untouched()


def test_a_closed_hearing_is_not_sent_to_a_hosted_engine(served: Served, cut: Cut) -> None:
    filed = served.world.transcribe(cut(start=180), "--format", "json")
    slug = filed.transcript["hearing"]["slug"]
    served.world.execute(f"UPDATE hearings_hearing SET is_closed = true WHERE slug = '{slug}'")  # noqa: S608
    sent = len(served.api.heard)

    done = served.world.transcribe(slug, "--again")

    assert_refused(done, code=3, sentence="must not leave the house")
    assert len(served.api.heard) == sent


def test_refused_by_the_command_what_others_filed_stays(
    served: Served, tmp_path: Path, cut: Cut
) -> None:
    recording = text(tmp_path, cut)
    recording.write_text("Filed in the admin and refused there.")
    served.world.manage(
        "shell",
        "--command",
        "from hearings.models import Hearing; from hearings import intake; import datetime;"
        "from django.conf import settings;"
        "h = intake.store(Hearing(title='Theirs', date=datetime.date(2026, 3, 12)),"
        f" open({str(recording)!r}, 'rb'), name='x.mp3');"
        "intake.check(h, limits=settings.RECORDING_LIMITS, today=h.date)",
    )

    done = served.world.transcribe(recording)

    assert_refused(done, code=3, sentence=NOT_MEDIA)
    assert served.world.count("hearings_hearing", "title = 'Theirs'") == 1


def test_a_database_that_is_not_set_up_is_said(
    world: World, databases: Databases, api: FakeApi, cut: Cut
) -> None:
    bare = World(world.folder / "bare", databases.blank(), api.url)
    bare.folder.mkdir()

    done = bare.transcribe(cut())

    assert_refused(done, code=4, sentence="Run “manage.py migrate” first.")
    assert bare.recordings() == []


def test_a_full_disk_is_said_and_keeps_nothing(world: World, api: FakeApi, cut: Cut) -> None:
    recording = cut("wav")
    most = 2 * 1024 * 1024
    assert recording.stat().st_size > most
    limited = (
        "import os, resource, sys;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}));"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", limited, *MANAGE, "transcribe_hearing", str(recording)]

    with Command(command, world.environment(), world.folder / "command") as running:
        done = running.finished()

    assert_refused(done, code=6, sentence="There is no room left for the recording.")
    assert world.count("hearings_hearing") == 0
    assert world.recordings() == []
    assert api.arrivals == []


def test_refused_with_a_cluster_of_its_own_the_command_ends_it_soon(
    world: World, tmp_path: Path, cut: Cut
) -> None:
    # The cluster is still starting when it is told to end.
    with world.start("transcribe_hearing", str(text(tmp_path, cut))) as command:
        command.wait_for_message("Checking")
        family = command.family()
        done = command.finished()
        assert all_end(family)

    assert_refused(done, code=3, sentence=NOT_MEDIA)
    assert world.count("hearings_hearing") == 0
    assert world.recordings() == []
