"""Rows for tests, complete enough to satisfy every constraint."""

from datetime import UTC, date, datetime
from typing import Any

from django.core.files.base import ContentFile

from hearings.models import CheckStatus, Hearing, RecordingAnalysis
from transcription.models import Chunk, ChunkStatus, Run, RunStatus, Segment
from transcription.words import Word

NOW = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)


def make_hearing(
    *, content: bytes = b"not really audio", speech: Any = None, **values: Any
) -> Hearing:
    """Return an accepted hearing of one minute (or ``duration_ms``) with its analysis."""
    values = {
        "title": "Oversight of the Weather Service",
        "date": date(2026, 3, 12),
        "recording": ContentFile(content, name="x"),
        "recording_name": "hearing.mp3",
        "recording_bytes": len(content),
        "recording_sha256": "0" * 64,
        "duration_ms": 60_000,
        "check_status": CheckStatus.ACCEPTED,
    } | values
    hearing = Hearing.objects.create(**values)
    if hearing.duration_ms:
        RecordingAnalysis.objects.create(
            hearing=hearing,
            duration_ms=hearing.duration_ms,
            mean_dbfs=-23.0,
            peak_dbfs=-3.0,
            speech=speech if speech is not None else [[0, hearing.duration_ms]],
        )
    return hearing


def make_run(hearing: Hearing | None = None, **values: Any) -> Run:
    """Return a run; ``finished_at`` is set where its status wants it."""
    values = {
        "status": RunStatus.TRANSCRIBING,
        "engine": "scripted",
        "model": "script",
        "language": "en",
        "method": Run.Method.PARALLEL,
        "parallel": 3,
        "settings_key": "k",
        "created_at": NOW,
    } | values
    if values["status"] in Run.TERMINAL:
        values.setdefault("finished_at", NOW)
    return Run.objects.create(hearing=hearing or make_hearing(), **values)


def make_chunk(run: Run, index: int = 0, **values: Any) -> Chunk:
    """Return a waiting chunk of ten seconds, placed by its index."""
    values = {"start_ms": index * 10_000, "end_ms": (index + 1) * 10_000} | values
    if values.get("status") == ChunkStatus.DONE:
        values = {"finished_at": NOW, "result": []} | values
    return Chunk.objects.create(run=run, index=index, **values)


def words_of(text: str, *, start_ms: int = 0, each_ms: int = 400) -> tuple[Word, ...]:
    """Return the words of *text*, one after another, *each_ms* long."""
    return tuple(
        Word(start_ms + i * each_ms, start_ms + (i + 1) * each_ms, word)
        for i, word in enumerate(text.split())
    )


def make_segments(run: Run, *sentences: str) -> list[Segment]:
    """Return stored segments, one a sentence, three seconds apart."""
    segments = []
    for index, text in enumerate(sentences):
        words = words_of(text, start_ms=index * 3_000, each_ms=200)
        segments.append(
            Segment.objects.create(
                run=run,
                index=index,
                start_ms=words[0].start_ms,
                end_ms=words[-1].end_ms,
                text=text,
                words=[word.to_json() for word in words],
            )
        )
    return segments
