"""Whatever is said and wherever it is cut, merging gives each word once and in order."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from hearings.spans import Span
from tests.unit.speech_cases import SpeechCase, plain, proof_settings, speech_cases
from transcription.merging import Part, merge
from transcription.sentences import sentences
from transcription.words import Word


def drop_what_starts_before_the_previous_end(parts: Sequence[Part]) -> list[Word]:
    """Merge naively."""
    merged: list[Word] = []
    for part in parts:
        end_ms = merged[-1].end_ms if merged else 0
        merged += [word for word in part.words if word.start_ms >= end_ms]
    return merged


@proof_settings
@given(speech_cases())
def test_every_word_comes_once_and_in_order(case: SpeechCase) -> None:
    assert plain(merge(case.parts)) == plain(case.spoken)


@settings(proof_settings, max_examples=100)
@given(speech_cases(), st.randoms())
def test_the_order_of_the_parts_makes_no_difference(case: SpeechCase, random: Random) -> None:
    shuffled = random.sample(case.parts, len(case.parts))

    assert merge(shuffled) == merge(case.parts)


@settings(proof_settings, max_examples=100)
@given(speech_cases())
def test_merged_words_follow_each_other_within_the_recording(case: SpeechCase) -> None:
    merged = merge(case.parts)

    assert all(word.start_ms < word.end_ms for word in merged)
    assert all(word.end_ms <= following.start_ms for word, following in pairwise(merged))
    assert merged[0].start_ms >= 0 and merged[-1].end_ms <= case.parts[-1].span.end_ms


@settings(proof_settings, max_examples=100)
@given(speech_cases())
def test_sentences_of_merged_words_keep_each_word_and_do_not_overlap(case: SpeechCase) -> None:
    merged = merge(case.parts)

    found = sentences(merged)

    assert [word for sentence in found for word in sentence.words] == list(merged)
    assert all(sentence.start_ms < sentence.end_ms for sentence in found)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(found))


@settings(proof_settings, max_examples=200)
@given(
    st.integers(0, 3),
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6), st.integers(0, 12)), max_size=4),
)
def test_any_number_of_words_in_any_time_lies_within_its_parts(
    start_ms: int, shapes: list[tuple[int, int, int]]
) -> None:
    parts: list[Part] = []
    for later_ms, long_ms, count in shapes:
        start_ms += later_ms
        words = tuple(Word(start_ms, start_ms + long_ms, f"{len(parts)}.{i}") for i in range(count))
        parts.append(Part(Span(start_ms, start_ms + long_ms), words))

    merged = merge(parts)

    assert all(word.start_ms < word.end_ms for word in merged)
    assert all(a.start_ms <= b.start_ms and a.end_ms <= b.end_ms for a, b in pairwise(merged))
    if merged:
        assert merged[0].start_ms >= parts[0].span.start_ms
        assert merged[-1].end_ms <= max(part.span.end_ms for part in parts)


def test_the_naive_merge_fails_on_most_of_the_same_cases() -> None:
    right: list[bool] = []

    @settings(proof_settings, max_examples=100, derandomize=True)
    @given(speech_cases())
    def sample(case: SpeechCase) -> None:
        merged = drop_what_starts_before_the_previous_end(case.parts)
        right.append(plain(merged) == plain(case.spoken))

    sample()

    assert sum(right) < len(right) / 2
