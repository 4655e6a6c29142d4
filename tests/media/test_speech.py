"""Silero as a stream: the same answers as over the whole recording at once."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hearings.spans import Span, gaps, intersect, total_ms, union
from hearings.speech import PAGE_SAMPLES, SpeechDetector, SpeechRules, SpeechSpans, SpeechStream
from tests import sound
from tests.media.conftest import SPEECH
from transcription.policies import ChunkingPolicy

WINDOW = 512


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    """Give forty seconds of the sample hearing."""
    command = ["ffmpeg", "-loglevel", "error", "-nostdin", "-i", str(SPEECH), "-t", "40"]
    command += ["-ac", "1", "-ar", "16000", "-f", "s16le", "-"]
    pcm = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768


def spans_of(probabilities: list[float], **rules: float) -> list[tuple[int, int]]:
    """Return what is found, counted in windows of 32 ms."""
    detector = SpeechSpans(SpeechRules(**rules))  # type: ignore[arg-type]
    found = [*detector.feed(np.array(probabilities, np.float32)), *detector.close()]
    return [(span.start_ms // 32, span.end_ms // 32) for span in found]


@pytest.mark.parametrize("windows_a_block", [1, 7, 625])
def test_blocks_give_the_same_probabilities_as_the_whole(
    samples: np.ndarray, windows_a_block: int
) -> None:
    whole_windows = samples[: 300 * WINDOW]
    whole = SpeechDetector().probabilities(whole_windows)

    detector, size = SpeechDetector(), windows_a_block * WINDOW
    starts = range(0, len(whole_windows), size)
    blocks = [detector.probabilities(whole_windows[start : start + size]) for start in starts]

    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-5)


def test_the_stream_agrees_with_the_package_that_ships_the_model(samples: np.ndarray) -> None:
    from faster_whisper.vad import get_vad_model

    whole = samples[: len(samples) // WINDOW * WINDOW]

    ours = SpeechDetector().probabilities(whole)

    # The package blanks the end of the last window, which is padding when it calls itself.
    theirs = get_vad_model()(whole.copy()).reshape(-1)
    np.testing.assert_allclose(ours[:-1], theirs[:-1], atol=1e-5)


def test_speech_is_found_and_the_pauses_between_sentences_too(samples: np.ndarray) -> None:
    stream = SpeechStream()
    stream.feed(samples)
    found = stream.close(len(samples) // 16)

    assert sum(span.duration_ms for span in found) > 20_000
    assert len(gaps(found, Span(0, len(samples) // 16))) >= 3
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(found))


def test_silence_and_a_tone_are_no_speech() -> None:
    tone = np.sin(np.arange(160_000, dtype=np.float32) * 0.17) * np.float32(0.3)
    for samples in (np.zeros(160_000, np.float32), tone):
        stream = SpeechStream()
        stream.feed(samples)
        assert stream.close(10_000) == ()


@pytest.fixture(scope="module")
def heard() -> tuple[Span, ...]:
    """Give where people speak in the sample."""
    return speech_in(sound.sample())


def speech_in(samples: sound.Samples) -> tuple[Span, ...]:
    """Return what is found in a recording, read in pages as the analysis does."""
    stream, recorded = SpeechStream(), sound.as_recorded(samples)
    for at in range(0, len(recorded), PAGE_SAMPLES):
        stream.feed(recorded[at : at + PAGE_SAMPLES])
    return stream.close(len(recorded) * 1000 // sound.RATE)


def share_found(heard: tuple[Span, ...], samples: sound.Samples) -> float:
    return total_ms(intersect(heard, speech_in(samples))) / total_ms(heard)


def sent(heard: tuple[Span, ...], samples: sound.Samples) -> float:
    """Return the share of the speech that an engine gets to hear."""
    policy = ChunkingPolicy()
    found = union(speech_in(samples), bridge_ms=policy.silence_ms)
    around = [
        Span(max(0, s.start_ms - policy.margin_ms), s.end_ms + policy.margin_ms) for s in found
    ]
    return total_ms(intersect(heard, around)) / total_ms(heard)


def noise(ratio: float) -> sound.Samples:
    """Return a room as long as the sample, by *ratio* decibels softer than who speaks in it."""
    long_enough = sound.room(230, dbfs=sound.SPEECH_DBFS - ratio)
    return long_enough[: len(sound.sample())]


@pytest.mark.parametrize("decibels", [30, 40, 56])
def test_soft_speech_is_speech(heard: tuple[Span, ...], decibels: float) -> None:
    soft = sound.softer(sound.sample(), decibels)

    assert share_found(heard, soft) > 0.97
    assert sent(heard, soft) > 0.999


@pytest.mark.parametrize("ratio", [10, 5, 0])
def test_speech_in_a_noisy_room_is_speech(heard: tuple[Span, ...], ratio: float) -> None:
    assert sent(heard, sound.sample() + noise(ratio)) > 0.995


@pytest.mark.parametrize("ratio", [10, 5, 3])
def test_speech_far_from_the_microphone_is_speech(heard: tuple[Span, ...], ratio: float) -> None:
    far = sound.softer(sound.echoing(sound.sample()) + noise(ratio), 30)

    assert sent(heard, far) > 0.99


def test_a_soft_voice_between_loud_ones_is_speech(heard: tuple[Span, ...]) -> None:
    turns = sound.sample().copy()
    for start in range(10, 200, 20):
        at = slice(start * sound.RATE, (start + 10) * sound.RATE)
        turns[at] = sound.softer(turns[at], 40)

    assert sent(heard, turns) > 0.99


@pytest.mark.parametrize(("softer_by", "room_dbfs"), [(0, -50), (0, -40), (15, -50), (30, -65)])
def test_the_first_words_after_a_long_wait_are_found(softer_by: float, room_dbfs: float) -> None:
    waiting = sound.room(60, dbfs=room_dbfs)
    for start_ms in (4_699, 50_320, 103_654, 163_979, 204_878):
        words = sound.softer(sound.sample(start_ms / 1000, 3), softer_by)
        noise = sound.room(30, dbfs=room_dbfs, seed=9)[: len(words)]

        found = speech_in(np.concatenate([waiting, words + noise]))

        assert found and abs(found[0].start_ms - 60_000) < 200


@pytest.mark.parametrize("dbfs", [-70, -55, -35])
@pytest.mark.parametrize(
    "source", ["room", "color=white", "color=pink", "color=brown", "color=violet"]
)
def test_noise_is_no_speech_however_loud(source: str, dbfs: float) -> None:
    graph = f"anoisesrc={source}:r=16000:seed=7"
    made = sound.room(60, dbfs=dbfs) if source == "room" else sound.generated(graph, 60)

    assert speech_in(sound.at_level(made, dbfs)) == ()


def test_a_soft_tone_and_what_a_codec_makes_of_noise_are_no_speech(tmp_path: Path) -> None:
    room = sound.write(tmp_path / "room.mp3", sound.room(60, dbfs=-62), "-b:a", "32k")

    assert speech_in(sound.read(room)) == ()
    assert speech_in(sound.at_level(sound.generated("sine=440:r=16000", 10), -50)) == ()


def test_a_recording_shorter_than_a_window_is_taken() -> None:
    stream = SpeechStream()
    stream.feed(np.zeros(100, np.float32))
    assert stream.close(6) == ()


@pytest.mark.parametrize(
    ("probabilities", "found"),
    [
        ([0.1] * 20, []),
        ([0.1, 0.9, 0.9, *[0.1] * 9], [(1, 3)]),
        ([0.9, 0.9, 0.1, 0.1, 0.9, *[0.1] * 9], [(0, 5)]),
        ([0.9, *[0.4] * 30, 0.9, *[0.1] * 9], [(0, 32)]),
        ([0.4] * 30, []),
        ([0.9, *[0.1] * 5, 0.9, *[0.1] * 5], [(0, 1), (6, 7)]),
        ([0.1, 0.9, 0.9], [(1, 3)]),
        ([0.9, 0.9, 0.1, 0.1], [(0, 2)]),
        ([0.9, 0.1, 0.1, 0.4, 0.1, 0.1, 0.9], [(0, 1), (6, 7)]),
    ],
    ids=[
        "silence",
        "a word",
        "a short pause belongs to the speech",
        "doubtful sound after speech stays speech",
        "doubtful sound alone is none",
        "a long pause parts",
        "speech up to the end",
        "a pause up to the end is cut off",
        "a pause goes on through doubtful sound",
    ],
)
def test_probabilities_become_stretches(
    probabilities: list[float], found: list[tuple[int, int]]
) -> None:
    assert spans_of(probabilities) == found


def test_padding_is_shared_by_neighbours_and_stays_inside(samples: np.ndarray) -> None:
    end_ms = len(samples) // 16
    bare, padded = SpeechStream(SpeechRules(pad_ms=0)), SpeechStream(SpeechRules(pad_ms=10_000))
    for stream in (bare, padded):
        stream.feed(samples)

    tight, wide = bare.close(end_ms), padded.close(end_ms)

    assert len(tight) == len(wide)
    assert all(
        w.start_ms <= t.start_ms and t.end_ms <= w.end_ms for t, w in zip(tight, wide, strict=True)
    )
    assert wide[0].start_ms == 0
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(wide))
    assert wide[-1].end_ms <= end_ms


def test_the_model_is_found_without_its_heavy_package() -> None:
    code = (
        "import sys; from hearings.speech import SpeechDetector; SpeechDetector();"
        "sys.exit('faster_whisper' in sys.modules or 'ctranslate2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
