"""A run of a stretch: what it sends, what it says of the rest, and what it does not hide."""

import json
from dataclasses import replace

import pytest
from pytest_django import Settings

from hearings.models import Hearing
from tests.db.run_kit import options, recorded_hearing, seconds_named, started, text_of, work
from tests.factories import NOW, make_chunk, make_run, make_segments
from transcription import admission, pipeline
from transcription.exports import FORMATS
from transcription.forecast import terms_of
from transcription.ledger import in_words
from transcription.listing import State, with_state
from transcription.models import ChunkStatus, Run, RunStatus
from transcription.outlook import outlook
from transcription.run_options import RunOptions
from transcription.transcripts import coverage_of_run, transcript_of

pytestmark = pytest.mark.django_db(transaction=True)
STRETCH = replace(options(), from_ms=12_000, to_ms=25_000)


@pytest.fixture(autouse=True)
def no_dispatcher(settings: Settings, script: object) -> None:
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"


def done(hearing: Hearing, chosen: RunOptions = STRETCH) -> Run:
    run = started(hearing, chosen)
    work()
    run.refresh_from_db()
    return run


def test_only_the_stretch_is_sent_at_its_true_times() -> None:
    run = done(recorded_hearing(30))

    assert run.status == RunStatus.COMPLETE
    assert (run.from_ms, run.to_ms) == (12_000, 25_000)
    chunks = run.chunks.order_by("start_ms")
    assert chunks[0].start_ms == 12_000
    assert max(chunk.end_ms for chunk in chunks) == 25_000
    assert text_of(run) == seconds_named(range(12, 25))
    first = run.segments.order_by("index")[0]
    assert first.start_ms == 12_000


def test_every_second_is_told_and_the_rest_is_not_asked_for() -> None:
    coverage = coverage_of_run(done(recorded_hearing(30)))

    assert coverage.unaccounted_ms == 0
    assert coverage.missing == ()
    assert coverage.not_asked_ms == 17_000
    assert in_words(coverage).endswith("nothing missing, 0:17 not asked for.")


def test_exports_say_what_they_are_of() -> None:
    transcript = transcript_of(done(recorded_hearing(30)))

    value = json.loads(FORMATS["json"].render(transcript))
    assert (value["run"]["from"], value["run"]["to"], value["run"]["track"]) == (12.0, 25.0, None)
    gaps = value["coverage"]["missing"]
    assert gaps == [
        {"start": 0.0, "end": 12.0, "reason": "Not asked for."},
        {"start": 25.0, "end": 30.0, "reason": "Not asked for."},
    ]
    told = value["coverage"]["transcribed"] + value["coverage"]["silence"]
    assert told + sum(gap["end"] - gap["start"] for gap in gaps) == pytest.approx(30)
    text = FORMATS["txt"].render(transcript).decode()
    assert text.startswith("[Not asked for: 00:00:00–00:00:12]\n\ns12 ")
    assert text.endswith("s24\n\n[Not asked for: 00:00:25–00:00:30]\n")


def test_the_estimate_is_of_the_stretch() -> None:
    hearing = recorded_hearing(30)
    terms = terms_of("openai", "gpt-transcribe")

    whole = terms.estimate(pipeline.preview(hearing, options()))
    part = terms.estimate(pipeline.preview(hearing, STRETCH))

    assert part.audio_ms == 13_000
    assert whole.audio_ms > 29_000
    assert part.cost_usd and whole.cost_usd and part.cost_usd < whole.cost_usd
    assert part.seconds < whole.seconds


def test_the_same_stretch_goes_on_with_its_run_and_another_is_another() -> None:
    hearing = recorded_hearing(30)
    first = done(hearing)

    assert started(hearing, STRETCH).pk == first.pk
    assert "nothing is sent" in str(outlook(hearing, STRETCH))
    other = done(hearing, replace(STRETCH, to_ms=26_000))
    whole = done(hearing, options())
    assert len({first.pk, other.pk, whole.pk}) == 3


def test_a_stretch_that_is_everything_is_the_whole() -> None:
    hearing = recorded_hearing(30)
    whole = done(hearing, options())

    assert started(hearing, replace(options(), from_ms=0, to_ms=30_000)).pk == whole.pk
    assert whole.stretch is None


def test_an_interrupted_stretch_resumes_with_what_is_left() -> None:
    hearing = recorded_hearing(30)
    run = started(hearing, STRETCH)
    pipeline.pause(run, reason="Why.", now=NOW)

    again = started(hearing, STRETCH)

    assert (again.pk, again.status) == (run.pk, RunStatus.TRANSCRIBING)
    work()
    assert text_of(run) == seconds_named(range(12, 25))


@pytest.mark.parametrize(("from_ms", "to_ms"), [(40_000, None), (None, 31_000), (9_000, 9_000)])
def test_a_stretch_beyond_the_recording_is_refused(from_ms: int | None, to_ms: int | None) -> None:
    hearing = recorded_hearing(30)

    with pytest.raises(admission.OutsideRecording):
        started(hearing, replace(options(), from_ms=from_ms, to_ms=to_ms))
    assert not Run.objects.exists()


def test_a_stretch_in_which_nobody_speaks_is_complete_at_once() -> None:
    hearing = recorded_hearing(30, speech=[[0, 5_000]])

    run = started(hearing, replace(options(), from_ms=10_000, to_ms=20_000))

    assert run.status == RunStatus.COMPLETE
    assert coverage_of_run(run).silence_ms == 10_000


def test_a_newer_stretch_does_not_hide_the_whole() -> None:
    hearing = recorded_hearing(30)
    part = make_run(hearing, status=RunStatus.COMPLETE, from_ms=0, to_ms=9_000)

    def shown() -> tuple[int, str]:
        run = Run.objects.with_text().filter(hearing=hearing).shown_first()[0]
        return run.pk, str(with_state(Hearing.objects.all()).get().state)  # type: ignore[attr-defined]

    assert shown() == (part.pk, State.PART)
    whole = make_run(hearing, status=RunStatus.INCOMPLETE)
    make_run(hearing, status=RunStatus.COMPLETE, from_ms=0, to_ms=8_000)
    assert shown() == (whole.pk, State.GAPS)
    newest = make_run(hearing, status=RunStatus.COMPLETE)
    assert shown() == (newest.pk, State.TRANSCRIBED)


def test_a_transcript_of_another_sound_keeps_an_account_of_its_own() -> None:
    hearing = recorded_hearing(30)
    run = make_run(hearing, status=RunStatus.INCOMPLETE, track="2")
    make_chunk(run, 0, status=ChunkStatus.DONE)
    make_chunk(run, 4, status=ChunkStatus.FAILED, error="Refused.", finished_at=NOW)
    make_segments(run, "Good morning.")

    transcript = transcript_of(run)

    assert not run.is_of_present_sound
    assert not pipeline.can_retry(run)
    assert transcript.hearing.duration_ms == 50_000  # it was longer
    assert transcript.coverage.unaccounted_ms == 0
    assert [gap.reason for gap in transcript.coverage.missing] == ["Refused."]
    make_run(hearing, track="").move(to=RunStatus.FAILED, now=NOW)
    hearing.analysis.delete()
    run = Run.objects.get(pk=run.pk)
    assert coverage_of_run(run).unaccounted_ms == 0
