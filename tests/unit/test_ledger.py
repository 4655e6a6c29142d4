"""The account of a recording's seconds, as a clerk reads it."""

from itertools import pairwise

import pytest

from hearings.spans import Span
from transcription.coverage import Coverage, Missing
from transcription.ledger import in_words


def account(
    transcribed_ms: int,
    silence_ms: int,
    missing_ms: int = 0,
    *,
    lost_ms: int = 0,
    cut_off_ms: int = 0,
) -> str:
    """Return the words for stretches of these lengths, one after another."""
    edges = [
        0,
        transcribed_ms,
        transcribed_ms + silence_ms,
        transcribed_ms + silence_ms + missing_ms,
    ]
    transcribed, silence, missing = (
        (Span(start, end),) if start < end else () for start, end in pairwise(edges)
    )
    return in_words(
        Coverage(
            duration_ms=edges[-1] + lost_ms,
            speech=(),
            transcribed=transcribed,
            silence=silence,
            missing=tuple(Missing(span, "no answer") for span in missing),
            cut_off_ms=cut_off_ms,
        )
    )


def test_a_whole_transcript_is_accounted_for_in_one_sentence() -> None:
    assert account(3_130_000, 1_022_000) == (
        "Every second accounted for: 52:10 transcribed, 17:02 without speech, nothing missing."
    )


def test_what_is_missing_is_told_with_its_length() -> None:
    assert account(40_000, 10_000, 72_000) == (
        "Every second accounted for: 0:40 transcribed, 0:10 without speech, 1:12 missing."
    )


@pytest.mark.parametrize("fraction_ms", [0, 400, 700, 999])
def test_the_parts_add_up_to_the_length_as_it_is_shown(fraction_ms: int) -> None:
    told = account(10_000 + fraction_ms, 10_000 + fraction_ms, 10_000 + fraction_ms)

    seconds = [int(word.removeprefix("0:")) for word in told.split() if word.startswith("0:")]
    assert sum(seconds) == (30_000 + 3 * fraction_ms) // 1000


def test_a_short_gap_is_not_told_as_nothing() -> None:
    assert account(10_000, 10_000, 300).endswith("less than a second missing.")


def test_seconds_that_nothing_accounts_for_are_owned_up_to() -> None:
    told = account(40_000, 10_000, lost_ms=2_500)

    assert "Every second" not in told
    assert told.endswith("; 2.5 s are not accounted for: that is a fault of this program.")


def test_a_file_that_breaks_off_is_no_whole_recording() -> None:
    told = account(40_000, 10_000, cut_off_ms=45_000)

    assert told.endswith(
        "nothing missing. The file breaks off 0:45 before the end that it promises."
    )
