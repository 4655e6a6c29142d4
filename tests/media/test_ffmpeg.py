"""The adapter over real files: what they hold, and the same sound however one comes to it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hearings import ffmpeg
from hearings.spans import Span
from hearings.tracks import Track
from tests.media.conftest import MakeMedia, run_ffmpeg

PICTURE = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=10:d=20")
FORMATS = {
    "mp3": ("-b:a", "96k"),
    "m4a": ("-c:a", "aac"),
    "flac": (),
    "wav": (),
    "ogg": ("-c:a", "libopus"),
    "webm": ("-c:a", "libopus"),
    "mp4": (*PICTURE, "-map", "0:a", "-map", "1:v", "-c:v", "libx264", "-preset", "ultrafast"),
    "mkv": ("-c:a", "libvorbis"),
}
COARSE_CLOCKS = {".webm", ".mkv"}
# Matroska counts in milliseconds; the start of a slice is off by about one, in parts of a sample.


@pytest.fixture(params=FORMATS)
def recording(request: pytest.FixtureRequest, make_media: MakeMedia, speech: Path) -> Path:
    return make_media(f"recording.{request.param}", "-i", speech, *FORMATS[request.param])


def samples_of(path: Path, span: Span | None = None) -> np.ndarray:
    with ffmpeg.decode(path, span=span) as stream:
        return np.frombuffer(b"".join(stream), "<i2").astype(np.int64)


def slice_of(path: Path, span: Span) -> np.ndarray:
    return np.frombuffer(ffmpeg.read_pcm(path, span), "<i2").astype(np.int64)


def difference(one: np.ndarray, other: np.ndarray, *, slack: int) -> float:
    """Return how much differs where the two fit best, at most *slack* samples apart."""
    inner = slice(slack, len(one) - slack)
    return min(rms(np.roll(one, by)[inner] - other[inner]) for by in range(-slack, slack + 1))


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def test_every_format_is_read_whole_and_in_slices_with_the_same_sound(recording: Path) -> None:
    assert [stream.channels for stream in ffmpeg.probe(recording).audio] == [2]
    whole = samples_of(recording)
    edges = (0, 3_000, 10_123, 19_001)

    slices = [slice_of(recording, Span(*pair)) for pair in pairwise(edges)]

    assert len(whole) == pytest.approx(20 * 16_000, abs=100 * 16)
    assert [len(cut) for cut in slices] == [3_000 * 16, 7_123 * 16, 8_878 * 16]
    slack, tolerance = (20, 0.2) if recording.suffix in COARSE_CLOCKS else (0, 0.01)
    for cut, start_ms in zip(slices, edges, strict=False):
        place = whole[start_ms * 16 :][: len(cut)]
        assert difference(cut, place, slack=slack) < tolerance * rms(whole)


def test_a_slice_beyond_the_end_is_filled_with_silence(tone: Path) -> None:
    pcm = ffmpeg.read_pcm(tone, Span(7_500, 9_000))

    assert len(pcm) == 1_500 * ffmpeg.BYTES_PER_MS
    assert any(pcm[: 480 * ffmpeg.BYTES_PER_MS])
    assert not any(pcm[510 * ffmpeg.BYTES_PER_MS :])


def test_a_slice_with_nothing_in_it_is_an_error_not_silence(tone: Path) -> None:
    with pytest.raises(ffmpeg.Unreadable, match=r"no sound to read at 60\.0 s"):
        ffmpeg.read_pcm(tone, Span(60_000, 61_000))


def test_sound_that_starts_late_keeps_its_time(make_media: MakeMedia, tone: Path) -> None:
    late = make_media("late.mp4", *PICTURE, "-itsoffset", "5", "-i", tone, "-c:v", "libx264")

    cut, whole = slice_of(late, Span(3_000, 6_000)), samples_of(late)

    assert not cut[: 1_900 * 16].any()
    assert rms(cut[2_200 * 16 :]) > 1_000
    assert not whole[: 4_900 * 16].any()
    assert rms(whole[5_200 * 16 :]) > 1_000


def test_the_track_asked_for_is_the_one_that_is_read(make_media: MakeMedia, tone: Path) -> None:
    silence = ("-f", "lavfi", "-i", "anullsrc=r=16000:d=8")
    both = make_media("two.mka", *silence, "-i", tone, "-map", "0", "-map", "1", "-c:a", "flac")

    first, second = (ffmpeg.read_pcm(both, Span(1_000, 2_000), track=Track(at)) for at in (0, 1))

    assert not any(first)
    assert any(second)


def test_a_track_that_is_not_there_is_no_audio(tone: Path) -> None:
    with pytest.raises(ffmpeg.NoAudio, match="no such sound track"):
        ffmpeg.read_pcm(tone, Span(0, 1_000), track=Track(4))


def test_every_microphone_of_a_recorder_is_heard(make_media: MakeMedia) -> None:
    fourth_of_six = "aevalsrc=0|0|0|sin(440*2*PI*t)|0|0:s=16000:d=3"
    recorder = make_media("six.wav", "-f", "lavfi", "-i", fourth_of_six)

    assert rms(samples_of(recorder)) > 1_000


def test_a_video_without_sound_has_no_audio_stream(make_media: MakeMedia) -> None:
    silent = make_media("silent.mp4", *PICTURE, "-c:v", "libx264", "-t", "2")

    assert ffmpeg.probe(silent).audio == ()
    with pytest.raises(ffmpeg.NoAudio), ffmpeg.decode(silent) as stream:
        list(stream)


def test_a_picture_of_four_thousand_lines_fits_the_memory_limit(
    make_media: MakeMedia, tone: Path
) -> None:
    picture = ("-f", "lavfi", "-i", "color=s=3840x2160:r=5:d=2")
    film = make_media(
        "film.mp4", *picture, "-i", tone, "-t", "2", "-c:v", "libx264", "-preset", "ultrafast"
    )

    assert ffmpeg.probe(film).stream_count == 2
    assert rms(slice_of(film, Span(500, 1_500))) > 1_000


def test_a_file_still_being_made_has_a_duration_by_decoding(tmp_path: Path, tone: Path) -> None:
    piped = tmp_path / "piped"
    run_ffmpeg("-i", tone, "-f", "webm", "-c:a", "libopus", "-live", "1", piped)

    assert ffmpeg.probe(piped).declared_duration_ms is None
    assert len(samples_of(piped)) == pytest.approx(8 * 16_000, abs=1_600)


def test_the_guards_stand_before_the_input_they_guard(tone: Path) -> None:
    command = ffmpeg._decode_command(tone, {}, Track())

    before = command[: command.index("-i")]
    assert before[before.index("-protocol_whitelist") + 1] == "file"
    assert "concat" not in before[before.index("-format_whitelist") + 1]
    assert "-nostdin" in command


def test_ffmpeg_tells_its_version() -> None:
    assert ffmpeg.version()[0].isdigit() or ffmpeg.version().startswith(("n", "N"))


@pytest.mark.parametrize(
    "use",
    [
        lambda path: ffmpeg.version(),
        ffmpeg.probe,
        lambda path: ffmpeg.read_pcm(path, Span(0, 1_000)),
    ],
    ids=["version", "probe", "read_pcm"],
)
def test_a_host_without_ffmpeg_says_what_to_install(
    use: object, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(ffmpeg.FfmpegMissing, match="Install ffmpeg"):
        use(tone)  # type: ignore[operator]
