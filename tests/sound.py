"""Sound for tests, as samples: what ffmpeg reads and makes, rooms, and how loud it is."""

import subprocess
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
SAMPLE = Path(__file__).resolve().parents[1] / "sample" / "hearing.mp3"
SPEECH_DBFS = -22.6
# Of the sample, where people speak.

Samples = NDArray[np.float32]
# Mono, 16 kHz, between -1 and 1.


def read(path: Path, *, start: float = 0, seconds: float = 3_600) -> Samples:
    """Return what ffmpeg hears in a file."""
    return _heard("-ss", str(start), "-t", str(seconds), "-i", str(path))


@cache
def sample(start: float = 0, seconds: float = 3_600) -> Samples:
    """Return the bundled hearing, or a part of it. Not to be changed."""
    return read(SAMPLE, start=start, seconds=seconds)


def generated(graph: str, seconds: float) -> Samples:
    """Return what a source of ffmpeg's (`-f lavfi`) makes."""
    return _heard("-f", "lavfi", "-t", str(seconds), "-i", graph)


@cache
def room(seconds: float, *, dbfs: float, seed: int = 1) -> Samples:
    """Return an empty room: air, traffic far away, and the mains. Not to be changed."""
    air = f"anoisesrc=color=pink:amplitude=0.5:r={RATE}:seed={seed}[air]"
    street = f"anoisesrc=color=brown:amplitude=0.5:r={RATE}:seed={seed + 1}[street]"
    mains = f"sine=60:r={RATE}[mains];sine=120:r={RATE}[hum]"
    mix = "[air][street][mains][hum]amix=inputs=4:weights=1 1.5 0.15 0.08"
    return at_level(generated(f"{air};{street};{mains};{mix}", seconds), dbfs)


def at_level(samples: Samples, dbfs: float) -> Samples:
    """Return *samples* with that root mean square."""
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return samples * np.float32(10 ** (dbfs / 20) / np.sqrt(power))


def softer(samples: Samples, decibels: float) -> Samples:
    return samples * np.float32(10 ** (-decibels / 20))


def echoing(samples: Samples, *, seconds: float = 0.8, seed: int = 3) -> Samples:
    """Return what a microphone far away in a hall hears, at the same level."""
    count = int(seconds * RATE)
    tail = np.random.default_rng(seed).standard_normal(count)
    tail *= 10 ** (-3 * np.arange(count) / count)
    tail *= 0.9 / np.sqrt(np.sum(tail**2))
    answer = np.concatenate([[0.1], np.zeros(RATE // 100), tail])
    size = 1 << (len(samples) + len(answer)).bit_length()
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(answer, size), size)
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return at_level(wet[: len(samples)].astype(np.float32), float(10 * np.log10(power)))


def as_recorded(samples: Samples) -> Samples:
    """Return *samples* as 16 bits keep them."""
    return (pcm(samples).astype(np.float32)) / np.float32(32_768)


def pcm(samples: Samples) -> NDArray[np.int16]:
    return np.round(np.clip(samples, -1, 1) * 32_767).astype("<i2")


def write(path: Path, samples: Samples, *options: str) -> Path:
    """Write a recording of the format that the name says, with further *options* of ffmpeg's."""
    _run(["-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "-", *options, str(path)], samples)
    return path


def _heard(*source: str) -> Samples:
    output = _run([*source, "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"])
    return np.frombuffer(output, np.float32)


def _run(arguments: list[str], samples: Samples | None = None) -> bytes:
    sent = None if samples is None else pcm(samples).tobytes()
    command = ["ffmpeg", "-loglevel", "error", "-nostdin", "-y", *arguments]
    if sent is not None:
        command.remove("-nostdin")
    return subprocess.run(command, input=sent, check=True, capture_output=True, timeout=600).stdout
