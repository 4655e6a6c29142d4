"""One pass over real files: length, loudness, speech, and every second that cannot be read."""

import random
import tracemalloc
from pathlib import Path

import pytest

from hearings.analysis import Analysis, TooLong, Unseekable, analyse
from hearings.ffmpeg import NoAudio, Unreadable
from hearings.policies import RecordingLimits
from hearings.spans import Span, total_ms
from tests.media.conftest import MakeMedia, run_ffmpeg

LIMITS = RecordingLimits()
NEAR_MS = 2_000


def analysis_of(path: Path) -> Analysis:
    return analyse(path, limits=LIMITS)


def damaged(path: Path, target: Path, *, start: float, length: float) -> Path:
    """Return a copy with noise over a part of its bytes, given as shares of the whole."""
    content = bytearray(path.read_bytes())
    first, count = int(len(content) * start), int(len(content) * length)
    content[first : first + count] = random.Random(3).randbytes(count)
    target.write_bytes(content)
    return target


def test_length_and_loudness_are_those_of_the_sound(tone: Path) -> None:
    analysis = analysis_of(tone)

    assert analysis.duration_ms == 8_000
    assert analysis.mean_dbfs == pytest.approx(-21.1, abs=0.2)
    assert analysis.peak_dbfs == pytest.approx(-18.1, abs=0.2)
    assert analysis.speech == ()
    assert analysis.unreadable == ()


def test_digital_silence_has_no_loudness(make_media: MakeMedia) -> None:
    analysis = analysis_of(make_media("silence.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:d=6"))

    assert (analysis.mean_dbfs, analysis.peak_dbfs) == (None, None)


def test_speech_is_found_in_every_format_at_the_same_time(
    make_media: MakeMedia, speech: Path
) -> None:
    expected = analysis_of(speech)

    for name, options in {"a.mp3": (), "a.webm": ("-c:a", "libopus")}.items():
        found = analysis_of(make_media(name, "-i", speech, *options))
        assert found.speech[0].start_ms == pytest.approx(expected.speech[0].start_ms, abs=100)
        assert total_ms(found.speech) == pytest.approx(total_ms(expected.speech), rel=0.1)
        assert found.duration_ms == pytest.approx(20_000, abs=100)


def test_a_variable_bit_rate_does_not_change_the_length(
    make_media: MakeMedia, speech: Path
) -> None:
    lying = make_media("vbr.mp3", "-i", speech, "-q:a", "7", "-write_xing", "0")

    assert analysis_of(lying).duration_ms == pytest.approx(20_000, abs=100)


def test_progress_is_told_and_ends_at_the_length(speech: Path) -> None:
    told: list[int] = []

    analyse(speech, limits=LIMITS, on_progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 20_000


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("d.m4a", ()),
        ("d.flac", ()),
        ("d.ogg", ("-c:a", "libopus")),
        ("d.webm", ("-c:a", "libopus")),
        ("d.mp3", ()),
    ],
)
def test_a_corrupt_middle_is_located(
    name: str, options: tuple[str, ...], make_media: MakeMedia, speech: Path, tmp_path: Path
) -> None:
    whole = make_media(name, "-i", speech, "-ac", "1", *options)
    hurt = damaged(whole, tmp_path / name, start=0.5, length=0.1)

    analysis = analysis_of(hurt)

    assert analysis.unreadable
    assert analysis.unreadable[0].start_ms == pytest.approx(10_000, abs=NEAR_MS)
    # Of WebM the rest of a five-second cluster is lost with its head.
    assert analysis.unreadable[-1].end_ms <= (15_000 if name == "d.webm" else 12_000) + NEAR_MS


@pytest.mark.parametrize("name", ["t.mp4", "t.webm", "t.flac"])
def test_a_file_cut_short_lacks_its_end(
    name: str, make_media: MakeMedia, speech: Path, tmp_path: Path
) -> None:
    codec = {"t.mp4": "aac", "t.webm": "libopus", "t.flac": "flac"}[name]
    options = ("-movflags", "+faststart") if name == "t.mp4" else ()
    whole = make_media(name, "-i", speech, "-c:a", codec, *options).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(whole[: len(whole) * 7 // 10])

    analysis = analysis_of(cut)

    assert analysis.duration_ms < 17_000
    assert analysis.unreadable[-1].start_ms <= analysis.duration_ms
    assert analysis.unreadable[-1].end_ms == pytest.approx(20_000, abs=100)


def test_an_mp4_cut_before_its_index_is_unreadable(
    make_media: MakeMedia, speech: Path, tmp_path: Path
) -> None:
    whole = make_media("index_last.m4a", "-i", speech).read_bytes()
    cut = tmp_path / "cut.m4a"
    cut.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(Unreadable, match="not an audio or video file"):
        analysis_of(cut)


def test_a_gap_between_timestamps_keeps_what_follows_in_its_place(
    make_media: MakeMedia, tone: Path, tmp_path: Path
) -> None:
    opus = make_media("gap_source.webm", "-i", tone, "-c:a", "libopus")
    gap = tmp_path / "gap.mkv"
    jump = "setts=ts=if(gt(N\\,200)\\,TS+3000\\,TS)"
    run_ffmpeg("-i", opus, "-c", "copy", "-bsf:a", jump, gap)

    analysis = analysis_of(gap)

    assert analysis.duration_ms == pytest.approx(11_000, abs=100)
    assert len(analysis.unreadable) == 1
    assert analysis.unreadable[0].start_ms == pytest.approx(4_000, abs=NEAR_MS)
    assert analysis.unreadable[0].duration_ms == pytest.approx(3_000, abs=300)


def test_timestamps_that_run_backwards_are_refused(
    make_media: MakeMedia, tone: Path, tmp_path: Path
) -> None:
    opus = make_media("back_source.webm", "-i", tone, "-c:a", "libopus")
    back = tmp_path / "back.mkv"
    jump = "setts=ts=if(gt(N\\,250)\\,TS-3000\\,TS)"
    run_ffmpeg("-i", opus, "-c", "copy", "-bsf:a", jump, back)

    with pytest.raises(Unseekable, match="contradict"):
        analysis_of(back)


def test_streams_joined_end_to_end_in_which_a_jump_lands_elsewhere_are_refused(
    make_media: MakeMedia, speech: Path, tmp_path: Path
) -> None:
    opus = make_media("chain.ogg", "-i", speech, "-c:a", "libopus").read_bytes()
    chain = tmp_path / "chain.ogg"
    chain.write_bytes(opus + opus)

    with pytest.raises(Unseekable):
        analysis_of(chain)


def test_mp3_files_joined_end_to_end_are_one_recording(
    make_media: MakeMedia, speech: Path, tmp_path: Path
) -> None:
    mp3 = make_media("joined.mp3", "-i", speech).read_bytes()
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(mp3 + mp3)

    assert analysis_of(joined).duration_ms == pytest.approx(40_000, abs=200)


def test_decoding_stops_at_the_longest_that_may_be(make_media: MakeMedia) -> None:
    hours = ("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=3600")
    bomb = make_media("bomb.flac", *hours, "-compression_level", "12")
    told: list[int] = []

    with pytest.raises(TooLong) as stopped:
        analyse(bomb, limits=RecordingLimits(max_duration_ms=60_000), on_progress=told.append)

    assert bomb.stat().st_size < 3_000_000
    assert stopped.value.decoded_ms <= 80_000
    assert max(told) <= 60_000


def test_memory_does_not_grow_with_the_length(make_media: MakeMedia) -> None:
    def peak(minutes: int) -> int:
        noise = f"anoisesrc=r=16000:a=0.01:d={minutes * 60}"
        path = make_media(f"{minutes}.flac", "-f", "lavfi", "-i", noise)
        tracemalloc.start()
        analysis = analysis_of(path)
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert analysis.duration_ms == minutes * 60_000
        return memory

    peak(1)
    assert peak(5) < peak(2) + 2_000_000


def test_a_video_without_sound_is_no_audio(make_media: MakeMedia) -> None:
    film = make_media("mute.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-c:v", "libx264")

    with pytest.raises(NoAudio, match="no sound track"):
        analysis_of(film)


def test_the_sample_hearing_is_whole(speech: Path) -> None:
    analysis = analysis_of(Path(__file__).resolve().parents[2] / "sample" / "hearing.mp3")

    assert analysis.unreadable == ()
    assert total_ms(analysis.speech) > analysis.duration_ms // 2
    assert all(span.overlaps(Span(0, analysis.duration_ms)) for span in analysis.speech)
