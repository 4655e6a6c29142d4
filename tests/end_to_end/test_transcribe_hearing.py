import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import CODECS, SAMPLE, Cut, Served
from tests.end_to_end.world import World
from tests.fake_api import Answer, Arrival, FakeApi, error_answer, words_of_the_sound
from transcription.evaluation import word_errors

pytestmark = pytest.mark.processes

KEYS = {
    "": {"format", "hearing", "run", "coverage", "segments"},
    "hearing": {
        *("slug", "title", "committee", "date", "duration", "recording_sha256"),
    },
    "run": {
        *("id", "engine", "model", "language", "status", "method", "started_at", "finished_at"),
        *("processing_seconds", "validation_score", "chunks", "chunks_failed"),
        *("billed_seconds", "cost_usd", "seams", "track", "from", "to"),
    },
    "coverage": {"speech", "transcribed", "silence", "missing", "unaccounted"},
    "segment": {"start", "end", "text", "speaker", "confidence", "flags", "corrections", "words"},
    "word": {"start", "end", "word", "confidence", "timing"},
}
USD_PER_MINUTE = 0.0045
# Of gpt-transcribe.


def assert_keeps_the_contract(value: dict[str, Any]) -> None:
    """Hold a transcript to the contract's format, whatever it says."""
    assert value["format"] == "senate-audio/1"
    assert set(value) == KEYS[""]
    for part in ("hearing", "run", "coverage"):
        assert set(value[part]) == KEYS[part]
    assert_times_are_possible(value)
    assert_nothing_is_made_up(value)


def assert_times_are_possible(value: dict[str, Any]) -> None:
    duration, coverage = value["hearing"]["duration"], value["coverage"]
    missing = sum(gap["end"] - gap["start"] for gap in coverage["missing"])
    assert coverage["transcribed"] + coverage["silence"] + missing == pytest.approx(duration)
    assert coverage["unaccounted"] == 0
    position = 0.0
    for segment in value["segments"]:
        assert set(segment) == KEYS["segment"]
        assert position <= segment["start"] < segment["end"] <= duration
        position = segment["end"]
        assert segment["text"] == " ".join(word["word"] for word in segment["words"])
        for word in segment["words"]:
            assert set(word) == KEYS["word"]
            assert word["start"] < word["end"]
    started, ended = (value["run"][key] for key in ("started_at", "finished_at"))
    assert datetime.fromisoformat(started) < datetime.fromisoformat(ended)


def assert_nothing_is_made_up(value: dict[str, Any]) -> None:
    assert 0 < value["run"]["validation_score"] <= 100
    assert {segment["speaker"] for segment in value["segments"]} == {None}
    if value["run"]["engine"] == "openai":
        billed = value["run"]["billed_seconds"]
        assert value["run"]["cost_usd"] == pytest.approx(billed / 60 * USD_PER_MINUTE, abs=1e-5)
        assert billed >= value["coverage"]["speech"] / 2
        assert {w["confidence"] for s in value["segments"] for w in s["words"]} == {None}
        assert {w["timing"] for s in value["segments"] for w in s["words"]} == {"estimated"}


@pytest.mark.parametrize("form", CODECS)
def test_every_format_gives_the_contracts_json(served: Served, cut: Cut, form: str) -> None:
    done = served.world.transcribe(
        cut(form, start=5),
        *(f"--title=A hearing as {form}", "--committee=scom", "--date=2026-03-12"),
        *("--format", "json", "--again"),  # m4a and mp4 sound the same: one would be free
    )

    assert done.code == 0, done.err
    assert_keeps_the_contract(done.transcript)
    assert done.transcript["hearing"]["title"] == f"A hearing as {form}"
    assert done.transcript["hearing"]["committee"] == "SCOM"
    assert done.transcript["hearing"]["date"] == "2026-03-12"
    assert done.transcript["hearing"]["duration"] == pytest.approx(20, abs=0.1)
    assert done.transcript["run"]["status"] == "complete"
    assert done.transcript["run"]["method"] == "single"
    assert done.words


def test_standard_output_is_the_transcript_and_nothing_else(served: Served, cut: Cut) -> None:
    told = served.world.transcribe(cut())
    quiet = served.world.transcribe(cut(), "--quiet")

    assert (told.code, quiet.code) == (0, 0)
    assert "Transcribing" in told.err
    assert quiet.err == ""
    assert quiet.out == told.out
    assert "Transcribing" not in told.out


def test_no_process_is_left_when_the_command_ends(world: World, cut: Cut) -> None:
    with world.start("transcribe_hearing", str(cut())) as command:
        command.wait_for_message("Transcribing")
        family = command.family()
        command.finished()

    assert len(family) > 1
    assert not [process for process in family if process.is_running()]


def test_the_result_can_go_to_a_file(served: Served, cut: Cut) -> None:
    target = served.world.folder / "transcript.txt"

    done = served.world.transcribe(cut(), "--output", str(target))

    assert (done.code, done.out) == (0, "")
    assert target.read_text().endswith("\n")


def test_a_file_name_need_not_be_valid_text(served: Served, cut: Cut) -> None:
    recording = Path(os.fsdecode(os.fsencode(served.world.folder) + b"/a\xff.mp3"))
    recording.write_bytes(cut(start=10).read_bytes())

    done = served.world.transcribe(recording, "--format", "json")

    assert done.code == 0, done.err
    assert done.transcript["hearing"]["title"] == "a�"


def test_what_is_done_is_shown_again_by_slug_or_id_and_not_sent_again(
    served: Served, cut: Cut
) -> None:
    first = served.world.transcribe(cut(start=60), "--format", "json")
    sent = len(served.api.heard)
    slug = first.transcript["hearing"]["slug"]
    ((number,),) = served.world.rows(f"SELECT id FROM hearings_hearing WHERE slug = '{slug}'")  # noqa: S608

    for source in (slug, str(number)):
        again = served.world.transcribe(source, "--format", "json")
        assert (again.code, again.transcript) == (0, first.transcript)

    assert len(served.api.heard) == sent


def test_a_fresh_run_is_made_when_it_is_asked_for(served: Served, cut: Cut) -> None:
    first = served.world.transcribe(cut(start=90), "--format", "json")
    sent = len(served.api.heard)

    again = served.world.transcribe(cut(start=90), "--format", "json", "--again")

    assert again.transcript["run"]["id"] != first.transcript["run"]["id"]
    assert again.words == first.words
    assert len(served.api.heard) == sent + 1


def test_one_chunk_after_another_is_never_two_at_once(served: Served, cut: Cut) -> None:
    before = len(served.api.arrivals)
    served.api.delay_seconds = 0.05

    done = served.world.transcribe(
        cut(seconds=40), "--sequential", "--chunk-seconds", "10", "--format", "json"
    )

    arrivals = served.api.arrivals[before:]
    assert done.transcript["run"]["method"] == "sequential"
    assert done.transcript["run"]["chunks"] == len(arrivals) > 2
    assert {arrival.at_once for arrival in arrivals} == {1}


def reject(api: FakeApi, *, only: int | None = None) -> None:
    """Have the engine take no audio from now on, or not the one with this place from now.

    That one is refused in both formats in which it is sent.
    """
    before, refused = len(api.arrivals), list[str]()

    def answer(arrival: Arrival) -> Answer:
        if arrival.number - before == only or refused.count(arrival.sha256) == 1:
            refused.append(arrival.sha256)
        elif only is not None:
            return words_of_the_sound(arrival)
        return error_answer(400, message="Audio could not be decoded.")

    api.answer = answer


def test_a_rejected_chunk_is_a_gap_with_its_reason_which_the_same_command_fills(
    served: Served, cut: Cut
) -> None:
    command = (cut(start=120, seconds=40), "--chunk-seconds", "10", "--format", "json")
    before = len(served.api.arrivals)
    reject(served.api, only=1)

    gappy = served.world.transcribe(*command)

    assert gappy.code == 5
    assert_keeps_the_contract(gappy.transcript)
    assert gappy.transcript["run"]["status"] == "incomplete"
    assert gappy.transcript["run"]["chunks_failed"] == 1
    (gap,) = gappy.transcript["coverage"]["missing"]
    assert "Audio could not be decoded." in gap["reason"]
    assert "Audio could not be decoded." in gappy.err

    whole = served.world.transcribe(*command)

    assert whole.code == 0, whole.err
    assert whole.transcript["coverage"]["missing"] == []
    assert len(whole.words) > len(gappy.words)
    heard = served.api.heard[before:]
    assert [sha256 for sha256 in heard if heard.count(sha256) > 1] == [heard[1]] * 3


def test_nothing_but_rejected_chunks_is_a_failure(served: Served, cut: Cut) -> None:
    reject(served.api)

    done = served.world.transcribe(cut(start=150))

    assert (done.code, done.out) == (4, "")
    assert "Audio could not be decoded." in done.err


def test_a_refused_key_pauses_and_the_same_command_goes_on(
    world: World, api: FakeApi, cut: Cut
) -> None:
    api.answer = lambda arrival: (
        words_of_the_sound(arrival)
        if arrival.authorization == "Bearer sk-right"
        else error_answer(401, code="invalid_api_key", message="Incorrect API key.")
    )

    paused = world.transcribe(cut())
    done = world.transcribe(cut(), OPENAI_API_KEY="sk-right")

    assert (paused.code, paused.out) == (6, "")
    assert "Incorrect API key." in paused.err
    assert "the same command goes on" in paused.err
    assert done.code == 0, done.err
    assert len(api.heard) == 2


@pytest.mark.model
def test_the_embedded_engine_hears_the_sample(world: World, cut: Cut, model: Path) -> None:
    done = world.transcribe(
        cut("webm", seconds=30), "--engine", "whisper", "--model", str(model), "--format", "json"
    )

    assert done.code == 0, done.err
    assert_keeps_the_contract(done.transcript)
    assert done.transcript["run"]["cost_usd"] == 0
    assert {w["timing"] for s in done.transcript["segments"] for w in s["words"]} == {"engine"}
    reference = (SAMPLE.with_name("hearing.ref.txt")).read_text().split()
    errors = word_errors(" ".join(reference[: len(done.words)]), " ".join(done.words))
    assert errors.rate < 0.2
