"""Every upload that one should not have to expect, through the door and the real check.

Each is accepted or refused with a sentence; none takes long, fails, or leaves a file where it was
refused at the door.
"""

import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings import ffmpeg, processes
from hearings.models import CheckStatus, Hearing
from hearings.policies import RecordingLimits, ScratchPolicy
from tests.web import hostile_kit as make
from tests.web.admin_kit import ADD, change_address, description, upload
from transcription.models import Attempt

pytestmark = pytest.mark.django_db

SECONDS = 60
# For the worst of them, on a busy machine.
MEMORY = 400 * 1024 * 1024
# What ffmpeg may have resident at any moment of such a check.
NOT_MEDIA = "not an audio or video file that can be read"
AT_THE_DOOR, REFUSED, ACCEPTED = "at the door", "refused", "accepted"


@dataclass(frozen=True)
class Row:
    """A file, and what becomes of it."""

    name: str
    content: make.Make
    outcome: str
    code: str
    # Of the finding that says so; empty at the door.
    sentence: str
    # A part of it.

    def __str__(self) -> str:
        return self.name


ROWS = (
    Row("empty.mp3", lambda _: b"", AT_THE_DOOR, "", "The submitted file is empty."),
    Row("one byte.mp3", lambda _: b"x", REFUSED, "unreadable", NOT_MEDIA),
    Row("no samples.wav", make.no_samples, REFUSED, "unreadable", "holds no sound"),
    Row("absurd size.wav", make.absurd_size, REFUSED, "unreadable", "holds no sound"),
    Row("switched off.wav", make.absurd_size_with_sound, ACCEPTED, "no_speech", "No speech"),
    Row("no moov.mp4", make.mp4_without_index, REFUSED, "unreadable", NOT_MEDIA),
    Row("moov last.m4a", make.mp4_with_index_last, ACCEPTED, "no_speech", "No speech"),
    Row("mute.mp4", make.video_without_sound, REFUSED, "no_audio", "has no sound track"),
    Row("third.mkv", make.sound_in_the_third_stream, ACCEPTED, "no_speech", "No speech"),
    Row("forty.mka", make.forty_streams, REFUSED, "too_many_streams", "has 40 streams"),
    Row("channels.wav", make.many_channels, REFUSED, "too_many_channels", "has 255 channels"),
    Row("768.wav", make.very_high_rate, REFUSED, "sample_rate_too_high", "768,000 samples"),
    Row("bomb.flac", make.flac_bomb, REFUSED, "too_long", "longer than 00:10:00"),
    Row("picture.mp3", make.huge_picture, ACCEPTED, "no_speech", "No speech"),
    Row("corrupt.flac", make.corrupt_middle, ACCEPTED, "unreadable_stretches", "from 00:00:0"),
    Row("backwards.mkv", make.times_that_run_backwards, REFUSED, "unseekable", "contradict"),
    Row("page.html.mp3", make.html, REFUSED, "unreadable", NOT_MEDIA),
    Row("drawing.mp3", make.svg, REFUSED, "unreadable", NOT_MEDIA),
    Row("archive.wav", make.archive, REFUSED, "unreadable", NOT_MEDIA),
    Row("program.mp3", make.program, REFUSED, "unreadable", NOT_MEDIA),
    Row("both.html", make.html_and_mp3, ACCEPTED, "no_speech", "No speech"),
)


@pytest.fixture(autouse=True)
def scratch(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    settings.SCRATCH = ScratchPolicy(folder=str(folder), left_free_bytes=0)
    return folder


@pytest.fixture(autouse=True)
def incoming(settings: Settings, tmp_path: Path) -> Path:
    """Return the folder that uploads come in through."""
    folder = tmp_path / "incoming"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    return folder


@pytest.fixture
def most_memory(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list of how much memory the programs that were started had at most, in bytes."""
    found: list[int] = []
    read = os.read

    def measured(descriptor: int, size: int) -> bytes:
        children = psutil.Process().children(recursive=True)
        for child in children:
            try:
                found.append(child.memory_info().rss)
            except psutil.NoSuchProcess:
                continue
        assert len(children) <= 1, children
        return read(descriptor, size)

    class Os:
        """The module, but for `read`."""

        def __getattr__(self, name: str) -> object:
            return measured if name == "read" else getattr(os, name)

    monkeypatch.setattr(processes, "os", Os())
    return found


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_is_accepted_or_refused_with_a_sentence(  # noqa: PLR0913, PLR0917 (places to look at)
    row: Row,
    administrator: Client,
    recordings: Path,
    incoming: Path,
    scratch: Path,
    settings: Settings,
    tmp_path: Path,
    most_memory: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.RECORDING_LIMITS = RecordingLimits(max_duration_ms=600_000)
    content = row.content(tmp_path)
    begun = time.monotonic()

    with django_capture_on_commit_callbacks(execute=True):
        response = upload(administrator, content=content, name=row.name)

    assert time.monotonic() - begun < SECONDS
    assert list(incoming.iterdir()) == []
    assert psutil.Process().children() == []
    assert max(most_memory, default=0) < MEMORY
    assert bool(most_memory) == (row.outcome != AT_THE_DOOR)
    assert not Attempt.objects.exists()
    if row.outcome == AT_THE_DOOR:
        assert row.sentence in response.content.decode()
        assert not Hearing.objects.exists()
        assert list(recordings.glob("*")) == []
        return
    hearing = Hearing.objects.get()
    finding = hearing.findings.get(code=row.code)
    assert row.sentence in finding.message and finding.advice
    assert (
        hearing.check_status
        == {REFUSED: CheckStatus.REFUSED, ACCEPTED: CheckStatus.ACCEPTED}[row.outcome]
    ), hearing.findings.values_list("code", "message")
    assert (finding.severity == "error") == (row.outcome == REFUSED)
    page = administrator.get(change_address(hearing.pk))
    assert page.status_code == 200 and row.sentence in page.content.decode()
    kept = [path.name for path in scratch.rglob("*") if path.is_file()]
    assert kept == ([f"{hearing.recording_sha256}.pcm"] if hearing.is_accepted else [])


def test_the_bomb_is_one(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.flac"
    bomb.write_bytes(make.flac_bomb(tmp_path))

    with ffmpeg.decode(bomb) as stream:
        decoded_ms = sum(len(block) for block in stream) // ffmpeg.BYTES_PER_MS

    assert bomb.stat().st_size < 150_000
    assert decoded_ms > 12.9 * 3_600_000


# ── Room on the disk ─────────────────────────────────────────────────────────────────────────────


def free_only(monkeypatch: pytest.MonkeyPatch, byte_count: int) -> None:
    monkeypatch.setattr("hearings.room.free_bytes", lambda _folder: byte_count)


def test_at_the_door_more_than_twice_the_length_must_be_free(
    administrator: Client, recordings: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_only(monkeypatch, 8 * 1024 * 1024)

    page = upload(administrator, content=bytes(4 * 1024 * 1024), title="Long").content.decode()

    assert "9 MB are needed and 8 MB are free" in page
    assert "Free some space there, then upload it again." in page
    assert 'value="Long"' in page
    assert not Hearing.objects.exists()
    assert list(recordings.glob("*")) == [] == list(incoming.iterdir())


def test_with_so_much_free_it_is_taken(
    administrator: Client, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_only(monkeypatch, 9 * 1024 * 1024)

    upload(administrator, content=bytes(4 * 1024 * 1024))

    assert Hearing.objects.exists()


def test_the_page_says_what_is_the_most_at_present(
    administrator: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RECORDING_LIMITS = replace(RecordingLimits(), max_bytes=1000)
    address = "/admin/hearings/hearing/add/"
    assert 'data-most-bytes="1000"' in administrator.get(address).content.decode()

    free_only(monkeypatch, 220)
    assert 'data-most-bytes="100"' in administrator.get(address).content.decode()


# ── Names ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name",
    [
        "../../x.wav",
        "..\\..\\x.wav",
        "C:\\x.wav",
        "-i.mp3",
        "concat:a|b",
        "a" * 300 + ".mp3",
        "\u202egpj.exe.mp3",
        "😀 hearing 🎙.mp3",
        "new\nline.mp3",
        "%d.mp3",
        "pipe:0",
        "<img src=x onerror=alert(1)>.mp3",
        "'; DROP TABLE hearings_hearing; --.mp3",
    ],
)
def test_a_name_is_shown_safely_and_never_a_path(
    name: str,
    administrator: Client,
    recordings: Path,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        upload(administrator, content=make.tone_wav(), name=name)

    hearing = Hearing.objects.get()
    page = administrator.get(change_address(hearing.pk)).content.decode()
    assert hearing.is_accepted
    [stored] = recordings.iterdir()
    assert stored.name.isalnum() and len(stored.name) == 32
    assert {path.name for path in tmp_path.iterdir()} == {"incoming", "recordings", "scratch"}
    assert 0 < len(hearing.recording_name) <= 300
    assert hearing.recording_name.isprintable()
    assert not {"/", "\\"} & set(hearing.recording_name)
    assert "<img src=x" not in page
    assert tempfile.gettempdir() not in page


@pytest.mark.parametrize("name", ["", ".", "..", "/"])
def test_a_file_without_a_name_is_no_file(
    name: str, administrator: Client, recordings: Path
) -> None:
    boundary = "edge"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in description().items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="upload"; filename="{name}"'
    body = "".join(parts) + f"{head}\r\n\r\nsound\r\n--{boundary}--\r\n"

    page = administrator.post(
        ADD, body.encode(), content_type=f"multipart/form-data; boundary={boundary}"
    ).content.decode()

    assert "Choose the recording of the hearing." in page
    assert list(recordings.glob("*")) == []
