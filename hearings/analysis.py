"""One pass over a recording, in constant memory: length, loudness, speech, and what is lost."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearings.ffmpeg import BYTES_PER_MS, NoAudio, PcmStream, Probe, Unreadable, decode, probe
from hearings.policies import RecordingLimits
from hearings.spans import Span, clip_all
from hearings.speech import SpeechStream

_FULL_SCALE = np.float32(1 / 32_768)
_TIMED_CONTAINERS = frozenset({"mov", "matroska", "webm", "flac", "wav"})
# Their headers tell the true duration; a VBR MP3's often does not.
_MISSING_TAIL_MS = 2_000
# A shorter difference is rounding and codec delay.


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one pass over the sound showed."""

    duration_ms: int
    # Decoded.
    mean_dbfs: float | None
    # Root mean square of the whole; None for digital silence.
    peak_dbfs: float | None
    speech: tuple[Span, ...]
    unreadable: tuple[Span, ...]
    # Where the decoder complained or left a gap; reaches beyond the end of a file cut short.


class TooLong(Unreadable):
    """Decoding was stopped: the recording is longer than any may be."""


class _Loudness:
    def __init__(self) -> None:
        self._squares = 0.0
        self._count = 0
        self._peak = 0.0

    def feed(self, samples: NDArray[np.float32]) -> None:
        self._squares += float(np.dot(samples, samples))
        self._count += len(samples)
        self._peak = max(self._peak, float(np.abs(samples).max(initial=0)))

    @property
    def mean_dbfs(self) -> float | None:
        return _decibels(math.sqrt(self._squares / self._count)) if self._count else None

    @property
    def peak_dbfs(self) -> float | None:
        return _decibels(self._peak)


def analyse(
    path: Path,
    *,
    limits: RecordingLimits,
    claims: Probe | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Analysis:
    """Read *path* to its end; *on_progress* gets the milliseconds decoded. Raises MediaError.

    A small file can hold days of sound, so decoding stops at ``limits.max_duration_ms``.
    """
    claims = claims or probe(path)
    if not claims.audio:
        raise NoAudio("The file has no sound track; upload the recording with its sound.")
    speech, loudness = SpeechStream(), _Loudness()
    with decode(path) as stream:
        for block in stream:
            samples = np.frombuffer(block, "<i2").astype(np.float32) * _FULL_SCALE
            loudness.feed(samples)
            speech.feed(samples)
            _go_on(stream, limits, on_progress)
    duration_ms = stream.byte_count // BYTES_PER_MS
    if not duration_ms:
        raise Unreadable("The file holds no sound that can be read.")
    return Analysis(
        duration_ms=duration_ms,
        mean_dbfs=loudness.mean_dbfs,
        peak_dbfs=loudness.peak_dbfs,
        speech=speech.close(duration_ms),
        unreadable=_unreadable(stream.damage, duration_ms, claims),
    )


def _go_on(
    stream: PcmStream, limits: RecordingLimits, on_progress: Callable[[int], None] | None
) -> None:
    decoded_ms = stream.byte_count // BYTES_PER_MS
    if decoded_ms > limits.max_duration_ms:
        raise TooLong(f"The recording is longer than {limits.max_duration_ms / 3_600_000:g} hours.")
    if on_progress:
        on_progress(decoded_ms)


def _unreadable(damage: tuple[Span, ...], duration_ms: int, claims: Probe) -> tuple[Span, ...]:
    """Return the damage inside the recording, and the tail that its container promised."""
    inside = clip_all(damage, Span(0, duration_ms))
    promised_ms = claims.declared_duration_ms or 0
    if (
        _TIMED_CONTAINERS.isdisjoint(claims.format_name.split(","))
        or promised_ms < duration_ms + _MISSING_TAIL_MS
    ):
        return inside
    return (*inside, Span(duration_ms, promised_ms))


def _decibels(amplitude: float) -> float | None:
    return round(20 * math.log10(amplitude), 1) if amplitude > 0 else None
