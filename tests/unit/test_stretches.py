"""From when to when a recording is transcribed."""

import pytest

from hearings.spans import Span
from transcription.stretches import NoSuchStretch, in_words, stretch_of

HALF_MINUTE = 29_800


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "stretch"),
    [
        (None, None, None),
        (0, None, None),
        (None, 30_000, None),  # as a player shows its end
        (None, HALF_MINUTE, None),
        (10_000, None, Span(10_000, HALF_MINUTE)),
        (None, 10_000, Span(0, 10_000)),
        (10_000, 30_000, Span(10_000, HALF_MINUTE)),
        (1, 2, Span(1, 2)),
    ],
)
def test_a_stretch_is_what_it_leaves_out_and_the_whole_is_none(
    from_ms: int | None, to_ms: int | None, stretch: Span | None
) -> None:
    assert stretch_of(from_ms, to_ms, duration_ms=HALF_MINUTE) == stretch


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "sentence"),
    [
        (40_000, None, "0:29 long, so 00:00:40 is beyond its end"),
        (HALF_MINUTE, None, "beyond its end"),
        (None, 30_001, "00:00:30 is beyond its end"),
        (20_000, 20_000, "ends at 00:00:20, not after its begin at 00:00:20"),
        (20_000, 10_000, "Give an end that is later"),
        (None, 0, "Give an end that is later"),
    ],
)
def test_a_stretch_that_is_not_there_is_refused(
    from_ms: int | None, to_ms: int | None, sentence: str
) -> None:
    with pytest.raises(NoSuchStretch) as error:
        stretch_of(from_ms, to_ms, duration_ms=HALF_MINUTE)

    assert sentence in str(error.value)


def test_a_stretch_is_told_by_its_ends() -> None:
    assert in_words(Span(600_000, 1_200_000)) == "00:10:00 to 00:20:00"
