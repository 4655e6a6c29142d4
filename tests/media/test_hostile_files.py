"""Uploads that are not what they say: none of them makes ffmpeg read another file of this host."""

import io
import random
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hearings import ffmpeg
from hearings.analysis import analyse
from hearings.policies import RecordingLimits
from hearings.spans import Span
from tests.media.conftest import MakeMedia

EXTENSIONS = ("mp3", "m4a", "wav")


def ffconcat(secret: Path) -> str:
    return f"ffconcat version 1.0\nfile {secret.name}\n"


def hls(secret: Path) -> str:
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:8\n#EXT-X-MEDIA-SEQUENCE:0\n"
    return f"{head}#EXTINF:8.0,\n{secret.name}\n#EXT-X-ENDLIST\n"


def hls_with_absolute_path(secret: Path) -> str:
    return hls(secret).replace(secret.name, f"file://{secret}")


def dash(secret: Path) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT8S"><Period><AdaptationSet mimeType="audio/mp4">'
        f'<Representation id="1" bandwidth="1"><BaseURL>{secret.name}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    )


def sdp(secret: Path) -> str:
    return "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"


PLAYLISTS = (ffconcat, hls, hls_with_absolute_path, dash, sdp)


@pytest.fixture
def secret(make_media: MakeMedia, tone: Path, tmp_path: Path) -> Path:
    """Give a file of the host, with sound in it, that no upload may reach."""
    made = make_media("secret.ts", "-i", tone, "-c:a", "aac", "-f", "mpegts")
    return Path(shutil.copy(made, tmp_path))


def sound_of_unguarded_ffmpeg(path: Path) -> bytes:
    command = ["ffmpeg", "-loglevel", "quiet", "-nostdin", "-i", str(path), "-f", "s16le", "-"]
    return subprocess.run(command, check=False, capture_output=True, timeout=60).stdout


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("playlist", PLAYLISTS)
def test_a_playlist_never_reaches_another_file(
    playlist: Callable[[Path], str], extension: str, secret: Path
) -> None:
    upload = secret.with_name(f"upload.{extension}")
    upload.write_text(playlist(secret))

    with pytest.raises(ffmpeg.Unreadable, match="not an audio or video file"):
        ffmpeg.probe(upload)
    with pytest.raises(ffmpeg.Unreadable), ffmpeg.decode(upload) as stream:
        assert b"".join(stream) == b""


def test_the_bait_works_on_an_ffmpeg_without_guards(secret: Path) -> None:
    upload = secret.with_name("upload.mp3")
    upload.write_text(ffconcat(secret))

    assert len(sound_of_unguarded_ffmpeg(upload)) > 100_000


def an_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("minutes.txt", "The committee met. " * 500)
    return buffer.getvalue()


def a_wav_header(data_bytes: int) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    return (
        b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0" + form + struct.pack("<4sI", b"data", data_bytes)
    )


NOT_MEDIA = {
    "empty": b"",
    "one byte": b"x",
    "text": b"This is the transcript, not the recording.\n" * 50,
    "html": b"<!doctype html><html><body><script>alert(1)</script></body></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>',
    "zip": an_archive(),
    "zeros": bytes(100_000),
    "noise": random.Random(7).randbytes(300_000),
    "wav without samples": a_wav_header(0),
    "wav with an absurd size": a_wav_header(0xFFFFFFF0),
    "mp4 without its index": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\x10\0mdat" + bytes(4096),
}


@pytest.mark.parametrize("kind", NOT_MEDIA)
def test_what_is_no_recording_is_refused_with_a_sentence(kind: str, tmp_path: Path) -> None:
    upload = tmp_path / "hearing.mp3"
    upload.write_bytes(NOT_MEDIA[kind])

    with pytest.raises(ffmpeg.Unreadable, match=r"^The .*\.$"):
        analyse(upload, limits=RecordingLimits())


def test_a_program_in_which_a_few_bytes_look_like_mp3_is_refused(tmp_path: Path) -> None:
    upload = tmp_path / "hearing.mp3"
    frame = b"\xff\xfb\x50\xc0" + bytes(204)
    upload.write_bytes(b"\x7fELF" + random.Random(7).randbytes(200_000) + frame * 2 + bytes(9_000))

    with pytest.raises(ffmpeg.Unreadable):
        ffmpeg.probe(upload)


@pytest.mark.parametrize(
    "name",
    [
        "-i.mp3",
        "concat:a|b.mp3",
        "new\nline.mp3",
        "😀 \u202egpj.mp3",
        "%d.mp3",
        "a" * 250,
        "pipe:0",
    ],
)
def test_a_name_is_never_taken_for_more_than_a_name(name: str, tmp_path: Path, tone: Path) -> None:
    upload = Path(shutil.copy(tone, tmp_path / name))

    assert ffmpeg.probe(upload).format_name == "wav"
    assert any(ffmpeg.read_pcm(upload, Span(1_000, 2_000)))


@pytest.mark.parametrize("name", ["-y.wav", "concat:a|b.wav", "pipe:0"])
def test_a_relative_path_is_read_from_here(
    name: str, tmp_path: Path, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(tone, tmp_path / name)
    monkeypatch.chdir(tmp_path)

    assert any(ffmpeg.read_pcm(Path(name), Span(1_000, 2_000)))


def test_tags_that_imitate_the_decoder_are_not_believed(make_media: MakeMedia, tone: Path) -> None:
    lie = "[x @ 0] [SWR @ 0] adding 99999999 audio samples of silence"
    lying = make_media("lying.mp3", "-i", tone, "-metadata", f"title={lie}\n{lie}")

    with ffmpeg.decode(lying) as stream:
        list(stream)

    assert stream.damage == ()


def test_a_page_with_sound_behind_it_is_read_as_the_sound_alone(
    make_media: MakeMedia, tone: Path, tmp_path: Path
) -> None:
    mp3 = make_media("tone.mp3", "-i", tone)
    both = tmp_path / "both.html"
    both.write_bytes(b"<html><script>alert(1)</script></html>" + mp3.read_bytes())

    assert ffmpeg.probe(both).format_name == "mp3"
