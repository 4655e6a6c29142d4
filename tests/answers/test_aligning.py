"""A chunk whose words came without times waits for them as it waited to be heard."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_django import Settings

from hearings.models import RecordingAnalysis
from hearings.spans import Span
from tests.answers.kit import Trial
from tests.db.run_kit import SetClock, work
from tests.factories import NOW
from transcription import limiter, pipeline, recovery, recutting
from transcription.chunk_job import jobs_wanted
from transcription.engines.base import BYTES_PER_MS, AccessRefused, EngineUnavailable
from transcription.engines.scripted import ScriptedAligner, one_after_the_other
from transcription.holders import host_name
from transcription.limiter import Limit
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus, Slot
from transcription.policies import RatePolicy
from transcription.transcripts import coverage_of_run
from transcription.word_search import Placing
from transcription.words import Timing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def aligner(settings: Settings) -> Iterator[None]:
    settings.ALIGN_WORDS = True
    settings.ALIGNER = "transcription.engines.scripted.ScriptedAligner"
    ScriptedAligner.follow()
    yield
    ScriptedAligner.follow()


def timings(run: Run) -> set[str]:
    return {word["timing"] for segment in run.segments.all() for word in segment.words}


def heard_and_waiting(trial: Trial) -> Chunk:
    """Return a chunk of a run that is all heard while another process had the host's seat."""
    held = limiter.acquire(Limit(f"aligner@{host_name()}", 1), now=NOW, lease_seconds=30)
    assert held
    trial.start()
    trial.work()
    held.release()
    return trial.first


def test_words_of_a_text_get_the_times_that_are_found(trial: Trial) -> None:
    trial.start()

    trial.work()

    assert trial.run.status == RunStatus.COMPLETE
    assert (trial.text, trial.calls) == (trial.script, 3)
    assert timings(trial.run) == {Timing.ALIGNED}
    assert {word.confidence for word in trial.first.words} == {0.9}


def test_while_times_are_found_the_run_says_so_and_no_call_is_made(trial: Trial) -> None:
    heard_and_waiting(trial)

    assert trial.run.status == RunStatus.ALIGNING
    assert set(trial.run.chunks.values_list("status", "is_heard")) == {("waiting", True)}

    trial.work()

    assert (trial.run.status, trial.calls) == (RunStatus.COMPLETE, 3)


def test_one_process_of_a_host_finds_times(trial: Trial) -> None:
    chunk = heard_and_waiting(trial)

    held = limiter.acquire(Limit(f"aligner@{host_name()}", 1), now=NOW, lease_seconds=30)
    assert held and not work(trial.clock)
    held.release()

    assert work(trial.clock) == 3
    chunk.refresh_from_db()
    assert chunk.status == ChunkStatus.DONE
    assert not Slot.objects.filter(limit__startswith="aligner@", token__isnull=False).exists()


def test_a_worker_is_wanted_for_texts_while_none_is_at_them(trial: Trial) -> None:
    chunk = heard_and_waiting(trial)
    assert jobs_wanted(RatePolicy(), now=NOW) == 1

    assert chunk.claim(holder="elsewhere/1/1", now=NOW, lease_seconds=30)

    assert jobs_wanted(RatePolicy(), now=NOW) == 0


def test_a_dead_aligners_chunk_is_taken_up_and_not_sent_again(trial: Trial) -> None:
    chunk = heard_and_waiting(trial)
    assert chunk.claim(holder="elsewhere/1/1", now=NOW, lease_seconds=1)
    clock = SetClock(NOW + timedelta(seconds=2))

    assert recovery.recover_stalled(now=clock()) == 1
    work(clock)

    trial.run.refresh_from_db()
    assert (trial.run.status, trial.calls) == (RunStatus.COMPLETE, 3)
    assert timings(trial.run) == {Timing.ALIGNED}


def test_what_kills_aligner_after_aligner_keeps_its_words(trial: Trial, settings: Settings) -> None:
    chunk = heard_and_waiting(trial)
    Chunk.objects.update(losses=settings.RETRY.max_losses - 1)
    assert chunk.claim(holder="elsewhere/1/1", now=NOW, lease_seconds=1)

    recovery.recover_stalled(now=NOW + timedelta(seconds=2))

    chunk.refresh_from_db()
    assert chunk.status == ChunkStatus.DONE
    assert {word.timing for word in chunk.words} == {Timing.ESTIMATED}


@pytest.mark.parametrize("error", [EngineUnavailable("It failed."), AccessRefused("It is gone.")])
def test_where_no_times_are_found_the_estimates_stay(trial: Trial, error: Exception) -> None:
    def fail(_duration_ms: int, _words: Sequence[str]) -> Sequence[Placing]:
        raise error

    ScriptedAligner.follow(fail)
    trial.start()

    trial.work()

    assert (trial.run.status, trial.text) == (RunStatus.COMPLETE, trial.script)
    assert timings(trial.run) == {Timing.ESTIMATED}


def test_a_host_without_the_model_hands_nothing_on(trial: Trial) -> None:
    ScriptedAligner.follow(missing=AccessRefused("The model is not here."))
    trial.start()

    trial.work()

    assert trial.run.status == RunStatus.COMPLETE
    assert timings(trial.run) == {Timing.ESTIMATED}
    assert not trial.run.chunks.filter(is_heard=True).exists()


def test_words_that_came_with_times_keep_them(trial: Trial) -> None:
    trial.start("whisper-1")

    trial.work()

    assert timings(trial.run) == {Timing.ENGINE}


def unsupported_second_half(duration_ms: int, words: Sequence[str]) -> Sequence[Placing]:
    """Find all words in the first half of the sound: the second has others."""
    return one_after_the_other(duration_ms // 2, words)


def test_speech_without_words_is_asked_for_once_more_in_shorter_cuts(trial: Trial) -> None:
    ScriptedAligner.follow(
        lambda ms, words: (
            unsupported_second_half(ms, words) if ms > 9_000 else one_after_the_other(ms, words)
        )
    )
    trial.start()

    trial.to_the_end()

    assert trial.run.status == RunStatus.COMPLETE
    assert trial.calls == 9
    cut = trial.run.chunks.filter(status=ChunkStatus.SUPERSEDED)
    assert cut.count() == 3 and all("no words" in chunk.error for chunk in cut)
    assert Attempt.objects.filter(is_rejected=True).count() == 3


def test_what_is_too_short_to_cut_is_asked_for_once_more_whole(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recutting, "LEAST_HALVED_MS", 60_000)
    ScriptedAligner.follow(unsupported_second_half)
    trial.start()

    trial.to_the_end()

    assert trial.calls == 6
    assert trial.run.status == RunStatus.INCOMPLETE
    assert [len(chunk.doubts) for chunk in trial.run.chunks.all()] == [1, 1, 1]


def test_what_stays_without_words_is_kept_and_named(trial: Trial) -> None:
    ScriptedAligner.follow(unsupported_second_half)
    trial.start()

    trial.to_the_end()

    assert trial.run.status == RunStatus.INCOMPLETE
    assert "speech have no words here" in trial.run.reason
    chunk = trial.first
    ((start, end),) = chunk.unworded
    assert chunk.start_ms < start < end <= chunk.end_ms
    coverage = coverage_of_run(trial.run)
    assert Span(start, end) in [gap.span for gap in coverage.missing]
    assert coverage.unaccounted_ms == 0


def test_a_person_may_have_asked_again_what_stays_without_words(trial: Trial) -> None:
    ScriptedAligner.follow(unsupported_second_half)
    trial.start()
    trial.to_the_end()
    calls = trial.calls
    ScriptedAligner.follow()

    assert pipeline.retry(trial.run, now=NOW)
    trial.to_the_end()

    assert (trial.run.status, trial.text) == (RunStatus.COMPLETE, trial.script)
    assert trial.calls == calls + 6
    assert coverage_of_run(trial.run).missing == ()
    assert set(trial.run.chunks.current().values_list("reruns", flat=True)) == {1}


def test_speech_in_which_nothing_is_heard_here_either_needs_no_words(trial: Trial) -> None:
    ScriptedAligner.follow(unsupported_second_half, hearing="Ha ha.")
    trial.start()

    trial.work()

    assert (trial.run.status, trial.calls) == (RunStatus.COMPLETE, 3)


def test_a_model_that_stops_at_the_end_of_a_sentence_is_asked_for_the_rest(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    speech = [[at, at + 1_600] for at in range(200, 30_000, 2_000)]  # with pauses to cut in
    RecordingAnalysis.objects.update(speech=speech)
    trial.hearing.refresh_from_db()
    heard_ms: list[int] = []

    def hear(_: ScriptedAligner, pcm: bytes, *, language: str) -> str:
        heard_ms.append(len(pcm) // BYTES_PER_MS)
        return "what nobody wrote" if heard_ms[-1] < heard_ms[0] else "The end."

    monkeypatch.setattr(ScriptedAligner, "hear", hear)
    ScriptedAligner.follow(unsupported_second_half)
    trial.start()

    trial.work()

    assert min(heard_ms) < heard_ms[0]
    assert trial.run.chunks.filter(status=ChunkStatus.SUPERSEDED).exists()


def test_an_answer_that_was_rejected_by_its_sound_is_not_used_again(trial: Trial) -> None:
    ScriptedAligner.follow(unsupported_second_half)
    trial.start()
    trial.to_the_end()
    ScriptedAligner.follow()
    calls = trial.calls

    chosen = replace(trial.options(), parallel=2)
    trial.run = pipeline.start(trial.hearing, chosen, by=None, now=NOW)
    trial.to_the_end()

    assert trial.calls == calls + 3


def test_a_cancelled_run_is_aligned_no_further(trial: Trial) -> None:
    heard_and_waiting(trial)

    pipeline.cancel(trial.run, now=NOW)

    assert not work(trial.clock)
    assert trial.run.chunks.get(start_ms=0).status == ChunkStatus.CANCELLED


def test_an_engine_that_takes_over_a_paused_run_leaves_what_is_heard(trial: Trial) -> None:
    heard_and_waiting(trial)
    pipeline.pause(trial.run, reason="A person said so.", now=NOW)
    assert not work(trial.clock)

    assert pipeline.continue_embedded(trial.run, now=NOW)

    assert trial.run.chunks.filter(is_heard=True, status=ChunkStatus.WAITING).count() == 3
    work(trial.clock)
    trial.run.refresh_from_db()
    assert (trial.run.status, trial.text, trial.calls) == (RunStatus.COMPLETE, trial.script, 3)
