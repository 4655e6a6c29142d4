"""What is noticed where the words of an answer were looked for in its sound."""

from dataclasses import replace

import pytest

from hearings.spans import Span
from transcription.alignment import Alignment, Unsupported
from transcription.losses import contradictions
from transcription.plausibility import Doubt
from transcription.words import Timing, Word

SPEECH = (Span(0, 60_000),)
TEXTS = ("Aye.", "Senator Ito?", "No, with regret.", "Senator Nakamura?", "Aye.", "Senator Ruiz?")
LOSS = Span(31_000, 38_000)


def spoken(*unheard: str, score: float | None = 0.04) -> tuple[Word, ...]:
    """Return a sentence each ten seconds; *unheard* words have *score*."""
    return tuple(
        Word(
            number * 10_000 + at * 400,
            number * 10_000 + at * 400 + 390,
            text,
            score if text in unheard else 0.9,
            timing=Timing.ALIGNED,
        )
        for number, sentence in enumerate(TEXTS)
        for at, text in enumerate(sentence.split())
    )


def displaced(found: Alignment) -> list[int]:
    """Return the numbers of the sentences that may have been said at another moment."""
    suspicions = contradictions(found, speech=SPEECH)
    spans = [each.span for each in suspicions if each.doubt is Doubt.DISPLACED]
    return [span.start_ms // 10_000 for span in spans if span]


def test_beside_a_loss_sentences_with_a_word_that_is_not_heard_are_doubted() -> None:
    found = Alignment(spoken("Ito?", "regret.", "Nakamura?", "Ruiz?"), (LOSS,))

    assert displaced(found) == [2, 3, 5]


@pytest.mark.parametrize("score", [0.05, 0.9])
def test_what_is_heard_beside_a_loss_is_where_it_was_said(score: float) -> None:
    assert displaced(Alignment(spoken("Nakamura?", score=score), (LOSS,))) == []


@pytest.mark.parametrize("dash", ["—", "-"])
@pytest.mark.parametrize("score", [0.0, None])
def test_a_dash_that_stands_alone_need_not_be_heard(dash: str, score: float | None) -> None:
    words = spoken("Nakamura?", score=score)
    words = tuple(replace(w, text=dash) if w.text == "Nakamura?" else w for w in words)

    assert displaced(Alignment(words, (LOSS,))) == []


def test_guessed_words_beside_a_loss_are_doubted() -> None:
    words = [replace(w, timing=Timing.ESTIMATED) for w in spoken("Nakamura?", score=None)]

    assert displaced(Alignment(tuple(words), (LOSS,))) == [3]


def test_beside_words_that_nobody_said_sentences_are_doubted_alike() -> None:
    words = spoken("No,", "with", "regret.", score=None)
    words = tuple(replace(w, confidence=0.02) if "Ito" in w.text else w for w in words)
    found = Alignment(words, unsupported=(Unsupported(Span(20_000, 21_190), 6),))

    assert displaced(found) == [1]


def test_beside_a_long_loss_both_its_ends_are_looked_at() -> None:
    """And what was left within it."""
    found = Alignment(spoken("Ito?", "regret.", "Ruiz?"), (Span(9_000, 49_000),))

    assert displaced(found) == [1, 2, 5]


def test_an_answer_without_a_loss_may_have_words_that_are_not_heard() -> None:
    assert contradictions(Alignment(spoken("Ito?", "Nakamura?", "Ruiz?")), speech=SPEECH) == ()
