"""Where people speak: Silero's model, run over a stream in constant memory.

The model is the one inside the faster-whisper package; its state and the last 64 samples are
carried from block to block, which gives the same probabilities as the whole recording at once.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from hearings.levelling import Leveller
from hearings.spans import Span

WINDOW_SAMPLES = 512
# 32 ms at 16 kHz; the model knows no other length.
_CONTEXT_SAMPLES = 64
PAGE_SAMPLES = 625 * WINDOW_SAMPLES
# 20 s: enough to run the model at full speed.
_WINDOW_MS = 32
BLOCK_WINDOWS = 62
# Two seconds, which are heard at a time.
QUIET_BELOW = 0.02
# A block without a higher probability is forgotten: who has listened to a room for long hears the
# first words in it too late.


class SpeechDetector:
    """Probability of speech in each window of 512 samples, fed in pieces of any length."""

    def __init__(self) -> None:
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(_model_path()), providers=["CPUExecutionProvider"], sess_options=options
        )

    def forget(self) -> None:
        """Let the model begin anew, as at the start of a recording."""
        self._h, self._c = np.zeros_like(self._h), np.zeros_like(self._c)

    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one probability a window. *samples* is a whole number of windows."""
        windows = samples.reshape(-1, WINDOW_SAMPLES)
        contexts = np.empty((len(windows), _CONTEXT_SAMPLES), np.float32)
        contexts[0] = self._context
        contexts[1:] = windows[:-1, -_CONTEXT_SAMPLES:]
        self._context = windows[-1, -_CONTEXT_SAMPLES:].copy()
        feed: dict[str, Any] = {
            "input": np.concatenate([contexts, windows], axis=1),
            "h": self._h,
            "c": self._c,
        }
        output, self._h, self._c = self._session.run(None, feed)
        return np.asarray(output, np.float32).reshape(-1)


@dataclass(frozen=True, slots=True)
class SpeechRules:
    """How probabilities become stretches of speech."""

    start_above: float = 0.5
    end_below: float = 0.35
    # Between the two, what was speech stays speech.
    min_silence_ms: int = 160
    # A shorter pause belongs to the speech around it.
    pad_ms: int = 60
    # Added on both sides: consonants at an edge are faint.


class SpeechSpans:
    """Turns probabilities into spans, one window at a time. Doubtful sound counts as speech."""

    def __init__(self, rules: SpeechRules | None = None) -> None:
        self._rules = rules or SpeechRules()
        self._position_ms = 0
        self._start_ms: int | None = None
        self._quiet_from_ms: int | None = None

    def feed(self, probabilities: NDArray[np.float32]) -> Iterator[Span]:
        """Yield the stretches that ended, unpadded."""
        for probability in probabilities.tolist():
            if span := self._window(probability):
                yield span
            self._position_ms += _WINDOW_MS

    def close(self) -> Iterator[Span]:
        """Yield the stretch that was open at the end of the recording."""
        if self._start_ms is not None:
            yield Span(self._start_ms, self._quiet_from_ms or self._position_ms)

    def _window(self, probability: float) -> Span | None:
        if probability >= self._rules.start_above:
            self._quiet_from_ms = None
            if self._start_ms is None:
                self._start_ms = self._position_ms
        elif self._start_ms is not None and probability < self._rules.end_below:
            if self._quiet_from_ms is None:
                self._quiet_from_ms = self._position_ms
            if self._position_ms + _WINDOW_MS - self._quiet_from_ms >= self._rules.min_silence_ms:
                return self._end(self._start_ms, self._quiet_from_ms)
        return None

    def _end(self, start_ms: int, end_ms: int) -> Span:
        self._start_ms = self._quiet_from_ms = None
        return Span(start_ms, end_ms)


class SpeechStream:
    """Speech in a stream of samples: level, detector and rules together, in constant memory."""

    def __init__(self, rules: SpeechRules | None = None) -> None:
        self._rules = rules or SpeechRules()
        self._leveller = Leveller()
        self._detector = SpeechDetector()
        self._spans = SpeechSpans(self._rules)
        self._found: list[Span] = []
        self._waiting = np.zeros((0, WINDOW_SAMPLES), np.float32)

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples, between -1 and 1: whole windows, but for the last time."""
        padded = np.pad(samples, (0, -len(samples) % WINDOW_SAMPLES))
        self._listen(self._leveller.feed(padded.reshape(-1, WINDOW_SAMPLES)))

    def close(self, duration_ms: int) -> tuple[Span, ...]:
        """Return the padded stretches, clipped to the recording's length."""
        last = self._leveller.close()
        if last is not None:
            self._listen(last)
        if len(self._waiting):
            self._hear(self._waiting)
        self._found.extend(self._spans.close())
        return _padded(self._found, self._rules.pad_ms, duration_ms)

    def _listen(self, windows: NDArray[np.float32]) -> None:
        """Hear all whole blocks; the rest waits."""
        windows = np.concatenate([self._waiting, windows])
        whole = len(windows) // BLOCK_WINDOWS * BLOCK_WINDOWS
        self._waiting = windows[whole:]
        for start in range(0, whole, BLOCK_WINDOWS):
            self._hear(windows[start : start + BLOCK_WINDOWS])

    def _hear(self, windows: NDArray[np.float32]) -> None:
        probabilities = self._detector.probabilities(windows)
        self._found.extend(self._spans.feed(probabilities))
        if probabilities.max() < QUIET_BELOW:
            self._detector.forget()


def _padded(spans: list[Span], pad_ms: int, duration_ms: int) -> tuple[Span, ...]:
    """Return *spans* with padding; neighbours share a pause too short for both."""
    padded: list[Span] = []
    for index, span in enumerate(spans):
        before = spans[index - 1].end_ms if index else -span.start_ms
        after = spans[index + 1].start_ms if index + 1 < len(spans) else duration_ms * 2
        start = max(0, span.start_ms - min(pad_ms, (span.start_ms - before) // 2))
        end = min(duration_ms, span.end_ms + min(pad_ms, (after - span.end_ms) // 2))
        if start < end:
            padded.append(Span(start, end))
    return tuple(padded)


def _model_path() -> Path:
    """Return the model's file without importing the package around it, which is heavy."""
    package = importlib.util.find_spec("faster_whisper")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("faster_whisper")
    return Path(package.submodule_search_locations[0]) / "assets" / "silero_vad_v6.onnx"
