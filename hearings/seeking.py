"""Whether jumping into a recording arrives where reading it from the start would.

Slices are cut by jumping. Most files jump exactly; in a few (Ogg streams joined end to end, ADPCM
with a wrong byte rate) the decoder lands elsewhere, by seconds, without an error. So the one pass
keeps a few seconds of sound, and they are compared with what a jump to them gives.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearings.spans import Span

_SECOND = 16_000
# Samples.
_MOST_KEPT = 16
_COMPARED = 3
_QUIETEST = 50.0
# Root mean square of 16-bit samples; in less there is nothing to compare.
_SLACK = 800
# Samples, 50 ms: containers with coarse timestamps are off by that much, and it harms nobody.
_LIKENESS = 0.6
# Correlation; codecs with noise substitution never reach 1.
_AWAY_FROM_DAMAGE_MS = 5_000


@dataclass(frozen=True, slots=True)
class Landmark:
    """One second of sound and where it was met."""

    start_ms: int
    samples: NDArray[np.int16]

    @property
    def span(self) -> Span:
        return Span(self.start_ms, self.start_ms + 1000)

    def is_in(self, samples: NDArray[np.int16]) -> bool:
        """Say whether *samples* is the same second, give or take some milliseconds."""
        if len(samples) != len(self.samples):
            return False
        kept = self.samples[_SLACK:-_SLACK].astype(np.float64)
        return _likeness(samples.astype(np.float64), kept) >= _LIKENESS


class Landmarks:
    """A few loud seconds from the whole of a recording of any length, in bounded memory."""

    def __init__(self) -> None:
        self._kept: list[Landmark] = []
        self._stride = 1
        self._pages = 0

    def feed(self, page: NDArray[np.int16], start_ms: int) -> None:
        """Take the next stretch of the recording."""
        self._pages += 1
        if self._pages % self._stride:
            return
        landmark = _loudest_second(page, start_ms)
        if landmark:
            self._kept.append(landmark)
        if len(self._kept) > _MOST_KEPT:
            self._kept = self._kept[1::2]
            self._stride *= 2

    def chosen(self, damage: Iterable[Span]) -> tuple[Landmark, ...]:
        """Return the ones to compare: spread, the last among them, none near damage."""
        near = [
            Span(max(0, span.start_ms - _AWAY_FROM_DAMAGE_MS), span.end_ms + _AWAY_FROM_DAMAGE_MS)
            for span in damage
        ]
        sound = [mark for mark in self._kept if not any(map(mark.span.overlaps, near))]
        stride = max(1, len(sound) // _COMPARED)
        return tuple(sound[::-1][::stride][:_COMPARED])


def lands(marks: Iterable[Landmark], jump: Callable[[Span], bytes]) -> bool:
    """Say whether *jump* gives for each landmark the sound that was met there."""
    return all(mark.is_in(np.frombuffer(jump(mark.span), "<i2")) for mark in marks)


def _loudest_second(page: NDArray[np.int16], start_ms: int) -> Landmark | None:
    seconds = page[: len(page) // _SECOND * _SECOND].reshape(-1, _SECOND)
    if not len(seconds):
        return None
    loudness = seconds.std(axis=1, dtype=np.float32)
    loudest = int(loudness.argmax())
    if loudness[loudest] < _QUIETEST:
        return None
    return Landmark(start_ms + loudest * 1000, seconds[loudest].copy())


def _likeness(heard: NDArray[np.float64], kept: NDArray[np.float64]) -> float:
    """Return the correlation where *kept* fits best inside *heard*, which is longer."""
    size = len(heard)
    spectrum = np.fft.rfft(heard) * np.fft.rfft(kept, size).conj()
    products = np.fft.irfft(spectrum, size)[: size - len(kept) + 1]
    sums = np.concatenate([[0.0], np.cumsum(heard**2)])
    energies = (sums[len(kept) :] - sums[: -len(kept)]) * np.sum(kept**2)
    return float(np.max(products / np.sqrt(energies + 1)))
