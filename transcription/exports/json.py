"""The transcript for programs: the format `senate-audio/1`, in seconds from the start."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from transcription.coverage import Coverage
from transcription.exports.transcript import (
    HearingFacts,
    RunFacts,
    Transcript,
    TranscriptSegment,
)
from transcription.names import Correction
from transcription.words import Word

FORMAT = "senate-audio/1"


def render(transcript: Transcript) -> bytes:
    """Return the transcript as JSON; what was not measured is null."""
    return b"".join(_pieces(transcript))


def _pieces(transcript: Transcript) -> Iterator[bytes]:
    """Yield it sentence by sentence: as values of Python, words take twenty times the room."""
    yield _encoded(
        {
            "format": FORMAT,
            "hearing": _hearing(transcript.hearing),
            "run": _run(transcript.run),
            "coverage": _coverage(transcript.coverage),
        }
    ).removesuffix(b"}")
    yield b', "segments": ['
    for index, segment in enumerate(transcript.segments):
        yield b", " * bool(index) + _encoded(_segment(segment))
    yield b"]}\n"


def _encoded(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _hearing(hearing: HearingFacts) -> dict[str, Any]:
    return {
        "slug": hearing.slug,
        "title": hearing.title,
        "committee": hearing.committee_code,
        "date": hearing.date.isoformat(),
        "duration": _seconds(hearing.duration_ms),
        "recording_sha256": hearing.recording_sha256,
    }


def _run(run: RunFacts) -> dict[str, Any]:
    return {
        "id": run.id,
        "engine": run.engine,
        "model": run.model,
        "language": run.language,
        "status": run.status,
        "method": run.method,
        "track": run.track or None,
        "from": None if run.stretch is None else _seconds(run.stretch.start_ms),
        "to": None if run.stretch is None else _seconds(run.stretch.end_ms),
        "started_at": _instant(run.started_at),
        "finished_at": _instant(run.finished_at),
        "processing_seconds": run.processing_seconds,
        "validation_score": run.validation_score,
        "chunks": run.chunks,
        "chunks_failed": run.chunks_failed,
        "billed_seconds": run.billed_seconds,
        "cost_usd": run.cost_usd,
        "seams": [_seconds(seam) for seam in run.seams_ms],
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "speech": _seconds(coverage.speech_ms),
        "transcribed": _seconds(coverage.transcribed_ms),
        "silence": _seconds(coverage.silence_ms),
        "missing": [
            {
                "start": _seconds(gap.span.start_ms),
                "end": _seconds(gap.span.end_ms),
                "reason": gap.reason,
            }
            for gap in coverage.without_text
        ],
        "unaccounted": _seconds(coverage.unaccounted_ms),
    }


def _segment(segment: TranscriptSegment) -> dict[str, Any]:
    return {
        "start": _seconds(segment.start_ms),
        "end": _seconds(segment.end_ms),
        "text": segment.text,
        "speaker": segment.speaker,
        "confidence": segment.confidence,
        "flags": list(segment.flags),
        "words": [_word(word) for word in segment.words],
        "corrections": [_correction(found) for found in segment.corrections],
    }


def _word(word: Word) -> dict[str, Any]:
    return {
        "start": _seconds(word.start_ms),
        "end": _seconds(word.end_ms),
        "word": word.text,
        "confidence": word.confidence,
        "timing": word.timing.value,
    }


def _correction(found: Correction) -> dict[str, Any]:
    return {
        "word": found.word,
        "stands": found.stands,
        "proposed": found.proposed,
        "reason": found.reason,
    }


def _seconds(milliseconds: int) -> float:
    return milliseconds / 1000


def _instant(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else None
