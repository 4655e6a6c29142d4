"""A chunk's audio, made when it is needed: complete, and with its length in its header."""

from pathlib import Path

from hearings import ffmpeg
from hearings.models import Hearing
from hearings.spans import Span, clip_all
from transcription.engines.base import AccessRefused, AudioRejected, AudioSlice
from transcription.models import Chunk


def slice_of(chunk: Chunk) -> AudioSlice:
    """Return the audio of *chunk*. Raises AudioRejected, or AccessRefused without an ffmpeg."""
    hearing = chunk.run.hearing
    speech = clip_all(hearing.analysis.speech_spans, chunk.span)
    try:
        pcm = ffmpeg.read_pcm(recording_file(hearing), chunk.span)
    except ffmpeg.FfmpegMissing as error:
        raise AccessRefused(str(error)) from error
    except ffmpeg.MediaError as error:
        raise AudioRejected(str(error)) from error
    return AudioSlice(
        pcm=pcm,
        span=chunk.span,
        windows=_from_start(chunk.window_spans, chunk.start_ms),
        speech=_from_start(speech, chunk.start_ms),
    )


def recording_file(hearing: Hearing) -> Path:
    """Return the recording's path on this host."""
    return Path(hearing.recording.path)


def _from_start(spans: tuple[Span, ...], offset_ms: int) -> tuple[Span, ...]:
    return tuple(Span(s.start_ms - offset_ms, s.end_ms - offset_ms) for s in spans)
