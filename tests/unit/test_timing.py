from hypothesis import given
from hypothesis import strategies as st

from hearings.spans import Span, total_ms, union
from transcription.timing import spread
from transcription.words import Timing
from transcription.writing import words_in

SENTENCES = st.lists(st.text(st.characters(codec="utf-8", categories=["L", "P"]), min_size=1))
SPANS = st.lists(
    st.tuples(st.integers(0, 50_000), st.integers(200, 5_000)).map(
        lambda pair: Span(pair[0], pair[0] + pair[1])
    )
)


def test_words_share_the_speech_by_their_letters() -> None:
    first, second = spread("yes certainly", [Span(1_000, 2_400)], 5_000)

    assert (first.start_ms, first.end_ms) == (1_000, 1_400)
    assert (second.start_ms, second.end_ms) == (1_400, 2_400)


def test_no_word_lies_in_a_silence_between_speech() -> None:
    words = spread("one two", [Span(0, 400), Span(9_000, 9_400)], 10_000)

    assert [(word.start_ms, word.end_ms) for word in words] == [(0, 400), (9_000, 9_400)]


def test_a_word_is_on_the_side_of_a_silence_where_its_greater_part_fell() -> None:
    words = spread("one two three", [Span(0, 700), Span(9_000, 9_700)], 10_000)

    assert [(word.start_ms, word.end_ms) for word in words] == [
        (0, 400),
        (400, 700),
        (9_100, 9_700),
    ]


def test_where_no_speech_was_heard_the_words_take_the_whole_slice() -> None:
    words = spread("one two", [], 8_000)

    assert (words[0].start_ms, words[-1].end_ms) == (0, 8_000)


def test_estimated_times_say_so() -> None:
    assert {word.timing for word in spread("one two", [], 8_000)} == {Timing.ESTIMATED}


def test_no_text_is_no_words() -> None:
    assert spread(" \n", [Span(0, 1_000)], 1_000) == ()


@given(SENTENCES, SPANS)
def test_every_word_is_there_in_order_within_the_speech(
    texts: list[str], spans: list[Span]
) -> None:
    words = spread(" ".join(texts), spans, 60_000)

    assert [word.text for word in words] == words_in(" ".join(texts))
    assert all(word.start_ms < word.end_ms for word in words)
    assert [w.start_ms for w in words] == sorted(w.start_ms for w in words)
    spoken = union(spans) or (Span(0, 60_000),)
    if words and total_ms(spoken) > 10 * len(words):
        assert spoken[0].start_ms <= words[0].start_ms
        assert words[-1].end_ms <= spoken[-1].end_ms
