"""Where a sentence ends, by its punctuation, its pauses and its length."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import words_of
from transcription.sentences import MOST_MS, MOST_WORDS, PAUSE_MS, sentences
from transcription.words import Word


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in sentences(words_of(text, each_ms=200))]


def test_no_words_make_no_sentence() -> None:
    assert sentences([]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "The committee will come to order. | Good morning.",
        "Is there objection? | Without objection, so ordered.",
        "Order! | Order in the room!",
        'He said "I do." | Then he left.',
        "She asked (“Is it so?”) | and left.",
        "We met in 2025. | That was late.",
        "I say no. | The clerk will record it.",
        "So do I. | The chair agrees.",
        "It was… | The clerk will go on.",
        "We met at 10 a.m. | The room was full.",
        "It owns Acme Inc. | That is known.",
    ],
)
def test_a_sentence_ends_at_its_mark(text: str) -> None:
    assert texts(text.replace("| ", "")) == text.split(" | ")


@pytest.mark.parametrize(
    "text",
    [
        "Thank you, Mr. Chairman and Ms. Okafor.",
        "I yield to Sen. Hale and Dr. Reyes.",
        "The U.S. Senate met.",
        "We take up S. 1284 and H.R. 22 today.",
        "It was John F. Kennedy who spoke.",
        "See No. 5 and Sec. 3 of Pub. L. 117-58.",
        "Since Sept. 11 it is so.",
        "We met at 10 a.m. on Tuesday.",
        "It took 3.5 years.",
        "Acme Inc. and others agreed.",
        "It was... well, late.",
        '"Mr. Chairman," he said.',
    ],
)
def test_an_abbreviation_ends_no_sentence(text: str) -> None:
    assert texts(text) == [text]


def test_a_long_pause_ends_a_sentence() -> None:
    before = words_of("the clerk will call the roll")
    after = words_of("mr hale", start_ms=before[-1].end_ms + PAUSE_MS + 1)

    assert [s.text for s in sentences(before + after)] == [
        "the clerk will call the roll",
        "mr hale",
    ]


def test_a_shorter_pause_does_not() -> None:
    before = words_of("the clerk will call the roll")
    after = words_of("mr hale", start_ms=before[-1].end_ms + PAUSE_MS)

    assert len(sentences(before + after)) == 1


def test_as_many_words_as_allowed_stay_together() -> None:
    assert len(sentences(words_of("so " * MOST_WORDS, each_ms=100))) == 1


def test_too_many_words_are_cut_after_a_comma() -> None:
    text = "so " * 17 + "so, " + "so " * 28

    first, second = sentences(words_of(text, each_ms=100))

    assert first.text.endswith("so,") and len(first.words) == 18 and len(second.words) == 28


def test_without_a_comma_they_are_cut_in_the_longest_pause() -> None:
    words = words_of("so " * 15, each_ms=100)
    words += words_of("and " * 30, start_ms=words[-1].end_ms + 500, each_ms=100)

    first, second = sentences(words)

    assert (len(first.words), len(second.words)) == (15, 30)


def test_without_either_they_are_cut_in_the_middle() -> None:
    assert [len(s.words) for s in sentences(words_of("so " * 60, each_ms=100))] == [30, 30]


def test_slow_speech_is_cut_by_its_length_in_time() -> None:
    found = sentences(words_of("so " * 24, each_ms=1_000))

    assert [sentence.end_ms - sentence.start_ms for sentence in found] == [12_000, 12_000]


def test_a_single_word_is_never_cut() -> None:
    assert len(sentences([Word(0, MOST_MS + 1, "Aye.")])) == 1


def test_a_sentence_has_the_times_and_the_text_of_its_words() -> None:
    words = words_of("Without objection, so ordered.", start_ms=700)

    (sentence,) = sentences(words)

    assert (sentence.start_ms, sentence.end_ms) == (700, 2_300)
    assert sentence.text == "Without objection, so ordered."
    assert sentence.words == words


def test_confidence_is_the_mean_of_what_is_known() -> None:
    (known,) = sentences([Word(0, 1, "so", 0.5), Word(1, 2, "be"), Word(2, 3, "it", 1.0)])
    (unknown,) = sentences([Word(0, 1, "so")])

    assert known.confidence == pytest.approx(0.75)
    assert unknown.confidence is None


WORDS = st.lists(
    st.tuples(
        st.integers(0, 2_500),
        st.integers(1, 3_000),
        st.sampled_from(["so", "well,", "Mr.", "S.", "1284", "done.", "—", "why?”", "…"]),
    ),
    max_size=150,
)


@given(WORDS)
def test_any_words_are_kept_once_in_sentences_that_are_not_too_long(
    drawn: list[tuple[int, int, str]],
) -> None:
    words: list[Word] = []
    for pause_ms, length_ms, text in drawn:
        start_ms = pause_ms + (words[-1].end_ms if words else 0)
        words.append(Word(start_ms, start_ms + length_ms, text))

    found = sentences(words)

    assert [word for sentence in found for word in sentence.words] == words
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(found))
    assert all(s.start_ms < s.end_ms and len(s.words) <= MOST_WORDS for s in found)
    assert all(s.end_ms - s.start_ms <= MOST_MS or len(s.words) == 1 for s in found)


def test_no_sentence_is_said_by_two() -> None:
    said = [("A", "Do"), ("A", "you"), ("B", "I"), ("B", "do"), (None, "so"), ("B", "indeed")]
    words = [
        Word(at * 200, at * 200 + 200, text, speaker=speaker)
        for at, (speaker, text) in enumerate(said)
    ]

    found = sentences(words)

    assert [(one.speaker, one.text) for one in found] == [
        ("A", "Do you"),
        ("B", "I do"),
        (None, "so"),
        ("B", "indeed"),
    ]
