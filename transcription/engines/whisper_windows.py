"""The samples of what Whisper hears at once: a window, and silence up to its thirty seconds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hearings.spans import Span
from transcription.engines.base import SAMPLE_RATE, AudioSlice

LONGEST_WINDOW_MS = 30_000
# What Whisper hears at once.
SAMPLES_PER_MS = SAMPLE_RATE // 1000
FULL_SCALE = np.float32(32_768)


def slots(count: int) -> list[Span]:
    """Return where *count* windows lie when they are laid out one after another."""
    starts = range(0, count * LONGEST_WINDOW_MS, LONGEST_WINDOW_MS)
    return [Span(at, at + LONGEST_WINDOW_MS) for at in starts]


def laid_out(audio: AudioSlice, windows: Sequence[Span]) -> NDArray[np.float32]:
    """Return the samples of *windows* in -1 to 1, each at the start of its slot."""
    laid = np.zeros((len(windows), LONGEST_WINDOW_MS * SAMPLES_PER_MS), np.float32)
    for row, window in zip(laid, windows, strict=True):
        piece = samples_of(audio, window)
        row[: len(piece)] = piece
    return laid.reshape(-1)


def samples_of(audio: AudioSlice, window: Span) -> NDArray[np.float32]:
    """Return the samples of *window* in -1 to 1."""
    samples = np.frombuffer(audio.pcm, dtype="<i2")
    found = samples[window.start_ms * SAMPLES_PER_MS : window.end_ms * SAMPLES_PER_MS]
    return found.astype(np.float32) / FULL_SCALE
