"""Sound that is hard or impossible to hear: each run ends, with what there was to hear.

Every second is accounted for, and where nobody speaks nothing is sent. In full (PROOF=full) the
longest recording lasts half a day, else less than half an hour.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import psutil
import pytest

from tests import sound
from tests.end_to_end.conftest import Served, ffmpeg, plain_english
from tests.end_to_end.world import Command, World
from tests.fake_api import FakeApi
from transcription.evaluation import word_errors

pytestmark = pytest.mark.processes

PROOF = os.environ.get("PROOF") == "full"
START, SECONDS = 103.1, 23.7
# Of the sample, between two pauses: one witness.
SAID = (
    "Thank you, Mr. Chairman. I have run the harbor at Port Ellery for 22 years, and I have never"
    " seen a season like the last one."
)
SPANISH = Path(__file__).parent / "data" / "spanish.mp3"
# By espeak-ng 1.51, voice "es", 150 words a minute: a witness who asks for money for a harbor.
HEARD_SECONDS = 12 * 3_600 - 60 if PROOF else 1_500
MOST_MB_A_PROCESS = 400
PATIENCE_SECONDS = 3_600.0


def spoken() -> sound.Samples:
    return sound.sample(START, SECONDS)


def tune(seconds: float) -> sound.Samples:
    """Return a melody over chords, as a string instrument might play it."""
    chance = np.random.default_rng(5)
    count = int(seconds * sound.RATE)
    found = np.zeros(count + 4 * sound.RATE)
    for number in range(int(seconds * 2)):
        notes = [(chance.choice([262, 294, 330, 349, 392, 440, 494, 523]), 1.0, 1)]
        if number % 4 == 0:
            notes += [(131 * step, 0.4, 3) for step in (1, 1.26, 1.5)]
        for pitch, loudness, length in notes:
            time = np.arange(length * sound.RATE) / sound.RATE
            envelope = loudness * np.minimum(1, time / 0.02) * np.exp(-3 * time / length)
            at = number * sound.RATE // 2
            for overtone in (1, 2, 3, 4):
                tone = np.sin(2 * np.pi * pitch * overtone * time) / overtone
                found[at : at + len(time)] += envelope * tone
    return sound.at_level(found[:count].astype(np.float32), -22)


def one_channel_empty(path: Path) -> Path:
    return sound.write(path, spoken(), "-af", "pan=stereo|c1=c0")


def by_telephone(path: Path) -> Path:
    return sound.write(path, spoken(), "-ar", "8000", "-c:a", "pcm_mulaw")


def overdriven(path: Path) -> Path:
    return sound.write(path, sound.softer(spoken(), -30))


def before_music(path: Path) -> Path:
    return sound.write(path, spoken() + sound.softer(tune(SECONDS)[: len(spoken())], 12))


def accounted(transcript: dict[str, Any]) -> dict[str, Any]:
    """Return the coverage, of which every second has its place."""
    coverage: dict[str, Any] = transcript["coverage"]
    missing = sum(gap["end"] - gap["start"] for gap in coverage["missing"])
    held = coverage["transcribed"] + coverage["silence"] + missing
    assert held == pytest.approx(transcript["hearing"]["duration"])
    assert coverage["unaccounted"] == 0
    return coverage


HARD = {
    "empty-channel.wav": one_channel_empty,
    "telephone.wav": by_telephone,
    "clipped.flac": overdriven,
    "music-behind.flac": before_music,
}


@pytest.mark.parametrize("name", HARD)
def test_speech_in_bad_sound_is_all_sent(served: Served, tmp_path: Path, name: str) -> None:
    served.api.answer = plain_english

    done = served.world.transcribe(HARD[name](tmp_path / name), "--format", "json")

    assert done.code == 0, done.err
    coverage = accounted(done.transcript)
    assert coverage["missing"] == []
    assert coverage["transcribed"] > 0.6 * SECONDS
    assert done.transcript["run"]["billed_seconds"] > 0.9 * SECONDS


@pytest.mark.parametrize("source", ["sine=440:r=16000", "sine=60:r=16000", "anoisesrc=r=16000"])
def test_a_tone_or_a_hiss_is_told_as_without_speech_and_costs_nothing(
    served: Served, tmp_path: Path, source: str
) -> None:
    samples = sound.at_level(sound.generated(source, 20), -25)
    before = len(served.api.arrivals)

    done = served.world.transcribe(
        sound.write(tmp_path / "sound.flac", samples), "--format", "json"
    )

    assert done.code == 0, done.err
    coverage = accounted(done.transcript)
    assert (coverage["silence"], coverage["missing"]) == (20, [])
    assert len(served.api.arrivals) == before


def test_a_channel_that_is_empty_takes_at_most_half_of_the_level(tmp_path: Path) -> None:
    heard = sound.read(one_channel_empty(tmp_path / "one.wav"))

    loss = 10 * np.log10(np.mean(spoken() ** 2) / np.mean(heard**2))
    assert loss <= 6.1


@pytest.mark.model
@pytest.mark.parametrize("name", HARD)
def test_the_embedded_engine_hears_what_there_is_to_hear(
    served: Served, tmp_path: Path, model: Path, name: str
) -> None:
    done = served.world.transcribe(
        HARD[name](tmp_path / name),
        "--engine",
        "whisper",
        "--model",
        str(model),
        "--format",
        "json",
    )

    assert done.code == 0, done.err
    accounted(done.transcript)
    heard = done.words[: len(SAID.split())]
    assert word_errors(SAID, " ".join(heard)).rate < 0.2


@pytest.mark.model
def test_who_speaks_another_language_is_told_with_the_times(
    served: Served, tmp_path: Path, model: Path
) -> None:
    between = np.zeros(5 * sound.RATE, np.float32)
    samples = np.concatenate([spoken(), between, sound.read(SPANISH)])
    both = sound.write(tmp_path / "two languages.flac", samples)

    done = served.world.transcribe(
        both, "--engine", "whisper", "--model", str(model), "--format", "json"
    )

    assert done.code == 0, done.err
    accounted(done.transcript)
    told = {
        flag for s in done.transcript["segments"] if s["start"] > SECONDS for flag in s["flags"]
    }
    (sentence,) = (flag for flag in told if "sounds like “es”" in flag)
    # Spanish begins at 0:28.7. Whether its first sentence is in doubt hangs on the last digits of
    # the processor's arithmetic.
    assert re.match("0:(28|3[0-3]) to 0:4[34]: ", sentence)


@pytest.mark.model
def test_what_the_embedded_engine_makes_of_music_is_doubtful(
    served: Served, tmp_path: Path, model: Path
) -> None:
    music = sound.write(tmp_path / "music.flac", tune(20))  # one note of it sounds like speech

    done = served.world.transcribe(
        music, "--engine", "whisper", "--model", str(model), "--format", "json"
    )

    assert done.code == 0, done.err
    assert accounted(done.transcript)["silence"] > 15
    assert done.transcript["segments"]
    assert all(segment["flags"] for segment in done.transcript["segments"])


def test_a_long_recording_ends_in_bounded_memory(
    world: World, api: FakeApi, tmp_path: Path
) -> None:
    api.answer = plain_english
    turn = np.concatenate([sound.sample(), sound.room(600, dbfs=-50)])
    once = sound.write(tmp_path / "once.mp3", turn, "-b:a", "48k")
    day = tmp_path / "day.mp3"
    ffmpeg(
        *("-stream_loop", "-1", "-t", str(HEARD_SECONDS), "-i", str(once)),
        *("-c", "copy", str(day)),
    )

    with world.start(
        *("transcribe_hearing", str(day), "--format", "json"),
        RATE_LIMIT_CAPACITY="1000",
        RATE_LIMIT_PER_MINUTE="1000",
    ) as command:
        most_mb = watched(command)
        done = command.finished()

    assert done.code == 0, done.err
    print(f"most memory of one process: {most_mb:.0f} MB")  # noqa: T201
    assert most_mb < MOST_MB_A_PROCESS
    coverage = accounted(done.transcript)
    assert coverage["missing"] == []
    assert done.transcript["hearing"]["duration"] == pytest.approx(HEARD_SECONDS, abs=5)
    assert done.transcript["run"]["billed_seconds"] < 0.35 * HEARD_SECONDS


def watched(command: Command) -> float:
    """Return the most memory, in MB, that a process of the command had, once it has ended."""
    most, never = 0, Event()
    for _ in range(int(PATIENCE_SECONDS / 0.25)):
        for process in command.family():
            with suppress(psutil.NoSuchProcess):
                most = max(most, process.memory_info().rss)
        if has_ended(command):
            break
        never.wait(0.25)
    return most / 1024**2


def has_ended(command: Command) -> bool:
    try:
        return command.family()[0].status() == psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, IndexError):
        return True
