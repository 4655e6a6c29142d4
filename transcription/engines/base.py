"""The seam to every engine: what it can do, what it takes, what it gives, and how it fails.

::

    EngineError                the message tells a person what to do
    ├─ EngineBusy              429, overloaded: everyone waits, no try is burnt
    ├─ EngineUnavailable       network, 5xx, timeouts: retried with a growing wait
    ├─ AnswerUnusable          200 with a truncated, empty or wrong-shaped body: retried, bounded
    ├─ AskedWrongly            a server takes another form of request: asked so from now on
    ├─ AudioRejected           this audio will never work as it is: sent otherwise once, or fails
    ├─ AudioUnreadable         the recording gives no sound here: the chunk fails alone
    └─ AccessRefused           key, quota, model, region: the run pauses until a person acts

An error says whether the call may have been billed (`may_be_billed`) and holds what the server
answered (`answer`).
"""

import hashlib
import io
import wave
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
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
    usd_per_minute: Decimal | None = None
    # Price of a minute of audio; None where it is not known. An embedded engine costs nothing.
    most_tokens: int | None = None
    # What it writes at most in one answer, ending in silence there; None where there is no limit.


class Encoding(StrEnum):
    """How a slice is sent to a server. Both keep every sample."""

    WAV = "wav"
    FLAC = "flac"


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
    encoding: Encoding = Encoding.WAV
    # How it is sent.
    source: str = ""
    # Names the sound that it is cut from, a recording and its track; empty where nothing does.

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
    # Names and terms that may be said, the most useful first.


@dataclass(frozen=True, slots=True)
class RateAdvice:
    """What a server says of its limit beside an answer (the `x-ratelimit-*` headers)."""

    per_minute: int | None = None
    # Requests it allows.
    remaining: int | None = None
    # Requests it takes before it refuses.
    reset_seconds: float | None = None
    # Until it takes them all again.


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered to one call, as it came."""

    status: int
    # Of HTTP.
    body: bytes
    # As received, no longer than the engine's cap.
    request_id: str = ""
    # The server's name for the call.
    advice: RateAdvice = RateAdvice()


@dataclass(frozen=True, slots=True)
class Usage:
    """What a server says that a call cost."""

    audio_ms: int | None = None
    # Audio billed.
    tokens: int | None = None
    # Tokens billed, input and output.


@dataclass(frozen=True, slots=True)
class OtherLanguage:
    """A stretch in which an engine heard another language than the one that it was told."""

    span: Span
    # From the slice's start.
    language: str
    # ISO 639-1.
    chance: float


@dataclass(frozen=True, slots=True)
class Transcription:
    """What an engine heard in one slice."""

    words: tuple[Word, ...]
    # In order, times from the slice's start.
    flags: tuple[str, ...] = ()
    # What was repaired in the answer, each a short sentence for a person.
    usage: Usage = Usage()
    answer: Answer | None = None
    # None where no server was asked.
    other_languages: tuple[OtherLanguage, ...] = ()


class EngineError(Exception):
    """An engine could not do it; the message is for a person."""

    def __init__(
        self, message: str, *, may_be_billed: bool = False, answer: Answer | None = None
    ) -> None:
        super().__init__(message)
        self.may_be_billed = may_be_billed
        # The audio had been sent and no refusal came back: the call may cost.
        self.answer = answer
        # What came, where something did.


class EngineBusy(EngineError):
    """Too many requests; nobody asks again before *wait_seconds* have passed."""

    def __init__(
        self, message: str, *, wait_seconds: float | None = None, answer: Answer | None = None
    ) -> None:
        super().__init__(message, answer=answer)
        self.wait_seconds = wait_seconds
        # What the server asked for, not negative; None where it named no time.


class EngineUnavailable(EngineError):
    """It did not answer; it may later."""


class AnswerUnusable(EngineError):
    """It answered, and the answer cannot be used. It may have been billed."""

    def __init__(self, message: str, *, answer: Answer | None = None) -> None:
        super().__init__(message, may_be_billed=True, answer=answer)


class AskedWrongly(EngineError):
    """It does not take this form of request; the engine has learned another."""


class AudioRejected(EngineError):
    """It will not take this audio as it is."""

    def __init__(
        self, message: str, *, too_large: bool = False, answer: Answer | None = None
    ) -> None:
        super().__init__(message, answer=answer)
        self.too_large = too_large
        # Less of it may be taken.


class AudioUnreadable(EngineError):
    """The recording gives no sound here; nothing was sent."""


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

    def heeded(self, hints: Hints) -> Hints:
        """Return *hints* as they are sent, without what it does not take. Asks nobody."""

    def transcribe(self, audio: AudioSlice, *, hints: Hints) -> Transcription:
        """Return the words in *audio*. Raises EngineError, nothing else that can be foreseen."""

    def read(self, body: bytes, *, speech: Sequence[Span], duration_ms: int) -> Transcription:
        """Return what a kept answer says of a slice with this speech. Raises AnswerUnusable."""
