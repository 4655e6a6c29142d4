"""Each rule of merging on its own; test_merging_property.py holds them together."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, permutations

import pytest

from hearings.spans import Span
from tests.factories import words_of
from transcription.merging import Part, merge, merged
from transcription.words import Timing, Word


def part(start_ms: int, end_ms: int, *heard: tuple[int, int, str]) -> Part:
    return Part(Span(start_ms, end_ms), tuple(Word(*word) for word in heard))


def slice_of(words: tuple[Word, ...], start_ms: int, end_ms: int) -> Part:
    """Return the part of *words* that lies whole between two times."""
    inside = tuple(word for word in words if start_ms <= word.start_ms and word.end_ms <= end_ms)
    return Part(Span(start_ms, end_ms), inside)


def text(*parts: Part) -> str:
    return " ".join(word.text for word in merge(parts))


def test_nothing_merges_to_nothing() -> None:
    assert merge([]) == ()


def test_parts_that_only_touch_are_joined() -> None:
    words = words_of("the committee will come to order")

    assert merge([slice_of(words, 0, 1_200), slice_of(words, 1_200, 2_400)]) == words


def test_a_word_at_a_cut_in_a_pause_is_not_taken_for_a_repeat() -> None:
    assert text(part(0, 1_000, (600, 900, "no,")), part(1_000, 2_000, (1_000, 1_400, "no."))) == (
        "no, no."
    )


def test_words_are_given_before_the_next_part_but_one_is_read() -> None:
    read: list[int] = []

    def parts() -> Iterator[Part]:
        for start_ms in range(0, 5_000, 1_000):
            read.append(start_ms)
            yield part(start_ms, start_ms + 1_000, (start_ms + 400, start_ms + 600, "aye"))

    first = next(merged(parts()))

    assert first.start_ms == 400
    assert read == [0, 1_000, 2_000]


def test_the_words_of_an_overlap_are_kept_once() -> None:
    words = words_of("I thank the witnesses for being here this morning")

    assert merge([slice_of(words, 0, 2_800), slice_of(words, 800, 3_600)]) == words


def test_the_order_of_the_parts_does_not_matter() -> None:
    words = words_of("I thank the witnesses for being here this morning and yield back")
    parts = [slice_of(words, 0, 2_800), slice_of(words, 800, 3_600), slice_of(words, 2_000, 4_800)]

    assert {merge(order) for order in permutations(parts)} == {words}


def test_case_and_punctuation_make_no_other_word() -> None:
    left = part(0, 3_000, (0, 400, "Thank"), (500, 900, "you,"), (1_000, 1_600, "Senator,"))
    right = part(400, 4_000, (520, 910, "You"), (990, 1_590, "senator."), (2_900, 3_300, "I"))

    assert text(left, right) == "Thank you, Senator, I"


def test_typographic_marks_make_no_other_word() -> None:
    left = part(0, 3_000, (1_000, 1_400, "don't"))
    right = part(500, 4_000, (1_050, 1_450, "“Don’t”"), (2_900, 3_300, "agree."))

    assert text(left, right) == "don't agree."


def test_an_accent_written_in_two_ways_makes_no_other_word() -> None:
    left = part(0, 3_000, (1_400, 1_700, "Jos\u00e9"))
    right = part(500, 4_000, (1_900, 2_200, "Jose\u0301"), (2_900, 3_300, "spoke."))

    assert text(left, right) == "Jos\u00e9 spoke."


def test_both_halves_of_a_word_that_an_edge_cut_give_way_to_the_whole_word() -> None:
    left = part(
        *(0, 4_000),
        *((1_000, 1_900, "reauthorization"), (2_000, 2_200, "of"), (2_300, 2_500, "the")),
        (3_700, 4_000, "appro"),
    )
    right = part(
        *(1_500, 6_000),
        *((1_500, 1_900, "zation"), (2_000, 2_200, "of"), (2_300, 2_500, "the")),
        *((3_700, 4_400, "appropriations"), (4_500, 4_800, "bill")),
    )

    assert text(left, right) == "reauthorization of the appropriations bill"


def test_a_cut_word_is_whole_where_the_overlap_has_no_other_word() -> None:
    left = part(0, 2_500, (0, 900, "reauthorization"), (2_200, 2_500, "appro"))
    right = part(500, 5_000, (500, 900, "zation"), (2_200, 2_900, "appropriations"))

    assert text(left, right) == "reauthorization appropriations"


def test_half_a_word_is_not_taken_for_another_word_at_the_end() -> None:
    left = part(0, 2_500, (0, 900, "reauthorize"), (2_300, 2_500, "a"))
    right = part(500, 5_000, (2_300, 2_550, "all"), (2_560, 2_640, "a"))

    assert text(left, right) == "reauthorize all a"


def test_half_a_word_is_not_taken_for_another_word_at_the_start() -> None:
    left = part(0, 2_500, (300, 380, "a"), (390, 700, "plaza"), (2_200, 2_500, "appro"))
    right = part(500, 5_000, (500, 700, "a"), (2_200, 2_900, "appropriated"))

    assert text(left, right) == "a plaza appropriated"


def test_a_word_in_a_very_short_overlap_is_found_on_both_sides() -> None:
    left = part(0, 1_500, (700, 900, "the"), (1_050, 1_250, "bill"))
    right = part(900, 5_000, (1_150, 1_350, "bill"), (1_600, 1_900, "passed"))

    assert text(left, right) == "the bill passed"


def test_the_same_word_at_another_time_is_another_word() -> None:
    left = part(0, 5_000, (1_700, 2_000, "no"))
    right = part(1_000, 6_000, (4_000, 4_300, "no"))

    assert text(left, right) == "no no"


def test_many_words_at_another_time_are_other_words() -> None:
    first, second = (words_of("we will vote now", start_ms=start) for start in (1_000, 3_200))

    assert merge([Part(Span(0, 5_000), first), Part(Span(900, 6_000), second)]) == first + second


def test_a_speakers_own_repeats_keep_their_count() -> None:
    words = words_of("the answer is no, no, no, and I said so")

    assert merge([slice_of(words, 0, 3_200), slice_of(words, 800, 4_000)]) == words


@pytest.mark.parametrize("late_ms", [-150, 0, 150])
def test_repeats_that_fill_an_overlap_keep_their_count_by_their_times(late_ms: int) -> None:
    words = words_of("no " * 20)
    left, right = slice_of(words, 0, 5_000), slice_of(words, 2_500, 8_000)
    late = replace(right, words=tuple(word.shifted(late_ms) for word in right.words))

    assert len(merge([left, late])) == 20


def test_words_whose_times_overlap_meet_halfway() -> None:
    left = part(0, 3_000, (0, 500, "we"), (700, 1_300, "will"), (2_300, 2_800, "now"))
    right = part(500, 4_000, (400, 900, "will"), (1_700, 2_300, "now"), (2_200, 2_700, "recess"))

    merged = merge([left, right])

    assert [word.text for word in merged] == ["we", "will", "now", "recess"]
    assert [(word.start_ms, word.end_ms) for word in merged] == [
        (0, 500),
        (700, 1_300),
        (2_300, 2_500),
        (2_500, 2_700),
    ]


def test_words_that_one_side_misheard_do_not_move_the_seam() -> None:
    words = words_of("we are going to look at the budget of the weather service today")
    right = slice_of(words, 400, 5_200)
    misheard = replace(right, words=(*right.words[:1], *words_of("gonna", start_ms=1_000)))
    misheard = replace(misheard, words=misheard.words + right.words[3:])

    assert merge([slice_of(words, 0, 4_000), misheard]) == words


def test_punctuation_that_stands_alone_is_no_word_to_align() -> None:
    left = part(0, 3_000, (0, 400, "yes"), (600, 650, "—"), (1_000, 1_400, "yes"))
    right = part(500, 4_000, (990, 1_400, "yes"), (1_500, 1_550, "…"), (2_900, 3_300, "sir"))

    assert text(left, right) == "yes — yes … sir"


def test_punctuation_that_stands_alone_is_not_preferred_to_a_word() -> None:
    left = part(0, 3_000, (1_200, 1_210, "—"), (1_400, 1_700, "aye"))
    right = part(500, 4_000, (1_100, 1_290, "Aye"), (1_300, 1_310, "—"), (3_100, 3_400, "sir"))

    assert text(left, right) == "— aye — sir"


def test_a_part_without_words_takes_none_away() -> None:
    words = words_of("the clerk will call the roll")

    silent = Part(Span(1_000, 5_000), ())

    assert merge([slice_of(words, 0, 2_400), silent]) == words
    assert merge([Part(Span(0, 1_500), ()), slice_of(words, 0, 2_400)]) == words


@pytest.mark.parametrize("start_ms", [0, 20_000])
def test_more_words_than_milliseconds_are_all_kept_within_their_part(start_ms: int) -> None:
    spoken = tuple(
        Word(start_ms + i * 700 // 900, start_ms + i * 700 // 900 + 1, f"w{i}") for i in range(900)
    )
    span = Span(start_ms, start_ms + 700)

    found = merge([Part(span, spoken), Part(Span(30_000, 31_000), (Word(30_100, 30_200, "on"),))])

    assert [word.text for word in found] == [*(word.text for word in spoken), "on"]
    assert all(span.start_ms <= w.start_ms < w.end_ms <= span.end_ms for w in found[:-1])
    assert all(a.start_ms <= b.start_ms and a.end_ms <= b.end_ms for a, b in pairwise(found))
    assert len({word.start_ms for word in found[:-1]}) == 700


def test_a_part_with_too_many_words_pushes_none_out_of_the_part_before() -> None:
    before = part(0, 1_000, (100, 400, "the"), (400, 900, "chair"))
    loop = Part(Span(1_000, 1_002), tuple(Word(1_000, 1_002, "you") for _ in range(5)))

    times = [(word.start_ms, word.end_ms) for word in merge([before, loop])]

    assert times == [(100, 400), (400, 900), *[(1_000, 1_001)] * 4, (1_001, 1_002)]


def test_what_only_the_left_side_heard_in_an_overlap_is_kept() -> None:
    left = part(0, 4_000, (1_000, 1_400, "the"), (2_200, 2_600, "ayes"), (3_000, 3_300, "have"))
    right = part(1_500, 6_000, (4_500, 4_700, "it"))

    assert text(left, right) == "the ayes have it"


def test_what_only_the_right_side_heard_in_an_overlap_is_kept() -> None:
    left = part(0, 4_000, (500, 900, "the"))
    right = part(1_500, 6_000, (1_900, 2_300, "ayes"), (3_000, 3_300, "have"), (4_500, 4_700, "it"))

    assert text(left, right) == "the ayes have it"


def test_words_that_the_sides_heard_one_after_the_other_are_all_kept() -> None:
    left = part(0, 4_000, (500, 900, "the"), (1_900, 2_000, "ayes"))
    right = part(1_500, 6_000, (2_200, 2_400, "have"), (4_500, 4_700, "it"))

    assert text(left, right) == "the ayes have it"


def test_sides_that_heard_something_different_change_in_the_middle() -> None:
    left = part(0, 4_000, (1_600, 2_000, "a"), (2_100, 2_500, "b"), (3_000, 3_400, "c"))
    right = part(1_400, 6_000, (1_900, 2_300, "x"), (2_400, 2_700, "y"), (3_000, 3_400, "z"))

    assert text(left, right) == "a b z"


def test_more_than_two_parts_may_overlap() -> None:
    words = words_of("we now turn to the second panel of witnesses and their statements")
    spans = [(0, 2_800), (400, 3_200), (800, 3_600), (1_600, 4_800)]

    assert merge([slice_of(words, *span) for span in spans]) == words


def test_a_part_within_others_adds_nothing() -> None:
    words = words_of("we now turn to the second panel")
    inner = part(800, 2_000, (900, 1_200, "turn"), (1_300, 1_500, "too"))

    assert merge([slice_of(words, 0, 2_800), inner]) == words


def test_words_are_kept_within_their_part() -> None:
    merged = merge([part(1_000, 2_000, (700, 1_200, "so"), (1_900, 2_500, "ordered"))])

    assert [(word.start_ms, word.end_ms) for word in merged] == [(1_000, 1_200), (1_900, 2_000)]


def test_words_crowded_at_the_end_stay_within_the_recording() -> None:
    merged = merge(
        [part(0, 1_000, (990, 1_000, "that"), (1_000, 1_000, "is"), (1_200, 1_300, "it"))]
    )

    assert [(word.start_ms, word.end_ms) for word in merged] == [
        (990, 998),
        (998, 999),
        (999, 1_000),
    ]


def test_a_word_without_length_gets_one() -> None:
    (word,) = merge([part(0, 1_000, (500, 500, "aye"))])

    assert (word.start_ms, word.end_ms) == (500, 501)


def test_estimated_times_may_be_off_by_more() -> None:
    words = words_of("I would ask the committee to take up this bill before the recess")
    right = slice_of(words, 1_600, 5_200)
    estimated = tuple(replace(w.shifted(1_100), timing=Timing.ESTIMATED) for w in right.words)

    assert len(merge([slice_of(words, 0, 4_000), replace(right, words=estimated)])) == len(words)


@pytest.mark.parametrize("dots", ["…", "...", " …", ".."])
def test_dots_at_a_cut_between_two_words_go(dots: str) -> None:
    left = Part(Span(0, 1_000), words_of(f"to the{dots}"))
    right = Part(Span(1_000, 3_000), words_of(f"{dots}committee and… so on", start_ms=1_000))

    assert text(left, right) == "to the committee and… so on"


def test_dots_at_a_cut_leave_the_quotation_mark_beside_them() -> None:
    left = Part(Span(0, 1_000), words_of("he said “to the…”"))
    right = Part(Span(1_000, 3_000), words_of("“…committee”", start_ms=1_000))

    assert text(left, right) == "he said “to the” “committee”"


def test_dots_at_the_edges_of_an_overlap_go_where_nobody_heard_the_same() -> None:
    left = part(0, 4_000, (500, 900, "the"), (1_900, 2_000, "ayes…"))
    right = part(1_500, 6_000, (2_200, 2_400, "…have"), (4_500, 4_700, "it"))

    assert text(left, right) == "the ayes have it"


def test_dots_stay_at_the_ends_of_the_recording_and_beside_a_silence_that_was_not_sent() -> None:
    left = Part(Span(0, 1_000), words_of("…to the…"))
    right = Part(Span(5_000, 9_000), words_of("…committee and so…", start_ms=5_000))

    assert text(left, right) == "…to the… …committee and so…"


def test_confidence_and_timing_stay_with_their_word() -> None:
    word = Word(100, 400, "aye", confidence=0.9, timing=Timing.ALIGNED)

    assert merge([Part(Span(0, 1_000), (word,))]) == (word,)
