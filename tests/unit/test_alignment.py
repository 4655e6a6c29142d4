"""Words find their places whatever the text lacks or has too much, a window at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import pytest

from hearings.spans import Span, clip_all, total_ms, union
from transcription.alignment import Alignment, align, halves
from transcription.word_search import SUPPORTED, WINDOW_MS, Placing, support
from transcription.words import Timing, Word

VOCABULARY = (
    *("the", "committee", "on", "commerce", "will", "come", "to", "order", "senator"),
    *("thank", "you", "chairman", "bill", "amendment", "question", "no", "yes", "members"),
)
NUMBERED = str.maketrans("0123456789", "abcdefghij")
# So that no word comes twice, and none has figures, which take long to say.
SAID, UNSAID = 0.9, 0.03
# Scores as the model gives them.


@dataclass(frozen=True)
class Speech:
    """Words that were said, and a listener that knows when."""

    words: tuple[Word, ...]
    spans: tuple[Span, ...]
    duration_ms: int
    listened: list[int] = field(default_factory=list)
    # How much sound each time.

    def listen(self, heard: Sequence[Span], texts: Sequence[str]) -> list[Placing]:
        """Place what is said; what is not has no length, before the next that is or at the end."""
        said = {w.text: w for w in self.words if any(_is_in(w, span) for span in heard)}
        found: list[Placing] = []
        following_ms = total_ms(heard)
        self.listened.append(following_ms)
        for text in reversed(texts):
            if word := said.get(text):
                following_ms = total_ms(clip_all(heard, Span(0, max(word.start_ms, 1))))
                end_ms = total_ms(clip_all(heard, Span(0, word.end_ms)))
                found.append(Placing(following_ms, end_ms, SAID))
            else:
                found.append(Placing(following_ms, following_ms, UNSAID))
        return found[::-1]


def _is_in(word: Word, span: Span) -> bool:
    return span.start_ms <= word.middle_ms < span.end_ms


def speech(count: int, *, seed: int = 1, pause_every: int = 12, pause_ms: int = 400) -> Speech:
    random, at, words = Random(seed), 700, []
    for number in range(count):
        text = random.choice(VOCABULARY) + str(number).translate(NUMBERED)
        end = at + random.randint(300, 620)
        words.append(Word(at, end, text))
        at = end + (pause_ms if number % pause_every == pause_every - 1 else 0)
    spans = union([Span(w.start_ms, w.end_ms) for w in words], bridge_ms=100)
    return Speech(tuple(words), spans, at + 100)


def text_only(words: Sequence[Word]) -> list[Word]:
    return [Word(0, 1, word.text, timing=Timing.ESTIMATED) for word in words]


def aligned(spoken: Speech, words: Sequence[Word]) -> Alignment:
    return align(
        text_only(words), speech=spoken.spans, duration_ms=spoken.duration_ms, listen=spoken.listen
    )


@pytest.mark.parametrize("seed", range(20))
def test_each_word_is_placed_where_it_was_said_a_window_at_a_time(seed: int) -> None:
    spoken = speech(900, seed=seed)
    assert spoken.duration_ms > 6 * WINDOW_MS

    found = aligned(spoken, spoken.words)

    assert [w.text for w in found.words] == [w.text for w in spoken.words]
    assert all(w.timing is Timing.ALIGNED for w in found.words)
    assert all(a.start_ms == b.start_ms for a, b in zip(found.words, spoken.words, strict=True))
    assert found.unworded == ()


def test_a_long_silence_is_not_listened_to() -> None:
    before, after = speech(15), speech(50, seed=2)
    shift_ms = before.duration_ms + 600_000
    words = (*before.words, *(w.shifted(shift_ms) for w in after.words[35:]))
    spans = union([Span(w.start_ms, w.end_ms) for w in words], bridge_ms=100)
    spoken = Speech(words, spans, words[-1].end_ms + 100)

    found = aligned(spoken, words)

    assert all(a.start_ms == b.start_ms for a, b in zip(found.words, words, strict=True))
    (once,) = spoken.listened
    assert once <= WINDOW_MS


@pytest.mark.parametrize("seed", range(20))
def test_where_nobody_pauses_a_window_ends_in_mid_speech_and_nothing_is_lost(seed: int) -> None:
    spoken = speech(400, seed=seed, pause_every=10_000)

    found = aligned(spoken, spoken.words)

    late = [
        a
        for a, b in zip(found.words, spoken.words, strict=True)
        if abs(a.start_ms - b.start_ms) > 400
    ]
    assert not late
    assert all(a.start_ms <= b.start_ms for a, b in pairwise(found.words))


@pytest.mark.parametrize("seed", range(20))
def test_speech_whose_words_are_missing_is_named_and_its_neighbours_keep_their_times(
    seed: int,
) -> None:
    spoken = speech(900, seed=seed)
    first = Random(seed).randrange(0, 860)
    lost = spoken.words[first : first + 24]
    kept = (*spoken.words[:first], *spoken.words[first + 24 :])

    found = aligned(spoken, kept)

    assert any(
        span.start_ms <= lost[12].start_ms and lost[12].end_ms <= span.end_ms
        for span in found.unworded
    )
    wrong = [
        a
        for a, b in zip(found.words, kept, strict=True)
        if abs(a.start_ms - b.start_ms) > 400 and a.timing is Timing.ALIGNED
    ]
    assert not wrong


@pytest.mark.parametrize("seed", range(20))
def test_one_likely_word_after_many_that_are_not_heard_is_no_anchor(seed: int) -> None:
    """As a name is where words pile up that come later, and somebody else says that name."""
    spoken = speech(900, seed=seed)
    first = Random(seed).randrange(20, 800)
    kept = (*spoken.words[:first], *spoken.words[first + 60 :])

    def listen(heard: Sequence[Span], texts: Sequence[str]) -> list[Placing]:
        found = spoken.listen(heard, texts)
        if any(placing.score == SAID for placing in found):
            return found
        at = total_ms(heard) - 900
        return [*(Placing(at, at, UNSAID) for _ in found[1:]), Placing(at, at + 340, 0.95)]

    found = align(
        text_only(kept), speech=spoken.spans, duration_ms=spoken.duration_ms, listen=listen
    )

    after = zip(found.words[first + 40 :], kept[first + 40 :], strict=True)
    assert all(abs(a.start_ms - b.start_ms) <= 400 for a, b in after)


def test_a_long_loss_is_found_to_its_end() -> None:
    spoken = speech(900)
    kept = (*spoken.words[:200], *spoken.words[600:])

    found = aligned(spoken, kept)

    lost_ms = spoken.words[600].start_ms - spoken.words[200].start_ms
    assert sum(span.duration_ms for span in found.unworded) > 0.9 * lost_ms
    assert found.words[-1].start_ms == spoken.words[-1].start_ms


def test_words_that_nobody_said_are_estimates_between_those_that_were() -> None:
    spoken = speech(120)
    invented = [Word(0, 1, f"never{n}") for n in range(15)]

    found = aligned(spoken, (*spoken.words[:60], *invented, *spoken.words[60:]))

    assert all(w.timing is Timing.ESTIMATED for w in found.words[60:75])
    assert all(w.timing is Timing.ALIGNED for w in (*found.words[:59], *found.words[77:]))


@pytest.mark.parametrize(("length_ms", "is_heard"), [(200, True), (0, False)])
def test_likely_words_that_pile_up_lend_no_support_to_one_beside_them(
    length_ms: int, is_heard: bool
) -> None:
    """As “of” is likely after “the 6th”, wherever they are."""
    beside = [Placing(at, at + length_ms, SAID) for at in (1_000, 1_200)]
    found = [*beside, Placing(1_400, 1_600, SAID), *beside]

    assert (support(found, 2) >= SUPPORTED) is is_heard


def test_a_text_that_the_sound_never_supports_is_all_estimates() -> None:
    spoken = speech(300)

    found = aligned(spoken, [Word(0, 1, f"other{n}") for n in range(300)])

    assert len(found.words) == 300
    assert all(w.timing is Timing.ESTIMATED and w.confidence is None for w in found.words)
    assert all(0 <= a.start_ms <= b.start_ms for a, b in pairwise(found.words))


def test_a_word_takes_no_pause_beside_it() -> None:
    words = [Word(0, 1, "come"), Word(0, 1, "in")]

    def stretched(heard: Sequence[Span], _texts: Sequence[str]) -> list[Placing]:
        assert heard == (Span(500, 2_400),)
        return [Placing(0, 800, SAID), Placing(800, 1_500, SAID)]

    found = align(
        words, speech=[Span(900, 1_250), Span(1_700, 2_000)], duration_ms=2_500, listen=stretched
    )

    assert [(w.start_ms, w.end_ms) for w in found.words] == [(900, 1_250), (1_700, 2_000)]


def test_without_words_or_speech_there_is_nothing_to_find() -> None:
    def never(_heard: Sequence[Span], _texts: Sequence[str]) -> list[Placing]:
        raise AssertionError("nobody was to listen")

    assert align([], speech=[Span(0, 5_000)], duration_ms=5_000, listen=never).unworded == (
        Span(0, 5_000),
    )
    word = Word(0, 1, "hello", timing=Timing.ESTIMATED)
    assert align([word], speech=[], duration_ms=5_000, listen=never).words == (word,)


def test_speech_without_words_is_halved_in_the_pause_nearest_its_middle() -> None:
    speech = [Span(0, 2_000), Span(2_400, 6_000), Span(6_300, 9_000), Span(9_500, 10_000)]

    assert halves(Span(500, 9_800), speech) == (Span(500, 6_000), Span(6_300, 9_800))


@pytest.mark.parametrize("speech", [[Span(0, 9_000)], [Span(0, 800), Span(1_000, 9_000)]])
def test_speech_is_not_halved_without_a_pause_or_where_one_half_would_be_brief(
    speech: list[Span],
) -> None:
    assert halves(Span(0, 9_000), speech) == ()
