import json
import tracemalloc

import pytest
from pytest_django import DjangoAssertNumQueries

from hearings.models import Committee
from hearings.spans import Span, intersect
from tests.factories import NOW, make_chunk, make_hearing, make_run, make_segments
from transcription.coverage import NO_WORDS, UNREADABLE, Missing
from transcription.exports import FORMATS
from transcription.models import ChunkStatus, Run, RunStatus, Segment
from transcription.transcripts import NOT_TRANSCRIBED, coverage_of_run, transcript_of

pytestmark = pytest.mark.django_db


def finished_run(status: RunStatus = RunStatus.COMPLETE, **values: object) -> Run:
    """Return a run over half a minute, of which people speak at first, in the middle and last."""
    committee, _ = Committee.objects.get_or_create(code="SCOM", name="Committee on Commerce")
    speech = [[0, 4_000], [12_000, 14_000], [22_000, 26_000]]
    hearing = make_hearing(committee=committee, duration_ms=30_000, speech=speech)
    return make_run(hearing, status=status, started_at=NOW, **values)


def speak(run: Run, *, every_ms: int = 11_000) -> None:
    """Store a sentence of two seconds in each third."""
    for index in range(3):
        start_ms = 500 + index * every_ms
        Segment.objects.create(
            run=run, index=index, start_ms=start_ms, end_ms=start_ms + 2_000, text="Aye."
        )


def test_a_run_is_read_with_its_hearing_its_coverage_and_its_words() -> None:
    run = finished_run()
    run.hearing.analysis.speech = [[0, 25_000]]
    run.hearing.analysis.save()
    for index in range(3):
        make_chunk(run, index, status=ChunkStatus.DONE)
    make_segments(run, "The committee will come to order.", "Good morning.")
    Segment.objects.create(run=run, index=2, start_ms=4_000, end_ms=26_000, text="Aye.")

    transcript = transcript_of(run)

    assert transcript.hearing.committee_code == "SCOM"
    assert transcript.hearing.duration_ms == 30_000
    assert transcript.coverage.transcribed_ms == 26_000
    assert transcript.coverage.silence_ms == 4_000
    assert [segment.text for segment in transcript.segments] == [
        "The committee will come to order.",
        "Good morning.",
        "Aye.",
    ]
    _, second, *_ = transcript.segments
    assert (second.words[0].text, second.words[0].start_ms) == ("Good", 3_000)


def test_a_failed_chunk_is_missing_for_the_reason_on_its_row() -> None:
    run = finished_run(RunStatus.INCOMPLETE)
    make_chunk(run, 0, status=ChunkStatus.DONE)
    make_chunk(run, 1, status=ChunkStatus.FAILED, error="The engine refused it.", finished_at=NOW)
    make_chunk(run, 2, status=ChunkStatus.DONE)
    speak(run)

    transcript = transcript_of(run)

    (gap,) = transcript.coverage.missing
    assert (gap.span.start_ms, gap.span.end_ms) == (10_000, 20_000)
    assert gap.reason == "The engine refused it."
    assert transcript.run.chunks_failed == 1


def test_a_chunk_that_still_waits_is_missing_as_not_transcribed() -> None:
    run = finished_run(RunStatus.TRANSCRIBING)
    make_chunk(run, 0, status=ChunkStatus.DONE)
    make_chunk(run, 1, error="Too many requests.")
    make_chunk(run, 2, status=ChunkStatus.CANCELLED, finished_at=NOW)

    coverage = coverage_of_run(run)

    assert [gap.reason for gap in coverage.missing] == ["not transcribed"]
    assert coverage.missing_ms == 20_000


def test_a_chunk_that_was_cut_anew_does_not_count() -> None:
    run = finished_run()
    old = make_chunk(
        run, 0, status=ChunkStatus.SUPERSEDED, start_ms=0, end_ms=30_000, finished_at=NOW
    )
    for index in range(3):
        make_chunk(run, index, status=ChunkStatus.DONE, generation=1, parent=old)
    speak(run)

    transcript = transcript_of(run)

    assert transcript.run.chunks == 3
    assert transcript.coverage.missing == ()


def test_a_chunk_that_came_back_empty_over_speech_is_not_transcribed() -> None:
    run = finished_run()
    for index in range(3):
        make_chunk(run, index, status=ChunkStatus.DONE)
    speak(run)
    run.segments.filter(index=1).delete()

    coverage = coverage_of_run(run)

    assert coverage.missing == (Missing(Span(12_000, 14_000), NO_WORDS),)
    assert coverage.unaccounted_ms == 0


def test_a_finished_chunk_of_a_run_under_way_counts_before_its_sentences_are_made() -> None:
    run = finished_run(RunStatus.TRANSCRIBING)
    make_chunk(run, 0, status=ChunkStatus.DONE)
    make_chunk(run, 1)
    make_chunk(run, 2)

    coverage = coverage_of_run(run)

    assert {gap.reason for gap in coverage.missing} == {NOT_TRANSCRIBED}
    assert Span(0, 4_000) in intersect(coverage.transcribed, [Span(0, 4_000)])


def test_what_cannot_be_read_is_missing_for_everyone() -> None:
    run = finished_run()
    run.hearing.analysis.unreadable = [[13_000, 15_000], [30_000, 40_000]]
    run.hearing.analysis.save()
    for index in range(3):
        make_chunk(run, index, status=ChunkStatus.DONE)
    speak(run)

    coverage = coverage_of_run(run, for_public=True)

    assert coverage.missing == (Missing(Span(13_000, 15_000), UNREADABLE),)
    assert (coverage.unaccounted_ms, coverage.cut_off_ms) == (0, 10_000)


def test_the_coverage_of_a_long_run_takes_four_queries_like_that_of_a_short_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    run = finished_run()
    for index in range(60):
        make_chunk(run, index, status=ChunkStatus.DONE)
    speak(run, every_ms=2_000)
    run = Run.objects.get(pk=run.pk)

    with django_assert_max_num_queries(4):
        coverage_of_run(run)


def test_the_seams_are_those_of_windows_and_of_chunks_without_windows() -> None:
    run = finished_run()
    windows = [[0, 6_000], [6_000, 10_000]]
    make_chunk(run, 0, status=ChunkStatus.DONE, windows=windows)
    make_chunk(run, 1, status=ChunkStatus.DONE)
    make_chunk(run, 2, status=ChunkStatus.DONE)

    assert transcript_of(run).run.seams_ms == (6_000, 10_000, 20_000)


def test_a_long_transcript_takes_six_queries_like_a_short_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    run = finished_run()
    for index in range(3):
        make_chunk(run, index, status=ChunkStatus.DONE)
    make_segments(run, *["The clerk will call the roll."] * 40)
    run = Run.objects.get(pk=run.pk)

    with django_assert_max_num_queries(7):
        assert len(list(transcript_of(run).segments)) == 40


def test_of_a_long_transcript_few_sentences_are_in_memory_at_a_time() -> None:
    run = finished_run()
    make_segments(run, *["The clerk will call the roll, and the record will show it."] * 1_500)
    transcript = transcript_of(Run.objects.get(pk=run.pk))

    tracemalloc.start()
    try:
        count = sum(len(segment.words) for segment in transcript.segments)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == 1_500 * 12
    assert most < 4 * 2**20  # all at once are more than twice that


@pytest.mark.parametrize(("engine", "known"), [("whisper", 0.0), ("openai", None)])
def test_only_an_engine_on_this_machine_is_known_to_cost_nothing(
    engine: str, known: float | None
) -> None:
    run = finished_run(engine=engine)

    facts = json.loads(FORMATS["json"].render(transcript_of(run)))["run"]

    assert facts["billed_seconds"] == known
    assert facts["cost_usd"] == known
    assert facts["validation_score"] is None


def test_the_score_of_the_checks_before_the_start_is_exported() -> None:
    run = finished_run(validation_score=93)

    assert json.loads(FORMATS["json"].render(transcript_of(run)))["run"]["validation_score"] == 93


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_write_a_run_without_a_word(name: str) -> None:
    run = make_run(make_hearing(speech=[]), status=RunStatus.COMPLETE)

    written = FORMATS[name].render(transcript_of(run))

    assert written.endswith(b"\n")
