"""The seam to every engine: what it can do, what it takes, what it gives, and how it fails.

::

    EngineError                the message tells a person what to do
    ├─ EngineBusy              429, overloaded: everyone waits, no try is burnt
    ├─ EngineUnavailable       network, 5xx, timeouts: retried with a growing wait
    ├─ AnswerUnusable          200 with a truncated, empty or wrong-shaped body: retried, bounded
    ├─ AudioRejected           this chunk will never work as it is: it fails alone
    └─ AccessRefused           key, quota, model, region: the run pauses until a person acts
"""

import hashlib
import io
import wave
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol

from hearings.spans import Span
from transcription.words import Word

SAMPLE_RATE = 16_000
# Hertz; what every slice has.
BYTES_PER_MS = SAMPLE_RATE * 2 // 1000
# Mono, signed 16-bit.
WAV_HEADER_BYTES = 44


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do and take. Planning reads this; nothing asks for a model by name."""

    is_hosted: bool
    # The audio leaves the house.
    word_times: bool
    # Each word comes with its time.
    decodes_windows: bool
    # It takes a list of windows to decode apart (Whisper on this machine).
    most_ms: int | None
    # Longest audio of one request; None where there is no limit.
    most_bytes: int | None
    # Largest request; None where there is no limit.


@dataclass(frozen=True)
class AudioSlice:
    """A stretch of a recording as an engine gets it: 16 kHz, mono, signed 16-bit."""

    pcm: bytes
    # Samples only, little-endian.
    span: Span
    # Where in the recording.
    windows: tuple[Span, ...] = ()
    # What to decode apart, from the slice's start; empty: all of it.
    speech: tuple[Span, ...] = ()
    # Where the analysis heard speech, from the slice's start.

    @property
    def duration_ms(self) -> int:
        return len(self.pcm) // BYTES_PER_MS

    @cached_property
    def wav(self) -> bytes:
        """The slice as a complete WAV file, its length in its header."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(self.pcm)
        return buffer.getvalue()

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.pcm).hexdigest()


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of the audio before it is heard."""

    language: str
    # ISO 639-1.
    keywords: tuple[str, ...] = ()
    # Names and terms that may be said.


@dataclass(frozen=True, slots=True)
class Transcription:
    """What an engine heard in one slice."""

    words: tuple[Word, ...]
    # In order, times from the slice's start.


class EngineError(Exception):
    """An engine could not do it; the message is for a person."""


class EngineBusy(EngineError):
    """Too many requests; nobody asks before *retry_at*."""

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class EngineUnavailable(EngineError):
    """It did not answer; it may later."""


class AnswerUnusable(EngineError):
    """It answered, and the answer cannot be used."""


class AudioRejected(EngineError):
    """It will never take this audio."""


class AccessRefused(EngineError):
    """It will take nothing from us until a person does something."""


class Engine(Protocol):
    """One way to turn sound into words."""

    name: str
    # As in TRANSCRIPTION_ENGINE.
    model: str
    # As a person chose it.

    @property
    def capabilities(self) -> Capabilities: ...

    def check(self) -> None:
        """Raise AccessRefused where it cannot work at all. Costs nothing, sends no audio."""

    def ready(self) -> AbstractContextManager[None]:
        """Hold what it needs in memory for several calls of `transcribe`."""

    def transcribe(self, audio: AudioSlice, *, hints: Hints) -> Transcription:
        """Return the words in *audio*. Raises EngineError, nothing else that can be foreseen."""
