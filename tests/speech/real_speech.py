"""The bundled sample as real speech of which every word is known, and when it is said."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from django.conf import settings

from hearings import ffmpeg
from hearings.spans import Span
from hearings.speech import PAGE_SAMPLES, SpeechStream
from tests.fake_api.recordings import KnownRecording, SpokenWord
from transcription import alignment
from transcription.engines.aligner import WhisperAligner
from transcription.engines.base import BYTES_PER_MS
from transcription.words import Timing, Word

SAMPLE = settings.BASE_DIR / "sample" / "hearing.mp3"
MODEL = "base"


@dataclass(frozen=True)
class RealSpeech:
    """A recording, where people speak in it, and what they say."""

    path: Path
    pcm: bytes
    speech: tuple[Span, ...]
    sentences: tuple[Word, ...]
    # With the exact times of the reference.
    words: tuple[Word, ...]
    # Of the reference, where the aligner finds them in the whole.

    @property
    def duration_ms(self) -> int:
        return len(self.pcm) // BYTES_PER_MS

    def script(self) -> KnownRecording:
        """Return a server's script that hears exactly these words."""
        return KnownRecording(
            self.pcm, [SpokenWord(w.text, w.start_ms, w.end_ms) for w in self.words]
        )


def cut(pcm: bytes, spans: Sequence[Span]) -> bytes:
    """Return what *spans* hold of the samples, one after the other."""
    return b"".join(pcm[s.start_ms * BYTES_PER_MS : s.end_ms * BYTES_PER_MS] for s in spans)


def the_aligner() -> WhisperAligner:
    return WhisperAligner(MODEL, models_dir=settings.MODELS_DIR)


@cache
def sample() -> RealSpeech:
    """Return the sample; needs the local model."""
    pcm = _decoded(SAMPLE)
    speech = _speech_in(pcm)
    turns = json.loads(SAMPLE.with_name("hearing.ref.json").read_text(encoding="utf-8"))
    sentences = tuple(
        Word(round(s["start"] * 1000), round(s["end"] * 1000), s["text"])
        for turn in turns
        for s in turn["sentences"]
    )
    texts = [text for sentence in sentences for text in sentence.text.split()]
    return RealSpeech(SAMPLE, pcm, speech, sentences, _placed(texts, pcm, speech))


def _decoded(path: Path) -> bytes:
    with ffmpeg.decode(path) as stream:
        return b"".join(stream)


def _speech_in(pcm: bytes) -> tuple[Span, ...]:
    stream = SpeechStream()
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32_768)
    for at in range(0, len(samples), PAGE_SAMPLES):
        stream.feed(samples[at : at + PAGE_SAMPLES])
    return stream.close(len(pcm) // BYTES_PER_MS)


def _placed(texts: list[str], pcm: bytes, speech: tuple[Span, ...]) -> tuple[Word, ...]:
    aligner = the_aligner()
    with aligner.ready():
        found = alignment.align(
            [Word(0, 1, text, timing=Timing.ESTIMATED) for text in texts],
            speech=speech,
            duration_ms=len(pcm) // BYTES_PER_MS,
            listen=lambda heard, words: aligner.place(cut(pcm, heard), words, language="en"),
        )
    return found.words
