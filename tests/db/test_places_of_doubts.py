"""A doubt marks what is said at its place, and all of its chunk where that is not known."""

from typing import Any

import pytest

from hearings.spans import Span
from tests.factories import NOW, make_chunk, make_hearing, make_run, words_of
from transcription import kept_doubts
from transcription.concluding import conclude
from transcription.kept_doubts import KeptDoubt
from transcription.models import ChunkStatus, Run, RunStatus
from transcription.plausibility import Doubt, Suspicion

pytestmark = pytest.mark.django_db

HOLE = "4 s of speech came back without words."


@pytest.fixture
def run() -> Run:
    return make_run(make_hearing(duration_ms=20_000))


def heard(run: Run, index: int, *doubts: Any) -> None:
    """Add a chunk that says two sentences before its third second and one after its seventh."""
    at = index * 10_000
    words = (
        *words_of("Good morning. Welcome.", start_ms=at),
        *words_of("Adjourned.", start_ms=at + 7_000),
    )
    make_chunk(
        run,
        index,
        status=ChunkStatus.DONE,
        result=[word.to_json() for word in words],
        doubts=list(doubts),
    )


def doubt(start_ms: int, end_ms: int) -> Any:
    return KeptDoubt(HOLE, Span(start_ms, end_ms)).to_json()


def flagged(run: Run) -> list[str]:
    """Return where the sentences with a flag start, and what each is."""
    assert conclude(run, now=NOW)
    flags = run.segments.order_by("index").values_list("start_ms", "text", "flags")
    assert all(len(told) <= 1 and all(each.endswith(HOLE) for each in told) for _, _, told in flags)
    return [f"{start // 10_000}: {text}" for start, text, told in flags if told]


def test_a_hole_marks_the_sentences_beside_it_alone(run: Run) -> None:
    heard(run, 0, doubt(2_500, 6_500))
    heard(run, 1)

    assert flagged(run) == ["0: Welcome.", "0: Adjourned."]


def test_words_that_do_not_fit_mark_their_own_sentence(run: Run) -> None:
    heard(run, 0)
    heard(run, 1, doubt(17_100, 17_200))

    assert flagged(run) == ["1: Adjourned."]


def test_what_is_missing_at_the_ends_of_a_chunk_marks_no_sentence_of_another(run: Run) -> None:
    heard(run, 0, doubt(8_500, 10_000))
    heard(run, 1)

    assert flagged(run) == ["0: Adjourned."]


def test_a_sentence_over_a_seam_is_marked_by_what_is_missing_on_its_shorter_side(run: Run) -> None:
    make_chunk(
        run,
        0,
        status=ChunkStatus.DONE,
        result=[word.to_json() for word in words_of("We are", start_ms=9_300)],
        doubts=[doubt(0, 9_000)],
    )
    make_chunk(
        run,
        1,
        status=ChunkStatus.DONE,
        result=[word.to_json() for word in words_of("adjourned until tomorrow.", start_ms=10_000)],
    )

    assert flagged(run) == ["0: We are adjourned until tomorrow."]


def test_a_sentence_that_only_reaches_over_a_seam_is_not_of_the_other_answer(run: Run) -> None:
    """Of what two chunks share, each has half: here up to ten seconds and from there."""
    for index, span, at_ms in ((0, Span(0, 12_000), 8_801), (1, Span(8_000, 20_000), 15_000)):
        words = [word.to_json() for word in words_of("We are adjourned.", start_ms=at_ms)]
        times = {"start_ms": span.start_ms, "end_ms": span.end_ms}
        make_chunk(
            run, index, result=words, doubts=[HOLE] * index, status=ChunkStatus.DONE, **times
        )

    assert flagged(run) == ["1: We are adjourned."]


def lacking(run: Run, *losses: Span) -> str:
    """Return why a run is incomplete of which a chunk has *losses*, and sentences beside them."""
    beside = Span(9_000, 10_000)
    doubts = [KeptDoubt(HOLE, span) for span in losses] + [KeptDoubt("Elsewhere?", beside)]
    heard(run, 0, *(kept.to_json() for kept in doubts))
    run.chunks.update(unworded=[[span.start_ms, span.end_ms] for span in losses])
    assert conclude(run, now=NOW)
    run.refresh_from_db()
    assert run.status == RunStatus.INCOMPLETE
    return run.reason


def test_a_run_names_each_stretch_that_it_lacks_and_nothing_beside(run: Run) -> None:
    told = lacking(run, Span(2_500, 6_500), Span(8_500, 9_500))

    assert told == f"0:02 to 0:07: {HOLE} 0:08 to 0:10: {HOLE}"


def test_of_many_stretches_a_run_names_the_first(run: Run) -> None:
    told = lacking(run, *(Span(at * 1_000, at * 1_000 + 999) for at in range(8)))

    assert told.startswith(f"0:00 to 0:01: {HOLE} 0:01 to")
    assert told.endswith(f"0:04 to 0:05: {HOLE} And 3 more like these.")


def test_what_two_chunks_doubt_alike_is_told_once(run: Run) -> None:
    """As halves of a chunk do that were never heard again."""
    for index, text in enumerate(("We are", "adjourned.")):
        words = words_of(text, start_ms=9_300 + 700 * index)
        result = [word.to_json() for word in words]
        make_chunk(run, index, status=ChunkStatus.DONE, result=result, doubts=[HOLE])

    assert flagged(run) == ["0: We are adjourned."]


def test_what_is_missing_at_the_end_of_the_recording_marks_the_last_sentence(run: Run) -> None:
    heard(run, 0)
    heard(run, 1, doubt(18_500, 20_000))

    assert flagged(run) == ["1: Adjourned."]


@pytest.mark.parametrize("kept", [HOLE, {"sentence": HOLE, "span": None}], ids=["old", "new"])
def test_a_doubt_without_a_place_marks_its_whole_chunk(run: Run, kept: Any) -> None:
    heard(run, 0, kept)
    heard(run, 1)

    assert flagged(run) == ["0: Good morning.", "0: Welcome.", "0: Adjourned."]


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (Span(61_000, 65_000), f"1:01 to 1:05: {HOLE}"),
        (Span(61_900, 65_001), f"1:01 to 1:06: {HOLE}"),
        (Span(3_661_000, 3_661_400), f"1:01:01 to 1:01:02: {HOLE}"),
        (None, HOLE),
    ],
)
def test_a_doubt_is_told_after_the_seconds_around_its_place(span: Span | None, told: str) -> None:
    assert KeptDoubt(HOLE, span).told == told


def test_places_are_kept_from_the_start_of_the_recording() -> None:
    found = [
        Suspicion(Doubt.MIDDLE, Span(1_000, 5_000), HOLE),
        Suspicion(Doubt.SPARSE, None, "Little."),
    ]

    kept = kept_doubts.to_json(kept_doubts.placed(found, offset_ms=60_000))

    assert [KeptDoubt.from_json(each) for each in kept] == [
        KeptDoubt(HOLE, Span(61_000, 65_000)),
        KeptDoubt("Little.", None),
    ]
