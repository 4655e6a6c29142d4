"""Chunks cut anew in the middle of a run, and the run that goes on with the embedded engine."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from hearings.spans import Span, total_ms, union
from tests.db.run_kit import options, recorded_hearing, started
from tests.factories import NOW, make_chunk, make_run, words_of
from transcription import pipeline, planning, recutting
from transcription.admission import StartRefused
from transcription.engines.scripted import ScriptedEngine
from transcription.engines.whisper import WhisperEngine
from transcription.models import Chunk, ChunkStatus, Run, RunStatus
from transcription.policies import ChunkingPolicy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("script")]


@pytest.fixture(autouse=True)
def nobody_works(settings: Settings) -> None:
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"
    settings.OPENAI_API_KEY = "sk-of-nobody"


@pytest.fixture
def whisper_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WhisperEngine, "check", lambda self: None)


def held(chunk: Chunk) -> Chunk:
    assert chunk.claim(holder="me", now=NOW, lease_seconds=30)
    return chunk


def hosted_run() -> Run:
    """Return a paused run of three chunks: one done, one to do, one failed."""
    run = started(recorded_hearing(30), options("openai"))
    first, _, third = run.chunks.order_by("start_ms")
    held(first).finish(words_of("said"), now=NOW)
    held(third).give_up(error="No.", now=NOW)
    assert pipeline.pause(run, reason="The quota is used up.", now=NOW)
    return run


def test_halves_meet_in_the_pause_nearest_the_middle() -> None:
    speech = [Span(0, 4_000), Span(4_400, 9_000), Span(9_600, 20_000)]

    first, second = planning.halves(Span(0, 20_000), speech, ChunkingPolicy())

    assert (first.span, second.span) == (Span(0, 9_300), Span(9_300, 20_000))


def test_halves_without_a_pause_share_what_is_said_at_the_cut() -> None:
    first, second = planning.halves(Span(0, 20_000), [Span(0, 20_000)], ChunkingPolicy())

    assert (first.span, second.span) == (Span(0, 12_000), Span(8_000, 20_000))


def test_a_chunk_gives_way_to_its_halves() -> None:
    run = started(recorded_hearing(30))
    chunk = held(run.chunks.get(start_ms=10_000))

    assert recutting.split(chunk, now=NOW, error="Too large.", reshaped=1)

    halves = chunk.children.order_by("start_ms")
    assert (chunk.status, chunk.error) == (ChunkStatus.SUPERSEDED, "Too large.")
    assert union(half.span for half in halves) == (chunk.span,)
    assert [(h.status, h.generation, h.reshaped) for h in halves] == [
        (ChunkStatus.WAITING, 1, 1)
    ] * 2
    assert len(set(run.chunks.values_list("index", flat=True))) == 5


def test_who_lost_a_chunk_does_not_cut_it() -> None:
    run = started(recorded_hearing(30))
    chunk = held(run.chunks.get(start_ms=10_000))
    Chunk.objects.get(pk=chunk.pk).put_back(not_before=None)

    recutting.split(chunk, now=NOW)

    assert run.chunks.count() == 3
    assert Chunk.objects.get(pk=chunk.pk).status == ChunkStatus.WAITING


def test_a_scrap_is_not_cut_in_two() -> None:
    run = make_run()
    chunk = held(make_chunk(run, start_ms=0, end_ms=3_000))

    assert not recutting.split(chunk, now=NOW)
    assert chunk.status == ChunkStatus.RUNNING


@pytest.mark.usefixtures("whisper_is_here")
def test_a_paused_run_goes_on_with_the_embedded_engine_and_keeps_what_is_done() -> None:
    run = hosted_run()

    assert pipeline.continue_embedded(run, now=NOW)

    assert (run.status, run.engine, run.reason) == (RunStatus.TRANSCRIBING, "whisper", "")
    done = run.chunks.get(status=ChunkStatus.DONE)
    left = list(run.chunks.filter(status=ChunkStatus.WAITING))
    assert done.words == words_of("said")
    assert total_ms([done.span, *(chunk.span for chunk in left)]) >= 29_000
    assert all(chunk.windows and chunk.parent for chunk in left)
    assert run.chunks.filter(status=ChunkStatus.SUPERSEDED).count() == 2


@pytest.mark.usefixtures("whisper_is_here")
@pytest.mark.parametrize(
    "change",
    [
        lambda run: pipeline.resume(run, now=NOW),
        lambda run: pipeline.cancel(run, now=NOW),
        lambda run: Run.objects.filter(pk=run.pk).update(engine="scripted"),
    ],
    ids=["works", "cancelled", "embedded already"],
)
def test_only_a_paused_hosted_run_changes_its_engine(change: Callable[[Run], object]) -> None:
    run = hosted_run()
    change(run)
    run.refresh_from_db()
    before = list(run.chunks.values())

    assert not pipeline.continue_embedded(run, now=NOW)

    assert list(run.chunks.values()) == before


def test_without_the_model_the_run_stays_as_it_is(settings: Settings) -> None:
    settings.WHISPER_MODEL = "nowhere"
    run = hosted_run()

    with pytest.raises(StartRefused, match="nowhere"):
        pipeline.continue_embedded(run, now=NOW)

    run.refresh_from_db()
    assert (run.status, run.engine) == (RunStatus.PAUSED, "openai")


def test_what_stops_one_run_stops_every_run_of_the_same_model() -> None:
    run = started(recorded_hearing(30), options("openai"))
    alike = make_run(engine="openai", model=run.model)
    other = make_run(engine="openai", model="whisper-1")

    pipeline.pause_alike(run, reason="The key is wrong.", now=NOW, same_model=True)

    states = {each.pk: each.status for each in Run.objects.all()}
    assert states[run.pk] == states[alike.pk] == RunStatus.PAUSED
    assert states[other.pk] == RunStatus.TRANSCRIBING
    assert not ScriptedEngine.heard
