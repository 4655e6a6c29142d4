"""Plausibility of the sample, with seconds taken away, and of anything at all."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hearings.spans import Span, clip_all, total_ms
from tests.unit.plausibility_kit import (
    TESTIMONY,
    doubts,
    judged,
    said,
    written,
)
from transcription.plausibility import Doubt, pace_of, suspicions
from transcription.timing import spread
from transcription.words import Timing, Word

SAMPLE = Path(__file__).resolve().parents[2] / "sample" / "hearing.ref.json"


def sample() -> tuple[list[Word], list[Span]]:
    """Return the sample's words, spread over each sentence, and its speech."""
    turns = json.loads(SAMPLE.read_text(encoding="utf-8"))
    words, speech = [], []
    for sentence in (sentence for turn in turns for sentence in turn["sentences"]):
        span = Span(round(sentence["start"] * 1000), round(sentence["end"] * 1000))
        speech.append(span)
        words += [
            Word(word.start_ms, word.end_ms, word.text)
            for word in spread(sentence["text"], [span], span.end_ms)
        ]
    return words, speech


def test_no_stretch_of_the_sample_is_suspected() -> None:
    words, speech = sample()
    terms = ("Langford", "Quintero", "Halvorsen", "Coastal Weather Station Act", "Port Ellery")
    usual = pace_of(words, speech)
    for size in (1, 2, 5, 10, 20, 40):
        for first in range(0, len(speech) - size + 1, max(1, size // 2)):
            part = Span(speech[first].start_ms, speech[first + size - 1].end_ms)
            heard = [
                w.shifted(-part.start_ms)
                for w in words
                if w.start_ms in range(part.start_ms, part.end_ms)
            ]
            spoken = [
                Span(s.start_ms - part.start_ms, s.end_ms - part.start_ms)
                for s in clip_all(speech, part)
            ]
            text = " ".join(word.text for word in heard)
            for answer in (heard, spread(text, spoken, part.duration_ms)):
                found = suspicions(
                    answer,
                    speech=spoken,
                    duration_ms=part.duration_ms,
                    language="en",
                    prompted=terms,
                    output_ceiling_tokens=2_000,
                    usual_pace=usual,
                )
                assert found == (), text


@pytest.mark.parametrize("seed", range(60))
def test_seconds_of_the_sample_taken_away_are_found(seed: int) -> None:
    words, speech = sample()
    random = Random(seed)
    start_ms = random.randint(0, speech[-1].end_ms - 8_000)
    lost = Span(start_ms, start_ms + random.randint(4_000, 20_000))
    kept = [word for word in words if not lost.overlaps(Span(word.start_ms, word.end_ms))]

    found = judged(kept, speech=speech)

    holes = [s for s in found if s.doubt in (Doubt.HEAD, Doubt.MIDDLE, Doubt.TAIL)]
    if total_ms(clip_all(speech, lost)) >= 3_000:
        assert len(holes) == 1
        assert holes[0].span
        assert holes[0].span.overlaps(lost)
    else:
        assert all(s.span and s.span.overlaps(lost) for s in holes)


LONGER_WORDS = sorted({word for word in TESTIMONY.split() if len(word.strip(",.")) > 3})

ANY_WORDS = st.lists(
    st.builds(
        lambda start, length, text, timing: Word(start, start + length, text, timing=timing),
        st.integers(-5_000, 400_000),
        st.integers(-100, 20_000),
        st.one_of(
            st.text(st.characters(codec="utf-8", exclude_categories=["Z"]), min_size=1),
            st.sampled_from(["you.", "Thank", "[Music]", "(", "♪", "la", "字幕", "Amara.org"]),
        ),
        st.sampled_from(Timing),
    )
)
ANY_SPANS = st.lists(
    st.tuples(st.integers(0, 300_000), st.integers(1, 60_000)).map(
        lambda pair: Span(pair[0], pair[0] + pair[1])
    )
)


@given(
    ANY_WORDS,
    ANY_SPANS,
    st.integers(0, 400_000),
    st.sampled_from(["en", "ja", "ru", "xx", ""]),
    st.lists(st.text()),
    st.one_of(st.none(), st.integers(0, 3_000)),
    st.one_of(st.none(), st.floats(0, 40)),
)
@example([Word(-900, -800, "la")], [], 0, "en", [], 1, None)
def test_it_never_raises_and_every_place_is_in_order(  # noqa: PLR0913, PLR0917 (all that it takes)
    words: list[Word],
    speech: list[Span],
    duration_ms: int,
    language: str,
    prompted: list[str],
    ceiling: int | None,
    usual_pace: float | None,
) -> None:
    found = suspicions(
        words,
        speech=speech,
        duration_ms=duration_ms,
        language=language,
        prompted=prompted,
        output_ceiling_tokens=ceiling,
        usual_pace=usual_pace,
    )

    assert all(suspicion.sentence.endswith((".", "”")) for suspicion in found)


@given(
    st.lists(st.sampled_from(LONGER_WORDS), min_size=1, max_size=400),
    st.integers(45, 95),
    st.booleans(),
    st.integers(0, 2_900),
)
def test_an_answer_of_honest_pace_is_never_suspected_of_its_amount(
    texts: list[str], ms_per_letter: int, with_times: bool, noise_ms: int
) -> None:
    words = said(" ".join(texts), ms_per_letter=ms_per_letter)
    speech = [Span(0, words[-1].end_ms + noise_ms)]
    answer = words if with_times else written(" ".join(texts), speech)

    amounts = {Doubt.EMPTY, Doubt.SPARSE, Doubt.INVENTED, Doubt.TAIL, Doubt.MIDDLE, Doubt.HEAD}
    assert amounts.isdisjoint(doubts(judged(answer, speech=speech)))
