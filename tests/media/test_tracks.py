"""A recording with several sounds: each can be told apart by ear, and the right one is heard."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from hearings import ffmpeg, loudness, tracks
from hearings.examination import Examined, examined
from hearings.policies import RecordingLimits
from hearings.spans import Span
from tests.media.conftest import MakeMedia

LIMITS = RecordingLimits()
SOFT_440 = ("-f", "lavfi", "-i", "sine=440:r=48000:d=30,volume=-20dB")
LOUD_1000 = ("-f", "lavfi", "-i", "sine=1000:r=48000:d=30")
SIDES = "aevalsrc=0.1*sin(440*2*PI*t)|0.1*sin(1000*2*PI*t):s=48000:d=12"


@pytest.fixture(scope="module")
def two_streams(make_media: MakeMedia) -> Path:
    tags = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra")
    title = ("-metadata:s:a:1", "title=The  interpreter")
    maps = ("-map", "0", "-map", "1", "-ac:a:0", "2", "-c:a", "aac")
    return make_media("two-streams.mka", *SOFT_440, *LOUD_1000, *maps, *tags, *title)


@pytest.fixture(scope="module")
def two_sides(make_media: MakeMedia) -> Path:
    return make_media("two-sides.wav", "-f", "lavfi", "-i", SIDES)


def hertz(pcm: bytes) -> int:
    """Return the loudest frequency."""
    samples = np.frombuffer(pcm, "<i2")
    spectrum = np.abs(np.fft.rfft(samples))
    return round(int(spectrum.argmax()) * 1_600 / len(samples)) * 10


def heard(path: Path, track: str = "") -> tuple[Examined, int]:
    """Return what the examination says, and the frequency that was kept for slices."""
    sound: dict[str, bytearray] = defaultdict(bytearray)

    def keep(of: str) -> "nullcontext[Callable[[bytes], None]]":
        return nullcontext(sound[of].extend)

    found = examined(path, wanted=track, limits=LIMITS, on_progress=None, keep=keep)
    return found, hertz(bytes(sound[found.track])) if found.analysis else 0


def test_headers_tell_what_there_is(two_streams: Path) -> None:
    first, second = tracks.choices(ffmpeg.probe(two_streams).audio)[:2]

    assert first.name == "audio stream 1 (English, AAC, 48 kHz stereo)"
    assert second.name == "audio stream 2 (French, “The interpreter”, AAC, 48 kHz mono)"


@pytest.mark.parametrize(("track", "frequency"), [("1", 440), ("2", 1_000)])
def test_each_stream_sounds_as_itself(two_streams: Path, track: str, frequency: int) -> None:
    found, kept = heard(two_streams, track)
    pcm = ffmpeg.read_pcm(two_streams, Span(4_000, 6_000), track=tracks.decoded(track))

    assert (found.track, kept, hertz(pcm)) == (track, frequency, frequency)
    assert "several_tracks" not in [finding.code for finding in found.findings]


@pytest.mark.parametrize(("track", "frequency"), [("left", 440), ("right", 1_000)])
def test_each_channel_sounds_as_itself(two_sides: Path, track: str, frequency: int) -> None:
    found, kept = heard(two_sides, track)
    pcm = ffmpeg.read_pcm(two_sides, Span(4_000, 6_000), track=tracks.decoded(track))

    assert (found.track, kept, hertz(pcm)) == (track, frequency, frequency)
    assert found.analysis and found.analysis.duration_ms == 12_000


def test_unasked_both_channels_are_heard_together(two_sides: Path) -> None:
    found, _ = heard(two_sides)
    mixed = np.abs(np.fft.rfft(np.frombuffer(ffmpeg.read_pcm(two_sides, Span(0, 2_000)), "<i2")))

    assert found.track == ""
    assert mixed[880] == pytest.approx(mixed[2_000], rel=0.1)
    assert [each.track for each in found.choices] == ["1", "left", "right"]
    levels = [each.level_dbfs for each in found.choices[1:]]
    assert levels == [pytest.approx(-20, abs=0.5)] * 2


def test_unasked_the_loudest_stream_is_heard_and_a_warning_says_so(two_streams: Path) -> None:
    found, kept = heard(two_streams)

    assert (found.track, kept) == ("2", 1_000)
    (told,) = [finding for finding in found.findings if finding.code == "several_tracks"]
    assert "The loudest is heard: audio stream 2 (French, " in told.message
    assert "--track" in told.advice and "audio stream 1 (English, " in told.advice


def test_the_levels_of_streams_are_measured(two_streams: Path) -> None:
    levels = loudness.levels_of(two_streams, ffmpeg.probe(two_streams), [0, 1])

    assert levels[1] == pytest.approx(-21.1, abs=0.5)
    assert levels[1] - levels[0] == pytest.approx(23, abs=1)  # 3 of them from becoming stereo


def test_a_silent_stream_has_no_level_and_is_not_proposed(make_media: MakeMedia) -> None:
    silence = ("-f", "lavfi", "-i", "anullsrc=r=48000:d=30")
    path = make_media(
        "silent-first.mka", *silence, *SOFT_440, "-map", "0", "-map", "1", "-c:a", "flac"
    )

    assert set(loudness.levels_of(path, ffmpeg.probe(path), [0, 1])) == {1}
    assert heard(path)[0].track == "2"


def test_a_stream_that_no_limit_allows_is_not_proposed(make_media: MakeMedia) -> None:
    many = "|".join(["sin(1000*2*PI*t)"] * 9)
    loud = ("-f", "lavfi", "-i", f"aevalsrc={many}:s=16000:d=12")
    path = make_media("nine.mka", *SOFT_440, *loud, "-map", "0", "-map", "1", "-c:a", "pcm_s16le")

    assert heard(path)[0].track == "1"
    found, _ = heard(path, "2")
    assert [finding.code for finding in found.findings] == ["too_many_channels"]


def test_looking_at_levels_takes_no_longer_than_it_may(
    two_streams: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loudness, "MOST_SECONDS", -1.0)

    assert loudness.levels_of(two_streams, ffmpeg.probe(two_streams), [0, 1]) == {}
    assert heard(two_streams)[0].track == "1"


def test_a_track_that_is_not_there_is_a_finding(two_sides: Path) -> None:
    found, _ = heard(two_sides, "7")

    (told,) = found.findings
    assert (told.code, found.analysis) == ("no_such_track", None)
    assert "has no audio stream 7" in told.message


def test_who_chose_a_channel_does_not_miss_the_other(make_media: MakeMedia) -> None:
    one_side = make_media(
        "one-side.wav", "-f", "lavfi", "-i", "aevalsrc=0.1*sin(440*2*PI*t)|0:s=16000:d=6"
    )

    codes = [{each.code for each in heard(one_side, track)[0].findings} for track in ("", "left")]

    assert "empty_channel" in codes[0]
    assert "empty_channel" not in codes[1]
