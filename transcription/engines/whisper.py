"""Whisper on this machine, by faster-whisper: the recording never leaves the house.

The audio is decoded in windows that planning chose: pauses that a person would cut in, over the
whole recording. A window's text depends on its own sound alone, so a recording in many chunks
gets the words that it gets in one.

To write word after word is a long row of small products. Threads that share each of them wait for
one another more than they calculate, so two windows are decoded at once, each with half of the
threads: the same words in four fifths of the time, where the processor multiplies bytes.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearings.spans import Span
from transcription.engines.base import (
    AccessRefused,
    AnswerUnusable,
    AudioSlice,
    Capabilities,
    EngineUnavailable,
    Hints,
    Transcription,
)
from transcription.engines.rehearing import Reading, is_better, ways_to_cut
from transcription.engines.spoken_language import other_languages
from transcription.engines.whisper_windows import LONGEST_WINDOW_MS, SLOT, laid_out
from transcription.merging import Part, merge
from transcription.model_files import ModelMissing, located
from transcription.words import Word
from transcription.writing import places_in

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

logger = logging.getLogger(__name__)

Read = Callable[[Sequence[Span]], Iterable[Reading]]
# Gets windows, and gives what each became, in the same order.

WINDOWS_AT_ONCE = 2
# Each takes some 65 MB more.


class WhisperEngine:
    """The embedded engine. One call at a time in a process."""

    name = "whisper"
    capabilities = Capabilities(
        is_hosted=False,
        word_times=True,
        decodes_windows=True,
        most_ms=None,
        most_bytes=None,
        usd_per_minute=Decimal(0),
    )

    def __init__(self, model: str, *, models_dir: Path, threads: int = 0) -> None:
        self.model = model
        self._models_dir = models_dir
        self._threads = threads or os.cpu_count() or 1
        self._loaded: WhisperModel | None = None
        self._at_once = min(WINDOWS_AT_ONCE, self._threads)

    def check(self) -> None:
        """Raise AccessRefused where the model's files are not here."""
        self._folder()

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Keep the model in memory for the block."""
        folder = self._folder()
        from transcription.engines.whisper_model import loaded

        with loaded(folder, threads=self._threads, at_once=self._at_once) as self._loaded:
            try:
                yield
            finally:
                self._loaded = None  # noqa: PLW2901 (gone before its memory is given back)

    def heeded(self, hints: Hints) -> Hints:
        """Return the language alone.

        faster-whisper takes hotwords, as a prompt before each window. With the right names fewer
        are misspelt, but in meetings where people speak freely Whisper then leaves out nearly three
        times as many words, whatever the names are (docs/benchmarks.md).
        """
        return Hints(hints.language)

    def transcribe(self, audio: AudioSlice, *, hints: Hints) -> Transcription:
        """Return the words in *audio*. Needs `ready`."""
        if self._loaded is None:
            raise RuntimeError("transcribe() outside ready()")
        try:
            with ThreadPoolExecutor(self._at_once) as pool:
                read = partial(read_window, self._loaded, audio, hints.language)
                readings = heard(lambda windows: pool.map(read, windows), audio)
            others = tuple(other_languages(self._loaded, readings, audio, hints.language))
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"Whisper failed on this stretch: {error}") from error
        words = merge(Part(reading.span, reading.words) for reading in readings)
        return Transcription(words, other_languages=others)

    def read(self, body: bytes, **_: Any) -> Transcription:  # noqa: ARG002 (the protocol)
        raise AnswerUnusable("This engine keeps no answers.")

    def _folder(self) -> Path:
        try:
            return located(self.model, self._models_dir)
        except ModelMissing as error:
            raise AccessRefused(str(error)) from error


def heard(read: Read, audio: AudioSlice) -> list[Reading]:
    """Return what each window became, after a second hearing of those that are in doubt."""
    windows = audio.windows or _even_windows(audio.duration_ms)
    kept = [[reading] for reading in read(windows)]
    ways = {
        index: iter(ways_to_cut(reading, audio.speech)) for index, (reading,) in enumerate(kept)
    }
    while doubted := {index: pair for index, way in ways.items() if (pair := next(way, None))}:
        again = iter(read([piece for pair in doubted.values() for piece in pair]))
        for index in doubted:
            second = [next(again), next(again)]
            if is_better(kept[index][0], second, audio.speech):
                kept[index] = second
                del ways[index]
        logger.info(
            "heard windows once more: %d, still in doubt: %d",
            len(doubted),
            len(doubted.keys() & ways.keys()),
        )
    return [reading for readings in kept for reading in readings]


def read_window(model: "WhisperModel", audio: AudioSlice, language: str, window: Span) -> Reading:
    """Return what *window* becomes, followed by silence up to what Whisper hears at once.

    faster-whisper fills what is missing with frames that no sound has; Whisper was trained on
    silence there. Raises RuntimeError and ValueError, as faster-whisper does.
    """
    from faster_whisper import BatchedInferencePipeline

    segments, _ = BatchedInferencePipeline(model).transcribe(
        laid_out(audio, window),
        language=language,
        temperature=0.0,
        word_timestamps=True,
        vad_filter=False,
        without_timestamps=True,
        clip_timestamps=[{"start": SLOT.start_ms / 1000, "end": SLOT.end_ms / 1000}],
        batch_size=1,
    )
    return reading_of(list(segments), window)


def reading_of(segments: Sequence[Any], window: Span) -> Reading:
    """Return what faster-whisper says of *window*, which it heard in SLOT."""
    words = [word for segment in segments for word in _joined(segment.words or ())]
    return Reading(
        window,
        _placed(words, window, window.start_ms - SLOT.start_ms),
        logprob=min((segment.avg_logprob for segment in segments), default=0.0),
        compression=max((segment.compression_ratio for segment in segments), default=1.0),
    )


def _joined(tokens: Iterable[object]) -> Iterator[Word]:
    """Yield words as they are written: Whisper tells "twenty" and "-five" apart."""
    pending: list[Word] = []
    for token in tokens:
        text: str = token.word  # type: ignore[attr-defined] # faster-whisper has no types
        word = _word(token)
        if word and text.startswith(" "):
            yield from _written(pending)
            pending = []
        if word:
            pending.append(word)
    yield from _written(pending)


def _word(token: object) -> Word | None:
    text: str = token.word.strip()  # type: ignore[attr-defined] # faster-whisper has no types
    start, end = round(token.start * 1000), round(token.end * 1000)  # type: ignore[attr-defined]
    chance: float = token.probability  # type: ignore[attr-defined]
    return Word(start, max(end, start + 1), text, round(chance, 3)) if text else None


def _written(pieces: Sequence[Word]) -> Iterator[Word]:
    """Yield the words that *pieces* make: one, or in scripts without spaces one a letter."""
    text = "".join(piece.text for piece in pieces)
    each = [(piece, at) for piece in pieces for at in range(len(piece.text))]
    # For each character the piece that it is in, and its place there.
    for start, end in places_in(text):
        own = [piece for piece, _ in each[start:end]]
        known = [piece.confidence for piece in own if piece.confidence is not None]
        start_ms, end_ms = _moment(*each[start]), _moment(own[-1], each[end - 1][1] + 1)
        yield Word(start_ms, max(end_ms, start_ms + 1), text[start:end], min(known, default=None))


def _moment(piece: Word, characters: int) -> int:
    """Return when so many characters of *piece* were said."""
    return piece.start_ms + (piece.end_ms - piece.start_ms) * characters // len(piece.text)


def _placed(words: Sequence[Word], window: Span, offset_ms: int) -> tuple[Word, ...]:
    """Return *words* moved by *offset_ms*, their times kept inside *window*."""
    kept: list[Word] = []
    for word in words:
        start = min(max(word.start_ms + offset_ms, window.start_ms), window.end_ms - 1)
        end = min(max(word.end_ms + offset_ms, start + 1), window.end_ms)
        kept.append(Word(start, end, word.text, word.confidence))
    return tuple(kept)


def _even_windows(duration_ms: int) -> tuple[Span, ...]:
    starts = range(0, duration_ms, LONGEST_WINDOW_MS)
    return tuple(Span(s, min(s + LONGEST_WINDOW_MS, duration_ms)) for s in starts)
