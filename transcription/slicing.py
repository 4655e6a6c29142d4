"""A chunk's audio, made when it is needed: complete, and with its length in its header."""

from pathlib import Path

from django.conf import settings

from hearings import ffmpeg, spool
from hearings.models import Hearing, RecordingAnalysis
from hearings.spans import Span
from hearings.tracks import decoded
from transcription.engines.base import AccessRefused, AudioSlice, AudioUnreadable, Encoding
from transcription.models import Chunk


def slice_of(chunk: Chunk) -> AudioSlice:
    """Return the audio of *chunk*. Raises AudioUnreadable, or AccessRefused without an ffmpeg."""
    hearing = chunk.run.hearing
    speech = RecordingAnalysis.objects.filter(hearing=hearing).speech_in(chunk.span)
    try:
        pcm = sound_of(
            recording_file(hearing),
            chunk.span,
            sha256=hearing.recording_sha256,
            track=chunk.run.track,
            duration_ms=hearing.duration_ms,
        )
    except ffmpeg.FfmpegMissing as error:
        raise AccessRefused(str(error)) from error
    except ffmpeg.MediaError as error:
        raise AudioUnreadable(str(error)) from error
    return AudioSlice(
        pcm=pcm,
        span=chunk.span,
        windows=_from_start(chunk.window_spans, chunk.start_ms),
        speech=_from_start(speech, chunk.start_ms),
        encoding=Encoding(chunk.encoding),
        source=spool.key(hearing.recording_sha256, chunk.run.track),
    )


def sound_of(path: Path, span: Span, *, sha256: str, track: str, duration_ms: int | None) -> bytes:
    """Return the samples of *span*: those that were analysed, where they are kept, else cut anew.

    Raises MediaError.
    """
    name = spool.key(sha256, track)
    kept = spool.read(settings.SCRATCH, name, span, duration_ms=duration_ms)
    return ffmpeg.read_pcm(path, span, track=decoded(track)) if kept is None else kept


def recording_file(hearing: Hearing) -> Path:
    """Return the recording's path on this host."""
    return Path(hearing.recording.path)


def _from_start(spans: tuple[Span, ...], offset_ms: int) -> tuple[Span, ...]:
    return tuple(span.shifted(-offset_ms) for span in spans)
