"""Whatever bytes a server sends, they are sound words or unusable."""

from collections import Counter
from contextlib import suppress
from itertools import pairwise
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from hearings.spans import Span
from tests.unit.answer_kit import LENGTH_MS, assert_sound, heard, text_of, times_of, word
from transcription.engines import crooked_times
from transcription.engines.answers import DIFFERS
from transcription.engines.base import AnswerUnusable
from transcription.engines.crooked_times import Piece, settled
from transcription.engines.word_times import letters

NUMBERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-2, 12),
    st.integers(-2, 12),
    st.just("5"),
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.lists(st.sampled_from(["a", "b.", "Twenty-five", "—", "é"]), max_size=6).map(" ".join),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
PARTS = st.fixed_dictionaries(
    {"start": NUMBERS, "end": NUMBERS},
    optional={"text": TEXTS, "word": TEXTS, "speaker": st.sampled_from(["A", "B", 3, None, ""])},
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "text": TEXTS | JSON,
        "segments": st.lists(PARTS | JSON, max_size=6) | JSON,
        "words": st.lists(PARTS | JSON, max_size=8) | JSON,
        "usage": st.dictionaries(st.sampled_from(["seconds", "total_tokens"]), NUMBERS) | JSON,
    },
)
SPEECH = st.lists(
    st.tuples(st.integers(0, 12_000), st.integers(1, 5_000)).map(
        lambda pair: Span(pair[0], pair[0] + pair[1])
    ),
    max_size=4,
)


@given(ANSWERS | JSON, SPEECH, st.integers(0, 12_000))
@example({"text": "a b c"}, [], 1)
@example({"text": "", "segments": [{"start": 0, "end": 0, "text": "a"}]}, [], 0)
def test_any_json_is_sound_words_or_unusable(value: Any, speech: list[Span], length: int) -> None:
    try:
        found = heard(value, speech=tuple(speech), length_ms=length)
    except AnswerUnusable:
        return
    assert_sound(found, length)
    said = value["text"] if isinstance(value.get("text"), str) else ""
    kept = letters(text_of(found))
    lost = Counter(letters(said)) - Counter(kept)
    longer = DIFFERS in found.flags and (len(kept) >= len(letters(said)) or ":" in said)
    assert not lost or crooked_times.DOUBLED in found.flags or longer


@given(
    st.lists(
        st.builds(
            Piece,
            st.sampled_from(["a", "b b", "c"]),
            st.none() | st.floats(-99, 12_000),
            st.none() | st.floats(-99, 12_000),
        ),
        max_size=8,
    )
)
def test_places_lie_in_the_audio_one_after_the_other(pieces: list[Piece]) -> None:
    placed, _ = settled(pieces, LENGTH_MS)

    assert all(part.span.end_ms <= LENGTH_MS for part in placed)
    for left, right in pairwise(placed):
        assert left.span.end_ms <= right.span.start_ms or right.span.end_ms == LENGTH_MS
    assert {part.text for part in placed} == {piece.text for piece in pieces}


@given(st.binary(max_size=200))
def test_any_bytes_are_unusable_or_words(body: bytes) -> None:
    with suppress(AnswerUnusable):
        assert_sound(heard(body), LENGTH_MS)


@given(
    st.lists(st.sampled_from(["a", "b.", "25%", "Ünder-way"]), min_size=1, max_size=9),
    st.sets(st.integers(0, 10_000), min_size=18, max_size=18),
)
def test_sound_words_are_taken_as_they_are(tokens: list[str], edges: set[int]) -> None:
    moments = iter(sorted(edges))
    spans = [(next(moments), next(moments)) for _ in tokens]
    words = [word(a / 1000, b / 1000, t) for (a, b), t in zip(spans, tokens, strict=True)]

    found = heard({"text": " ".join(tokens), "words": words})

    assert (found.flags, text_of(found)) == ((), " ".join(tokens))
    assert times_of(found) == spans
