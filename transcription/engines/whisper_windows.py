"""The samples of what Whisper hears at once: a window, and silence up to its thirty seconds."""

import numpy as np
from numpy.typing import NDArray

from hearings.spans import Span
from transcription.engines.base import SAMPLE_RATE, AudioSlice

LONGEST_WINDOW_MS = 30_000
# What Whisper hears at once.
SAMPLES_PER_MS = SAMPLE_RATE // 1000
FULL_SCALE = np.float32(32_768)


def filled_up(audio: AudioSlice, window: Span) -> NDArray[np.float32]:
    """Return the samples of *window* in -1 to 1, and noughts up to what Whisper hears at once."""
    filled = np.zeros(LONGEST_WINDOW_MS * SAMPLES_PER_MS, np.float32)
    piece = samples_of(audio, window)
    filled[: len(piece)] = piece
    return filled


def samples_of(audio: AudioSlice, window: Span) -> NDArray[np.float32]:
    """Return the samples of *window* in -1 to 1."""
    samples = np.frombuffer(audio.pcm, dtype="<i2")
    found = samples[window.start_ms * SAMPLES_PER_MS : window.end_ms * SAMPLES_PER_MS]
    return found.astype(np.float32) / FULL_SCALE
