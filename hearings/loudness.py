"""How loud each audio stream of a recording is, from a few seconds here and there."""

import math
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np

from hearings import ffmpeg
from hearings.ffmpeg import MediaError, Probe
from hearings.processes import ProcessLimits
from hearings.spans import Span
from hearings.tracks import Track

LISTENED_MS = 8_000
# At each place.
PLACES = 6
UNKNOWN_LENGTH_MS = 60_000
# Of a recording whose headers do not tell its length, only the beginning is looked at.
MOST_SECONDS = 30.0
# For all of it; what is not listened into by then is not known.
_LIMITS = ProcessLimits(wall_seconds=10, cpu_seconds=10, memory_bytes=2 * 1024**3)
# Of one place in one stream: a file without an index is read from its start.


def levels_of(path: Path, claims: Probe, positions: Collection[int]) -> Mapping[int, float]:
    """Return the mean level of these audio streams, dBFS by position, at the same places in each.

    A stream that is silent there, cannot be read or came too late has none. Raises FfmpegMissing.
    """
    ends_at = time.monotonic() + MOST_SECONDS
    squares = dict.fromkeys(positions, 0.0)
    counts = dict.fromkeys(squares, 0)
    for span in _places(claims.declared_duration_ms or UNKNOWN_LENGTH_MS):
        for position in squares:
            if time.monotonic() > ends_at:
                break
            samples = _sound(path, span, position)
            squares[position] += float(np.square(samples).sum())
            counts[position] += len(samples)
    return {
        position: round(10 * math.log10(squares[position] / counts[position]), 1)
        for position in squares
        if squares[position]
    }


def _places(duration_ms: int) -> Iterator[Span]:
    step = max(duration_ms // PLACES, LISTENED_MS)
    first = max(0, step - LISTENED_MS) // 2
    for start_ms in range(first, max(duration_ms, 1), step):
        yield Span(start_ms, start_ms + LISTENED_MS)


def _sound(path: Path, span: Span, position: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    try:
        pcm = ffmpeg.read_pcm(path, span, track=Track(position), limits=_LIMITS)
    except ffmpeg.FfmpegMissing:
        raise
    except MediaError:
        pcm = b""
    return np.frombuffer(pcm, "<i2").astype(np.float64) / 32_768
