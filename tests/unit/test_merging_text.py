"""Where engines give text alone, merging gives each word once and in order all the same."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hearings.spans import Span, clip_all
from tests.factories import words_of
from tests.unit.speech_cases import RANDOMS, SpeechCase, plain, proof_settings
from tests.unit.text_cases import RARER, text_cases
from transcription.merging import Part, merge
from transcription.timing import spread
from transcription.words import Word


def said(words: Sequence[Word]) -> list[str]:
    """Return the words without case and punctuation; those that are nothing else are none."""
    return [text for text in plain(words) if text]


def drop_what_starts_before_the_previous_end(parts: Sequence[Part]) -> list[Word]:
    """Merge naively."""
    merged: list[Word] = []
    for part in parts:
        end_ms = merged[-1].end_ms if merged else 0
        merged += [word for word in part.words if word.start_ms >= end_ms]
    return merged


def longest_repeat(parts: Sequence[Part]) -> list[Word]:
    """Merge naively, by text alone."""
    merged: list[Word] = []
    for part in parts:
        ours, theirs = said(merged), said(part.words)
        both = max(
            (n for n in range(min(len(ours), len(theirs)) + 1) if ours[-n:] == theirs[:n]),
            default=0,
        )
        merged += [word for word in part.words if said([word])][both:]
    return merged


@proof_settings
@given(text_cases())
def test_every_word_comes_once_and_in_order(case: SpeechCase) -> None:
    assert said(merge(case.parts)) == plain(case.spoken)


@settings(proof_settings, max_examples=100)
@given(text_cases(), st.randoms())
def test_the_order_of_the_parts_makes_no_difference(case: SpeechCase, random: Random) -> None:
    shuffled = random.sample(case.parts, len(case.parts))

    assert merge(shuffled) == merge(case.parts)


@settings(proof_settings, max_examples=100)
@given(text_cases())
def test_merged_words_follow_each_other_within_the_recording(case: SpeechCase) -> None:
    merged = merge(case.parts)

    assert all(word.start_ms < word.end_ms for word in merged)
    assert all(word.end_ms <= following.start_ms for word, following in pairwise(merged))
    assert merged[0].start_ms >= 0 and merged[-1].end_ms <= case.parts[-1].span.end_ms


def test_naive_merges_fail_on_most_of_the_same_cases() -> None:
    by_time: list[bool] = []
    by_text: list[bool] = []

    @settings(proof_settings, max_examples=100, derandomize=True)
    @given(text_cases())
    def sample(case: SpeechCase) -> None:
        merged = drop_what_starts_before_the_previous_end(case.parts)
        by_time.append(said(merged) == plain(case.spoken))
        by_text.append(said(longest_repeat(case.parts)) == plain(case.spoken))

    sample()

    assert sum(by_time) < len(by_time) / 2
    assert sum(by_text) < len(by_text) / 2


def told(span: Span, text: str, *speech: Span) -> Part:
    """Return a part of which an engine gave the text alone; *speech* is of the whole recording."""
    inside = [
        Span(each.start_ms - span.start_ms, each.end_ms - span.start_ms)
        for each in clip_all(speech, span)
    ]
    words = spread(text, inside, span.duration_ms)
    return Part(span, tuple(word.shifted(span.start_ms) for word in words))


def text_only(span: Span, words: Sequence[Word]) -> Part:
    return told(span, " ".join(word.text for word in words), span)


def two_texts(random: Random) -> tuple[list[Word], list[Word], Span, Span]:
    """Return what two neighbours hear of a minute and a half in which no word comes twice."""
    words: list[Word] = []
    while not words or words[-1].end_ms < 90_000:
        text = f"{random.choice(RARER)}{len(words)}"
        start = words[-1].end_ms if words else 0
        words.append(Word(start, start + len(text) * random.randint(60, 90), text))
    left, right = Span(0, random.randint(40_000, 50_000)), Span(36_000, words[-1].end_ms)
    right = replace(right, start_ms=left.end_ms - 4_000)
    return (
        [word for word in words if word.end_ms <= left.end_ms],
        [word for word in words if word.start_ms >= right.start_ms],
        left,
        right,
    )


@settings(proof_settings, max_examples=100)
@given(RANDOMS, st.integers(1_000, 12_000), st.booleans())
def test_nothing_more_is_lost_where_a_side_lost_its_words_at_the_seam(
    random: Random, lost_ms: int, is_left: bool
) -> None:
    """But for a loss that leaves them one word in common: one word alike is no evidence."""
    ours, theirs, left, right = two_texts(random)
    if is_left:
        ours = [word for word in ours if word.end_ms <= left.end_ms - lost_ms]
    else:
        theirs = [word for word in theirs if word.start_ms >= right.start_ms + lost_ms]

    assume(len({word.text for word in ours} & {word.text for word in theirs}) != 1)

    merged = merge([text_only(left, ours), text_only(right, theirs)])

    assert said(merged) == list(dict.fromkeys(said([*ours, *theirs])))


@settings(proof_settings, max_examples=100)
@given(RANDOMS)
def test_words_that_one_side_misheard_are_neither_lost_nor_doubled(random: Random) -> None:
    ours, theirs, left, right = two_texts(random)
    inside = [i for i, word in enumerate(theirs) if 500 < word.start_ms - right.start_ms < 3_000]
    wrong = random.choice(inside)
    theirs[wrong] = replace(theirs[wrong], text="misheard")

    merged = merge([text_only(left, ours), text_only(right, theirs)])

    assert len(merged) == len({word.start_ms for word in [*ours, *theirs]})


def test_words_in_a_row_are_the_same_words_wherever_a_silence_put_them() -> None:
    speech = Span(0, 2_400), Span(5_000, 5_900), Span(6_500, 9_500)
    left = told(Span(0, 6_700), "service does judge bill question of reauthorization", *speech)
    right = told(Span(4_000, 9_500), "does judge bill question of reauthorization now", *speech)

    assert " ".join(said(merge([left, right]))) == (
        "service does judge bill question of reauthorization now"
    )


def test_words_in_a_row_may_begin_with_the_one_that_the_edge_cut() -> None:
    speech = Span(0, 2_500), Span(6_500, 11_500)
    left = told(Span(0, 4_700), "service thank you thank you", *speech)
    right = told(Span(1_000, 11_500), "service thank you thank you place open hearing", *speech)

    assert " ".join(said(merge([left, right]))) == "service thank you thank you place open hearing"


def test_a_word_beside_repeats_tells_their_count() -> None:
    speech = Span(0, 1_900), Span(7_600, 11_400)
    left = told(Span(0, 9_700), f"yes {'thank you ' * 4} uh", *speech)
    right = told(Span(6_700, 11_400), f"yes {'thank you ' * 5} need time", *speech)

    assert said(merge([left, right])) == ["yes", *["thank", "you"] * 5, "need", "time"]


def test_words_that_follow_repeats_tell_their_count_where_one_side_has_times() -> None:
    left = Part(
        Span(0, 4_800),
        (
            *words_of("reauthorization", each_ms=1_000),
            *words_of("S 1284 S 1284", start_ms=1_400, each_ms=200),
            *words_of("been order order senate", start_ms=2_500, each_ms=500),
        ),
    )
    speech = Span(1_000, 1_100), Span(1_800, 7_000)
    text = "reauthorization S 1284 S 1284 been order order senate the bill no no"
    right = told(Span(1_000, 7_000), text, *speech)

    assert said(merge([left, right])) == text.lower().split()


def test_repeats_that_fill_an_overlap_are_counted_as_well_as_estimates_tell() -> None:
    left, right = Span(0, 10_000), Span(6_000, 16_000)

    merged = merge([told(left, "no " * 20, left), told(right, "no " * 20, right)])

    assert abs(len(merged) - 32) <= 2


def test_the_end_of_repeats_is_as_little_evidence_as_all_of_them() -> None:
    left = told(
        Span(0, 8_400), f"ask to the {'weather service the ' * 2} weather service", Span(0, 8_400)
    )
    repeats = words_of(
        "service the weather service the weather service know", start_ms=4_900, each_ms=500
    )
    right = Part(Span(4_900, 9_000), repeats)

    assert said(merge([left, right])) == ["ask", "to", *["the", "weather", "service"] * 3, "know"]


def test_a_word_that_a_side_heard_before_the_overlap_is_none_of_the_other_side() -> None:
    before = Word(0, 10, "bill"), Word(300, 310, "S"), Word(600, 1_200, "1284")
    repeats = words_of("S 1284 S 1284 S 12", start_ms=1_200, each_ms=350)
    left = Part(Span(0, 3_300), (*before, *repeats))
    right = told(Span(700, 4_900), f"uh {'S 1284 ' * 4} take federal", Span(0, 4_900))

    assert said(merge([left, right])) == ["bill", *["s", "1284"] * 5, "take", "federal"]


def test_a_word_at_the_edge_that_is_no_piece_of_the_next_one_is_rather_one_of_its_own() -> None:
    times = (350, 750), (950, 1_450), (1_250, 1_900), (1_900, 2_100), (2_350, 2_850)
    left = Part(Span(0, 3_050), tuple(Word(*each, "Senator") for each in times))
    text = "Senator Senator Senator come does court fact record come own right the Mister chairman"
    right = told(Span(850, 12_200), text, Span(800, 2_700), Span(8_700, 12_200))

    assert said(merge([left, right])) == [*["senator"] * 2, *text.lower().split()]
