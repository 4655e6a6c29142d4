"""The samples of what Whisper hears at once: a window, and silence up to its thirty seconds."""

import numpy as np
from numpy.typing import NDArray

from hearings.spans import Span
from transcription.engines.base import SAMPLE_RATE, AudioSlice

LONGEST_WINDOW_MS = 30_000
# What Whisper hears at once.
SAMPLES_PER_MS = SAMPLE_RATE // 1000
FULL_SCALE = np.float32(32_768)


SLOT = Span(LONGEST_WINDOW_MS, 2 * LONGEST_WINDOW_MS)
# Where a window lies in what `laid_out` returns. faster-whisper lets the first word after a pause
# be no longer than most are, and knows of no pause where a sound begins.


def laid_out(audio: AudioSlice, window: Span) -> NDArray[np.float32]:
    """Return the samples of *window* in -1 to 1 in SLOT, and noughts before and after them."""
    laid = np.zeros(SLOT.end_ms * SAMPLES_PER_MS, np.float32)
    piece = samples_of(audio, window)
    start = SLOT.start_ms * SAMPLES_PER_MS
    laid[start : start + len(piece)] = piece
    return laid


def samples_of(audio: AudioSlice, window: Span) -> NDArray[np.float32]:
    """Return the samples of *window* in -1 to 1."""
    samples = np.frombuffer(audio.pcm, dtype="<i2")
    found = samples[window.start_ms * SAMPLES_PER_MS : window.end_ms * SAMPLES_PER_MS]
    return found.astype(np.float32) / FULL_SCALE
