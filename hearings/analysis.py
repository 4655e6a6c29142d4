"""One pass over a recording, in constant memory: length, loudness, speech, and what is lost."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearings import ffmpeg
from hearings.ffmpeg import SAMPLE_RATE, MediaError, NoAudio, PcmStream, Probe, Unreadable
from hearings.policies import RecordingLimits
from hearings.seeking import Landmarks, lands
from hearings.spans import Span, clip_all, union
from hearings.speech import PAGE_SAMPLES, SpeechStream
from hearings.tracks import Track

_FULL_SCALE = np.float32(1 / 32_768)
_TIMED_CONTAINERS = frozenset({"mov", "matroska", "webm", "flac", "wav"})
# Their headers tell the true duration; a VBR MP3's often does not.
_MISSING_TAIL_MS = 2_000
# A shorter difference is rounding and codec delay.
_CLIPPED = np.float32(32_760 / 32_768)
# Samples as loud are at full scale.
_BLEMISH_MS = 200
# Less is a last packet cut short, in files that sound whole.

OnProgress = Callable[[int], None]
# Gets the milliseconds decoded so far.
OnSound = Callable[[bytes], None]
# Gets the samples, 16 kHz mono s16le, a page at a time.


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
    clipped_share: float = 0.0
    # Of the samples, at full scale.
    channel_peaks_dbfs: tuple[float | None, ...] = ()
    # Of each channel of its stream as recorded; None for digital silence.


class TooLong(MediaError):
    """Decoding was stopped: the recording is longer than any may be."""

    def __init__(self, decoded_ms: int) -> None:
        super().__init__("The recording is longer than any may be.")
        self.decoded_ms = decoded_ms


class Unseekable(MediaError):
    """A position in the file cannot be found again, so no slice of it could be trusted."""

    code = "unseekable"


class _Loudness:
    def __init__(self) -> None:
        self._squares = 0.0
        self._count = 0
        self._peak = 0.0
        self._clipped = 0

    def feed(self, samples: NDArray[np.float32]) -> None:
        self._squares += float(np.square(samples).sum(dtype=np.float64))
        self._count += len(samples)
        loudness = np.abs(samples)
        self._peak = max(self._peak, float(loudness.max(initial=0)))
        self._clipped += int(np.count_nonzero(loudness >= _CLIPPED))

    @property
    def clipped_share(self) -> float:
        return self._clipped / self._count

    @property
    def mean_dbfs(self) -> float | None:
        return _decibels(math.sqrt(self._squares / self._count))

    @property
    def peak_dbfs(self) -> float | None:
        return _decibels(self._peak)


def analyse(  # noqa: PLR0913 (what is read, and who is told of it)
    path: Path,
    *,
    limits: RecordingLimits,
    claims: Probe | None = None,
    track: Track = ffmpeg.FIRST,
    on_progress: OnProgress | None = None,
    on_sound: OnSound | None = None,
) -> Analysis:
    """Read *path* to its end. *claims* is its probe, where the caller has it. Raises MediaError.

    A small file can hold days of sound, so decoding stops at ``limits.max_duration_ms``.
    """
    claims = claims or ffmpeg.probe(path)
    if not claims.audio:
        raise NoAudio("The file has no sound track.")
    speech, loudness, landmarks = SpeechStream(), _Loudness(), Landmarks()
    sample_count = 0
    with ffmpeg.decode(path, track=track, with_peaks=True) as stream:
        for page in _pages(stream):
            samples = page.astype(np.float32) * _FULL_SCALE
            loudness.feed(samples)
            speech.feed(samples)
            landmarks.feed(page, sample_count * 1000 // SAMPLE_RATE)
            sample_count += len(page)
            if on_sound:
                on_sound(page.tobytes())
            _go_on(sample_count * 1000 // SAMPLE_RATE, limits, on_progress)
    duration_ms = sample_count * 1000 // SAMPLE_RATE
    if not duration_ms:
        raise Unreadable("The file holds no sound that can be read.")
    marks = landmarks.chosen(stream.damage)
    if stream.runs_backwards or not lands(marks, lambda span: _sound_at(path, span, track)):
        raise Unseekable("The time stamps in the recording contradict each other.")
    return Analysis(
        duration_ms=duration_ms,
        mean_dbfs=loudness.mean_dbfs,
        peak_dbfs=loudness.peak_dbfs,
        speech=speech.close(duration_ms),
        unreadable=_unreadable(stream.damage, duration_ms, claims),
        clipped_share=loudness.clipped_share,
        channel_peaks_dbfs=stream.channel_peaks_dbfs,
    )


def _sound_at(path: Path, span: Span, track: Track) -> bytes:
    try:
        return ffmpeg.read_pcm(path, span, track=track)
    except Unreadable:
        return b""


def _pages(stream: PcmStream) -> Iterator[NDArray[np.int16]]:
    """Yield the sound in pages of `PAGE_SAMPLES`, the last one shorter."""
    waiting = bytearray()
    for block in stream:
        waiting += block
        if len(waiting) >= PAGE_SAMPLES * 2:
            yield np.frombuffer(bytes(waiting[: PAGE_SAMPLES * 2]), "<i2")
            del waiting[: PAGE_SAMPLES * 2]
    if waiting:
        yield np.frombuffer(bytes(waiting), "<i2")


def _go_on(duration_ms: int, limits: RecordingLimits, on_progress: OnProgress | None) -> None:
    if duration_ms > limits.max_duration_ms:
        raise TooLong(duration_ms)
    if on_progress:
        on_progress(duration_ms)


def _unreadable(damage: tuple[Span, ...], duration_ms: int, claims: Probe) -> tuple[Span, ...]:
    """Return the damage inside the recording, and the tail that its container promised."""
    clipped = clip_all(damage, Span(0, duration_ms))
    inside = tuple(span for span in clipped if span.duration_ms >= _BLEMISH_MS)
    promised_ms = claims.declared_duration_ms or 0
    if (
        _TIMED_CONTAINERS.isdisjoint(claims.format_name.split(","))
        or promised_ms < duration_ms + _MISSING_TAIL_MS
    ):
        return inside
    return union([*inside, Span(duration_ms, promised_ms)])


def _decibels(amplitude: float) -> float | None:
    return round(20 * math.log10(amplitude), 1) if amplitude > 0 else None
