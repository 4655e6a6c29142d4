"""Recordings of which every word is known: so a whole run can be checked word for word."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from math import floor
from pathlib import Path
from typing import Self

import numpy as np

from tests.fake_api.answers import Answer
from tests.fake_api.arrivals import Arrival
from tests.fake_api.formats import HeardWord, heard_answer

RATE = 16_000
SHAPE = (1, 2, RATE)
KEY_BYTES = 32
# As much sound as names a place; the rest is compared.
STRIDE = 1_024
# Of so many places one is in the index.


class UnknownSound(LookupError):
    """The slice is no part of the recording: a defect of who cut it, or of the test."""


@dataclass(frozen=True)
class SpokenWord:
    """A word at its place in the whole recording."""

    text: str
    start_ms: float
    end_ms: float
    speaker: str = ""


@dataclass(frozen=True)
class Place:
    """Where a slice lies in the recording, in samples."""

    start: int
    # Of its first sample; negative where it begins with padding before the recording.
    sounds_from: int
    sounds_to: int
    # What of the recording is in it; the rest is zeros.

    def is_in(self, other: "Place") -> bool:
        return other.sounds_from <= self.sounds_from and self.sounds_to <= other.sounds_to


class KnownRecording:
    """A script: answers each slice with exactly the words whose middle is heard in it.

    *pcm* is 16 kHz mono of 16 bits, in which no two places sound alike: see `noise`. What a slice
    replaces by zeros, at its ends or between, is not compared; at its ends, it is not heard.
    """

    def __init__(self, pcm: bytes, words: Iterable[SpokenWord]) -> None:
        self.pcm = pcm
        self.words = sorted(words, key=lambda word: word.start_ms)
        self._samples = np.frombuffer(pcm, "<i2")
        self._places: dict[bytes, list[int]] = {}
        for at in range(0, len(self._samples) - KEY_BYTES // 2, STRIDE):
            key = pcm[at * 2 : at * 2 + KEY_BYTES]
            if any(key):
                self._places.setdefault(key, []).append(at)

    def __call__(self, arrival: Arrival) -> Answer:
        upload = arrival.upload
        if upload.format != SHAPE:
            raise UnknownSound(f"Only 16 kHz mono of 16 bits is known, not {upload.format}.")
        return heard_answer(arrival, self.heard_in(upload.pcm))

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    def heard_in(self, pcm: bytes) -> list[HeardWord]:
        """Return the words in a slice, with their times in it. Raises UnknownSound."""
        place = self.place_of(pcm)
        if place is None:
            return []
        first, last = place.sounds_from * 1000 / RATE, place.sounds_to * 1000 / RATE
        zero, length = place.start * 1000 / RATE, len(pcm) / 2 * 1000 / RATE
        return [
            HeardWord(
                word.text,
                max(0.0, word.start_ms - zero),
                min(length, word.end_ms - zero),
                word.speaker,
            )
            for word in self.words
            if first <= (word.start_ms + word.end_ms) / 2 < last
        ]

    def place_of(self, pcm: bytes) -> Place | None:
        """Return where the slice is from; None for silence. Raises UnknownSound."""
        sound = np.frombuffer(pcm, "<i2")
        (heard,) = np.nonzero(sound)
        if not len(heard):
            return None
        first, end = int(heard[0]), int(heard[-1]) + 1
        for start in self._candidates(pcm, first, end):
            if self._agrees(sound[first:end], start + first):
                return Place(start, start + first, start + end)
        raise UnknownSound(f"A slice of {len(sound)} samples is no part of the recording.")

    def _candidates(self, pcm: bytes, first: int, end: int) -> Iterator[int]:
        """Yield where the slice could begin."""
        for at in range(first, end - KEY_BYTES // 2):
            for place in self._places.get(pcm[at * 2 : at * 2 + KEY_BYTES], ()):
                yield place - at
        if end - first <= STRIDE + KEY_BYTES:
            yield from self._searched(pcm[first * 2 : end * 2], first)

    def _searched(self, sound: bytes, first: int) -> Iterator[int]:
        """Yield where so short a sound is by looking through the recording."""
        at = self.pcm.find(sound)
        while at >= 0:
            if at % 2 == 0:
                yield at // 2 - first
            at = self.pcm.find(sound, at + 1)

    def _agrees(self, sound: "np.typing.NDArray[np.int16]", at: int) -> bool:
        there = self._samples[max(at, 0) : at + len(sound)]
        same = len(there) == len(sound) and bool(np.all((there == sound) | (sound == 0)))
        return at >= 0 and same

    def save(self, folder: Path) -> tuple[Path, Path]:
        """Write samples and script into *folder*, as a server of its own process reads them."""
        sound, script = folder / "recording.pcm", folder / "script.json"
        sound.write_bytes(self.pcm)
        script.write_text(json.dumps([asdict(word) for word in self.words]), encoding="utf-8")
        return sound, script

    @classmethod
    def load(cls, sound: Path, script: Path) -> Self:
        values = json.loads(script.read_text(encoding="utf-8"))
        return cls(sound.read_bytes(), [SpokenWord(**value) for value in values])


def noise(seconds: float, *, seed: int = 1, loudness: int = 3_000) -> bytes:
    """Return 16 kHz mono noise, the same for the same seed. No two places of it sound alike."""
    count = floor(seconds * RATE)
    random = np.random.default_rng(seed)
    return random.integers(-loudness, loudness, count, dtype="<i2").tobytes()


def counted_words(
    seconds: float, *, each_ms: int = 400, speakers: int = 1, turn_words: int = 20
) -> list[SpokenWord]:
    """Return “w0 w1 …”, evenly, none twice; speakers take turns."""
    count = int(seconds * 1000 // each_ms)
    return [
        SpokenWord(
            f"w{number}",
            number * each_ms + each_ms * 0.1,
            number * each_ms + each_ms * 0.9,
            f"speaker {number // turn_words % speakers}",
        )
        for number in range(count)
    ]
