"""Two sentences are cut out of a text: those beside them keep their times, or the loss is named."""

import os
from random import Random

import pytest

from hearings.spans import Span, clip_all
from tests.speech import real_speech
from transcription import alignment
from transcription.engines.base import BYTES_PER_MS
from transcription.words import Timing, Word

pytestmark = pytest.mark.model

TRIALS = 60 if os.environ.get("PROOF") == "full" else 4
STRETCH = 11
# Sentences of a trial.
NEAR_MS = 400
BESIDE = 2
# Sentences on either side of a loss may be off where it is named; all others are not.


def shifted(spans: tuple[Span, ...], start_ms: int) -> list[Span]:
    return [Span(span.start_ms - start_ms, span.end_ms - start_ms) for span in spans]


def test_sentences_beside_a_loss_keep_their_times_or_the_loss_is_named() -> None:
    spoken, aligner, off = real_speech.sample(), real_speech.the_aligner(), []
    with aligner.ready():
        for seed in range(TRIALS):
            random = Random(seed)
            first = random.randrange(len(spoken.sentences) - STRETCH)
            sentences = spoken.sentences[first : first + STRETCH]
            cut = random.randrange(STRETCH - 1)
            kept = [*sentences[:cut], *sentences[cut + 2 :]]
            here = Span(max(0, sentences[0].start_ms - 300), sentences[-1].end_ms + 300)
            pcm = spoken.pcm[here.start_ms * BYTES_PER_MS : here.end_ms * BYTES_PER_MS]

            found = alignment.align(
                [
                    Word(0, 1, text, timing=Timing.ESTIMATED)
                    for sentence in kept
                    for text in sentence.text.split()
                ],
                speech=shifted(clip_all(spoken.speech, here), here.start_ms),
                duration_ms=here.duration_ms,
                listen=lambda heard, words, pcm=pcm: aligner.place(  # type: ignore[misc]
                    real_speech.cut(pcm, heard), words, language="en"
                ),
            )

            is_named = bool(found.unworded or found.unsupported)
            at = 0
            for number, sentence in enumerate(kept):
                begins = found.words[at]
                error_ms = abs(begins.start_ms - (sentence.start_ms - here.start_ms))
                is_beside = cut - BESIDE <= number < cut + BESIDE
                told = f"seed {seed}: {sentence.text} is off by {error_ms} ms"
                assert error_ms <= NEAR_MS or (is_beside and is_named), told
                off.append(error_ms)
                at += len(sentence.text.split())
    near = sum(error_ms <= NEAR_MS for error_ms in off) / len(off)
    print(f"{near:.1%} of {len(off)} sentences within {NEAR_MS} ms, the others named")  # noqa: T201
