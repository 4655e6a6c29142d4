"""A playlist never makes another recording's sound come out: checked by sound.

The other recording is a tone. It lies where the playlist would find it, and must be in nothing
that is kept or served.
"""

import subprocess
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings import ffmpeg
from hearings.models import CheckStatus, Hearing
from hearings.policies import ScratchPolicy
from tests.web import hostile_kit as make
from tests.web.admin_kit import upload
from transcription.playback import CONTENT_TYPES

pytestmark = pytest.mark.django_db

HERTZ = 1_000
# Of the tone.
RATE = 16_000
EXTENSIONS = ("mp3", "wav", "m4a", "txt", "m3u8", "mpd", "sdp", "ffconcat", "")
OTHER_TYPES = {extension[1:] for extension in CONTENT_TYPES} - set(EXTENSIONS)
# All others that a recording is served by: under these, one way to name the other file is enough.


def ffconcat(named: str) -> str:
    return f"ffconcat version 1.0\nfile '{named}'\n"


def hls(named: str) -> str:
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:8\n#EXT-X-MEDIA-SEQUENCE:0\n"
    return f"{head}#EXTINF:8.0,\n{named}\n#EXT-X-ENDLIST\n"


def dash(named: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT8S"><Period><AdaptationSet mimeType="audio/mp4">'
        f'<Representation id="1" bandwidth="1"><BaseURL>{named}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    )


def sdp(named: str) -> str:
    return (
        f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns={named}\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"a=control:{named}\nm=audio 5004 RTP/AVP 0\n"
    )


PLAYLISTS = (ffconcat, hls, dash, sdp)


@pytest.fixture
def scratch(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    settings.SCRATCH = ScratchPolicy(folder=str(folder), left_free_bytes=0)
    return folder


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    sine = ("-f", "lavfi", "-i", f"sine={HERTZ}:r={RATE}:d=8")
    folder = tmp_path_factory.mktemp("tone")
    return make.made_file(folder, "made.ts", *sine, "-c:a", "aac", "-f", "mpegts")


@pytest.fixture
def other(recordings: Path, tone: bytes) -> Path:
    """Give a tone beside what is uploaded."""
    recordings.mkdir()
    path = recordings / "other.ts"
    path.write_bytes(tone)
    return path


def names_of(other: Path, *, absolute: bool) -> str:
    return f"file://{other}" if absolute else other.name


def share_of_the_tone(pcm: bytes) -> float:
    """Return how much of the power of 16-bit samples is in the tone."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float64)
    power = np.abs(np.fft.rfft(samples)) ** 2 if len(samples) else samples
    if len(samples) < RATE or not power.sum():
        return 0.0  # a second is the least that one would hear as a recording
    at = round(HERTZ * len(samples) / RATE)
    width = max(2, len(samples) // 2_000)
    return float(power[max(0, at - width) : at + width + 1].sum() / power.sum())


def heard_without_guards(path: Path) -> bytes:
    form = ["-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    command = ["ffmpeg", "-loglevel", "quiet", "-nostdin", "-i", str(path), *form]
    return subprocess.run(command, check=False, capture_output=True, timeout=60).stdout


def heard_by_us(path: Path) -> bytes:
    try:
        with ffmpeg.decode(path) as stream:
            return b"".join(stream)
    except ffmpeg.MediaError:
        return b""


def kept_sound(*folders: Path, but: Path) -> list[bytes]:
    """Return what is in files that were kept, as samples and as ours decode it."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found = []
    for path in files:
        if path != but:
            found += [path.read_bytes(), heard_by_us(path)]
    return found


MATRIX = [
    *product(PLAYLISTS, (False, True), EXTENSIONS),
    *product((ffconcat,), (False,), sorted(OTHER_TYPES)),
]


@pytest.mark.parametrize(("playlist", "absolute", "extension"), MATRIX)
def test_the_tone_is_in_nothing_that_is_kept_or_served(  # noqa: PLR0913, PLR0917 (places to look at)
    playlist: Callable[[str], str],
    absolute: bool,
    extension: str,
    other: Path,
    administrator: Client,
    recordings: Path,
    scratch: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    text = playlist(names_of(other, absolute=absolute)).encode()

    with django_capture_on_commit_callbacks(execute=True):
        upload(administrator, content=text, name=f"hearing.{extension}" if extension else "hearing")

    hearing = Hearing.objects.get()
    served = administrator.get(f"/hearings/{hearing.slug}/recording").getvalue()
    sounds = [served, *kept_sound(recordings, scratch, but=other)]
    assert hearing.check_status == CheckStatus.REFUSED
    assert hearing.findings.filter(code="unreadable", message__contains="not an audio or").exists()
    assert served == text
    assert max(map(share_of_the_tone, sounds)) < 0.05
    assert [path for path in scratch.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("playlist", [ffconcat, hls])
def test_an_ffmpeg_without_guards_would_play_it(
    playlist: Callable[[str], str], other: Path
) -> None:
    bait = other.with_name("bait.m3u8" if playlist is hls else "bait.mp3")
    bait.write_text(playlist(other.name))

    assert share_of_the_tone(heard_without_guards(bait)) > 0.9


def test_the_tone_would_be_noticed(
    administrator: Client,
    recordings: Path,
    scratch: Path,
    other: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        upload(administrator, content=other.read_bytes(), name="tone.ts")

    assert Hearing.objects.get().is_accepted
    for folder in (recordings, scratch):
        assert max(map(share_of_the_tone, kept_sound(folder, but=other))) > 0.9
