"""Words of a text without times, found in the sound: how true the times are, and what that costs.

The words of each recording's reference, as an engine without times would give them, against the
exact starts of its sentences (`.ref.json`). Goals: median at most 100 ms, 95 of 100 within 400 ms,
none off by more than a second; the last sentence of six hours as true as the first; at most 1/30 of
the audio's length on two cores.
"""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from bench.machine import MODELS, SAMPLE, recordings

SIX_HOURS = 103
# Times the sample.
EXACT = ("hearing", "synthetic_hearing")
# Recordings whose reference was written before they were spoken: only their times are exact.


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one recording."""

    off_ms: list[int]
    # For each sentence, how far its start is from the true one.
    wall_seconds: float
    duration_ms: int
    estimated: int
    # Words that were not found.
    lost: int
    # Stretches of speech that seemed to have no words.


def main(folder: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senate_audio.settings")
    import django

    django.setup()
    for recording in recordings():
        if (sentences := _sentences(recording)) is not None:
            _report(recording.name, _found(_decoded(recording), sentences))
    _six_hours(folder)


def _report(name: str, found: Found) -> None:
    *_, p95 = quantiles(found.off_ms, n=20)
    share = found.duration_ms / 1000 / found.wall_seconds
    print(
        f"{name}: {len(found.off_ms)} sentences off by {median(found.off_ms):.0f} ms (median), "
        f"{p95:.0f} ms (95 of 100), {max(found.off_ms)} ms (most); {found.estimated} words not "
        f"found, {found.lost} stretches doubted; 1/{share:.0f} of its length",
        flush=True,
    )


def _six_hours(folder: Path) -> None:
    """Compare the first and the last time that the sample is played within six hours."""
    from hearings import ffmpeg
    from hearings.spans import Span

    once, sentences = _decoded(SAMPLE), _sentences(SAMPLE)
    assert sentences  # noqa: S101 (the sample has them)
    long = folder / "six-hours.flac"
    raw = ["-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "pipe:"]
    command = ["ffmpeg", "-nostdin", "-v", "error", *raw, "-compression_level", "0", str(long)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin  # noqa: S101 (a pipe by construction)
        for _ in range(SIX_HOURS):
            process.stdin.write(once)
        process.stdin.close()
    length_ms = len(once) // 32
    for name, start_ms in (("first", 0), ("last", (SIX_HOURS - 1) * len(once) // 32)):
        pcm = ffmpeg.read_pcm(long, Span(start_ms, start_ms + length_ms))
        _report(f"six hours, the {name} 3.5 minutes", _found(pcm, sentences))


def _sentences(recording: Path) -> list[tuple[int, str]] | None:
    """Return start and text of each sentence, where they are known exactly."""
    reference = recording.with_name(recording.stem + ".ref.json")
    if recording.stem not in EXACT or not reference.exists():
        return None
    turns = json.loads(reference.read_text())
    return [(round(s["start"] * 1000), s["text"]) for t in turns for s in t["sentences"]]


def _decoded(recording: Path) -> bytes:
    from hearings import ffmpeg

    with ffmpeg.decode(recording) as stream:
        return b"".join(stream)


def _found(pcm: bytes, sentences: list[tuple[int, str]]) -> Found:
    import numpy as np

    from hearings.speech import PAGE_SAMPLES, SpeechStream
    from transcription import alignment
    from transcription.engines.aligner import WhisperAligner
    from transcription.words import Timing, Word

    detector = SpeechStream()
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32_768)
    for at in range(0, len(samples), PAGE_SAMPLES):
        detector.feed(samples[at : at + PAGE_SAMPLES])
    duration_ms = len(pcm) // 32
    speech = detector.close(duration_ms)
    words = [
        Word(0, 1, word, timing=Timing.ESTIMATED) for _, text in sentences for word in text.split()
    ]
    aligner = WhisperAligner("base", models_dir=MODELS)
    with aligner.ready():
        begun = time.monotonic()
        found = alignment.align(
            words,
            speech=speech,
            duration_ms=duration_ms,
            listen=lambda heard, texts: aligner.place(
                b"".join(pcm[s.start_ms * 32 : s.end_ms * 32] for s in heard), texts, language="en"
            ),
        )
        spent = time.monotonic() - begun
    off, at = [], 0
    for start_ms, text in sentences:
        off.append(abs(found.words[at].start_ms - start_ms))
        at += len(text.split())
    estimated = sum(word.timing is Timing.ESTIMATED for word in found.words)
    return Found(off, spent, duration_ms, estimated, len(found.unworded))
