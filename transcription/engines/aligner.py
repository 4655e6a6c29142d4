"""Where the words of a text are in the sound, by the cross-attention of Whisper on this machine.

The decoder is given the text instead of asked for one; what it attends to at each token, warped to
a path through time, is where the token was said, and how likely it finds the token is how well the
sound supports it (openai/whisper, `timing.py`).
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from transcription.engines.base import SAMPLE_RATE, AccessRefused, EngineUnavailable
from transcription.engines.word_tokens import Part, Tokens, parts_of
from transcription.model_files import ModelMissing, located
from transcription.word_search import Placing

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

MS_PER_FRAME = 20
# Of the encoder's output.
FEATURE_FRAMES = 3_000
# The most that it hears at once: 30 s.
LEAST_FEATURE_FRAMES = 1_000
# It was taught with silence up to 30 s. With as much as makes 10 s it does as well and takes a
# fraction of the time; without any it knows fewer words of a single sentence.
FEATURE_FRAMES_STEP = 200
# Sounds of few lengths fit into memory that others left; of any length they take 50 MB more.
SAMPLES_PER_FEATURE = 160
MOST_TOKENS = 300
# The decoder takes 448. Each takes half a megabyte, and few windows have so many;
# the words beyond are looked for in the next one.
MEDIAN_WIDTH = 7
# Of the filter over attention in time, as Whisper has it.
LEAST_LOGPROB, MOST_NO_SPEECH, MOST_COMPRESSION = -1.0, 0.6, 2.4
# Whisper's own bounds: beyond them it has made something up, or gone round in circles.
SPACE = "Ġ"
# As the tokenizer writes it.


class Aligner(Protocol):
    """One way to find words in sound."""

    def check(self) -> None:
        """Raise AccessRefused where it cannot work at all."""

    def ready(self) -> AbstractContextManager[None]:
        """Hold what it needs in memory."""

    def place(self, pcm: bytes, words: Sequence[str], *, language: str) -> Sequence[Placing]:
        """Return where each word is in *pcm*, 16 kHz mono 16-bit, at most 30 s.

        Words that are not said in it gather at its end, with a score near nought. Raises
        EngineUnavailable.
        """

    def hear(self, pcm: bytes, *, language: str) -> str:
        """Return what it hears itself in *pcm*, which may be nothing. Raises EngineUnavailable."""


class WhisperAligner:
    """Finds words with a Whisper model. One call at a time in a process."""

    def __init__(self, model: str, *, models_dir: Path, threads: int = 0) -> None:
        self._model = model
        self._models_dir = models_dir
        self._threads = threads or os.cpu_count() or 1
        self._loaded: WhisperModel | None = None

    def check(self) -> None:
        """Raise AccessRefused where the model's files are not here."""
        self._folder()

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Keep the model in memory for the block. Raises AccessRefused."""
        folder = self._folder()
        from transcription.engines.whisper_model import loaded

        with loaded(folder, threads=self._threads) as self._loaded:
            try:
                yield
            finally:
                self._loaded = None  # noqa: PLW2901 (gone before its memory is given back)

    def place(self, pcm: bytes, words: Sequence[str], *, language: str) -> Sequence[Placing]:
        """Return where each word is in *pcm*. Needs `ready`."""
        if self._loaded is None:
            raise RuntimeError("place() outside ready()")
        if not words:
            return ()
        try:
            return _placed(self._loaded, pcm, words, language)
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"The words could not be found: {error}") from error

    def hear(self, pcm: bytes, *, language: str) -> str:
        """Return what the model is sure to hear in *pcm*. Needs `ready`."""
        if self._loaded is None:
            raise RuntimeError("hear() outside ready()")
        try:
            return _heard(self._loaded, pcm, language)
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"The sound could not be heard: {error}") from error

    def _folder(self) -> Path:
        try:
            return located(self._model, self._models_dir)
        except ModelMissing as error:
            raise AccessRefused(str(error)) from error


def _placed(
    model: "WhisperModel", pcm: bytes, words: Sequence[str], language: str
) -> list[Placing]:
    tokenizer = _tokenizer(model, language)
    writes = Tokens(
        partial(_tokens, model, tokenizer), partial(_length, model), partial(_sounds, tokenizer)
    )
    tokens, parts = parts_of(words, writes)
    fitting = [part for part in parts if part.end <= MOST_TOKENS]
    text = tokens[: fitting[-1].end] if fitting else []
    samples = _samples(pcm)
    frames = min(FEATURE_FRAMES, max(1, len(samples) // SAMPLES_PER_FEATURE))
    (found,) = model.model.align(
        _encoded(model, samples),
        tokenizer.sot_sequence,
        [text],
        frames,
        median_filter_width=MEDIAN_WIDTH,
    )
    end_ms = len(samples) * 1000 // SAMPLE_RATE
    times = _token_times(found.alignments, len(text), end_ms)
    placings = [_placing(part, times, found.text_token_probs) for part in fitting]
    return placings + [Placing(end_ms, end_ms, 0.0)] * (len(words) - len(fitting))


def _placing(part: Part, times: Sequence[int], chances: Sequence[float]) -> Placing:
    first, last = part.own[0], part.own[-1]
    start = times[first] + round(part.before * (times[first + 1] - times[first]))
    end = times[last + 1] - round(part.after * (times[last + 1] - times[last]))
    score = fmean(chances[at] for at in part.own)
    return Placing(start, end, min(1.0, max(0.0, score)))


def _heard(model: "WhisperModel", pcm: bytes, language: str) -> str:
    segments, _ = model.transcribe(
        _samples(pcm),
        language=language,
        temperature=0.0,
        beam_size=1,
        without_timestamps=True,
        condition_on_previous_text=False,
    )
    sure = [
        segment.text.strip()
        for segment in segments
        if segment.avg_logprob > LEAST_LOGPROB
        and segment.no_speech_prob < MOST_NO_SPEECH
        and segment.compression_ratio < MOST_COMPRESSION
    ]
    return " ".join(sure)


def _samples(pcm: bytes) -> NDArray[np.float32]:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32_768)


def _encoded(model: "WhisperModel", samples: NDArray[np.float32]) -> Any:
    features = model.feature_extractor(samples)[:, :FEATURE_FRAMES]
    frames = features.shape[1]
    missing = max(LEAST_FEATURE_FRAMES - frames, -frames % FEATURE_FRAMES_STEP)
    return model.encode(np.pad(features, ((0, 0), (0, missing))))


def _token_times(alignments: Any, tokens: int, end_ms: int) -> list[int]:
    """Return when each token begins, and last when the last one ends."""
    times = [end_ms] * (tokens + 1)
    for token, frame in reversed(list(alignments)):
        if token <= tokens:
            times[token] = min(frame * MS_PER_FRAME, end_ms)
    return times


def _tokenizer(model: "WhisperModel", language: str) -> "Tokenizer":
    """Return the model's tokenizer. Raises ValueError where it does not know the language."""
    from faster_whisper.tokenizer import Tokenizer

    return Tokenizer(
        model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
    )


def _tokens(model: "WhisperModel", tokenizer: "Tokenizer", text: str) -> list[int]:
    """Return the tokens of a word with the space before it, as Whisper was taught to write it.

    The tokenizer's files lack the first merge, that of a space and a "t"; without it the commonest
    words of English, "the" and "to", come in two tokens that Whisper never writes.
    """
    found: list[int] = tokenizer.encode(text)
    if len(found) > 1 and model.hf_tokenizer.id_to_token(found[0]) == SPACE:
        whole = model.hf_tokenizer.token_to_id(SPACE + model.hf_tokenizer.id_to_token(found[1]))
        if whole is not None:
            return [whole, *found[2:]]
    return found


def _length(model: "WhisperModel", token: int) -> int:
    """Return the bytes of a token: each is written as one letter."""
    return len(model.hf_tokenizer.id_to_token(token))


def _sounds(tokenizer: "Tokenizer", token: int) -> bool:
    """Say whether a token is more than punctuation. Parts of a letter in UTF-8 are."""
    text = tokenizer.decode([token])
    return any(character.isalnum() or character == "\ufffd" for character in text)
