"""The largest answers that are taken cost little; larger ones are refused before they cost more."""

import json
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearings.spans import Span
from transcription.engines import answers
from transcription.engines.answers import Heard
from transcription.engines.base import AnswerUnusable
from transcription.engines.transport import MOST_ANSWER_BYTES
from transcription.plausibility import suspicions
from transcription.repetition import LONGEST_PERIOD, _unbearable, loop_in

LENGTH_MS = 1_400_000
SPEECH = tuple(Span(at, at + 2_500) for at in range(0, LENGTH_MS, 3_000))
HINTS = [f"Senator Name{number} of the a a a a a" for number in range(100)]

QUICK_SECONDS = 15
# Ten times what a busy machine needs; a cost that grows with the square takes minutes.


def parsed(value: dict[str, Any], length_ms: int = LENGTH_MS) -> Heard:
    body = json.dumps(value, separators=(",", ":")).encode()
    assert len(body) <= MOST_ANSWER_BYTES
    return answers.parse(body, speech=SPEECH, duration_ms=length_ms)


def parts(count: int, key: str, text: str, step: float = 0.1) -> list[dict[str, Any]]:
    return [
        {"start": round(n * step, 2), "end": round(n * step + 0.05, 2), key: text}
        for n in range(count)
    ]


LARGEST: dict[str, dict[str, Any]] = {
    "commas": {
        "text": ",",
        "segments": parts(11_000, "text", ","),
        "words": parts(11_000, "word", ","),
    },
    "other words": {
        "text": "a " * 11_000,
        "segments": parts(11_000, "text", "a."),
        "words": [{"start": 0, "end": 1, "word": "b"}, *parts(11_000, "word", ",")],
    },
    "words": {"text": "a " * 20_000, "words": parts(20_000, "word", "a", 0.06)},
    "loop": {"text": "a " * 58_000},
    "loop of sentences": {"text": "Bye. " * 23_000},
    "different words": {"text": " ".join(f"w{n % 977}" for n in range(22_000))},
    "no spaces": {"text": "".join(chr(0x4E00 + n % 199) for n in range(116_000))},
    "long letters": {"text": "\ufdfa" * 6_400},
    "named lines": {
        "text": "a\n" * 50_000,
        "segments": [{"start": 0, "end": 9, "text": "b", "speaker": "A"}],
    },
}


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_answer_is_read_and_judged_in_no_time(name: str) -> None:
    begun = process_time()
    heard = parsed(LARGEST[name])
    read = process_time()
    suspicions(
        heard.words,
        speech=SPEECH,
        duration_ms=LENGTH_MS,
        language="en",
        prompted=HINTS,
        output_ceiling_tokens=2_000,
        usual_pace=12.0,
    )

    assert heard.words
    assert read - begun < QUICK_SECONDS
    assert process_time() - read < QUICK_SECONDS


@pytest.mark.parametrize(
    "value",
    [
        {"text": "a " * 1_600},
        {"text": "a" * 5_000},
        {"text": "\ufdfa" * 300},
        {"text": "", "segments": parts(1_600, "text", ",", 0)},
        {"text": "", "words": parts(1_600, "word", "a", 0)},
        {"segments": [{"start": 0, "end": 1, "text": "a " * 1_600}]},
    ],
    ids=range(6),
)
def test_more_than_anyone_says_is_no_answer(value: dict[str, Any]) -> None:
    with pytest.raises(AnswerUnusable, match="far more"):
        parsed(value, length_ms=10_000)
    assert parsed(value, length_ms=60_000) is not None


def test_a_loop_as_models_write_them_is_an_answer() -> None:
    assert len(parsed({"text": "Thank you. " * 224}, length_ms=30_000).words) == 448


def slowly(tokens: list[str]) -> tuple[int, int, int] | None:
    """Return the longest repetition, by looking at every token for every period."""
    best: tuple[int, int, int] | None = None
    for period in range(1, min(LONGEST_PERIOD, len(tokens) // 2) + 1):
        same = 0
        for index in range(period, len(tokens)):
            same = same + 1 if tokens[index] == tokens[index - period] else 0
            length = same + period
            if length >= _unbearable(period) and (best is None or length > best[1]):
                best = (index - length + 1, length, period)
    return best


PHRASES = st.tuples(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.integers(1, 14))


@given(st.lists(PHRASES, max_size=5))
def test_no_loop_is_missed_where_not_every_word_is_looked_at(
    phrases: list[tuple[list[str], int]],
) -> None:
    tokens = [token for phrase, times in phrases for token in phrase * times]

    found = loop_in(tokens)

    assert (found and (found.start, found.length, found.period)) == slowly(tokens)
