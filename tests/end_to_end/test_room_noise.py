"""A room waits for the gavel, and a recess: nothing of it is sent, and no word comes out of it.

In full (PROOF=full) the whole sample, with twenty minutes before it and ten within; else a part.
The detector remembers what it heard, so a room moves where speech begins by a frame of it, at which
Whisper may hear one word otherwise: of the sample 0.21 points. In full it is therefore played as it
is and softer by one and two decibels, and the mean is compared, as in the bench of speech.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from hearings.spans import Span, intersect, total_ms
from tests import sound
from tests.end_to_end.conftest import Served, plain_english
from tests.end_to_end.world import World
from transcription.evaluation import word_errors

pytestmark = pytest.mark.processes

PROOF = os.environ.get("PROOF") == "full"
LEAD_SECONDS, RECESS_SECONDS = (1_200, 600) if PROOF else (96, 48)
# Whole windows of the detector (32 ms): cuts then lie where they lie without the room. Elsewhere
# they lie up to 32 ms off, by which Whisper hears a word in a hundred otherwise.
START, RECESS_AT, END = (0.0, 155.0, 209.0) if PROOF else (103.1, 155.0, 196.8)
# Of the sample, in pauses; in the middle of its own recess.
ROOM_DBFS = -50.0
# Loud for a room: people who speak are 27 dB louder.
MARGIN_MS = 500
# What is kept beside speech where a silence is not sent, and some codec delay.
MOST_DIFFERENT = 0.002
# Points of word error rate.
SOFTER_DB = (0, 1, 2) if PROOF else (0,)


@dataclass(frozen=True)
class Recordings:
    """The same hearing, alone and with an empty room before and within it."""

    plain: Path
    padded: Path
    empty: tuple[Span, ...]
    # Where the room was put.


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> list[Recordings]:
    return [played(tmp_path_factory.mktemp("rooms"), decibels) for decibels in SOFTER_DB]


def played(folder: Path, softer_by: float) -> Recordings:
    """Write the hearing softer by so many decibels, alone and with rooms as they are."""
    before = sound.softer(sound.sample(START, RECESS_AT - START), softer_by)
    after = sound.softer(sound.sample(RECESS_AT, END - RECESS_AT), softer_by)
    lead = sound.room(LEAD_SECONDS, dbfs=ROOM_DBFS)
    recess = sound.room(RECESS_SECONDS, dbfs=ROOM_DBFS, seed=5)
    recess_ms = (LEAD_SECONDS * sound.RATE + len(before)) * 1000 // sound.RATE
    return Recordings(
        plain=sound.write(folder / "plain.flac", np.concatenate([before, after])),
        padded=sound.write(folder / "padded.flac", np.concatenate([lead, before, recess, after])),
        empty=(
            Span(0, LEAD_SECONDS * 1000),
            Span(recess_ms, recess_ms + RECESS_SECONDS * 1000),
        ),
    )


def reference() -> str:
    """Return what is said in the part of the sample."""
    turns = json.loads(sound.SAMPLE.with_name("hearing.ref.json").read_text())
    said = [sentence for turn in turns for sentence in turn["sentences"]]
    return " ".join(s["text"] for s in said if s["start"] >= START and s["end"] <= END)


def text_of(transcript: dict[str, Any]) -> str:
    return " ".join(segment["text"] for segment in transcript["segments"])


def chunks_of(world: World, transcript: dict[str, Any]) -> list[Span]:
    number = int(transcript["run"]["id"])
    query = "SELECT start_ms, end_ms FROM transcription_chunk WHERE run_id = {}"
    return [Span(start, end) for start, end in world.rows(query.format(number))]


def sent_ms(world: World, transcript: dict[str, Any]) -> int:
    """Return how much sound all calls of the run were given."""
    number = int(transcript["run"]["id"])
    ((total,),) = world.rows(
        "SELECT sum(a.audio_ms) FROM transcription_attempt a"  # noqa: S608 (a number of ours)
        f" JOIN transcription_chunk c ON c.id = a.chunk_id WHERE c.run_id = {number}"
    )
    return int(total)


def assert_the_room_stayed_out(
    world: World, recordings: Recordings, plain: dict[str, Any], padded: dict[str, Any]
) -> None:
    spans = chunks_of(world, padded)
    assert total_ms(intersect(spans, recordings.empty)) <= MARGIN_MS * len(spans)
    assert sent_ms(world, padded) <= sent_ms(world, plain) + MARGIN_MS * len(spans)
    coverage = padded["coverage"]
    assert coverage["unaccounted"] == 0 and coverage["missing"] == []
    assert coverage["silence"] >= LEAD_SECONDS + RECESS_SECONDS


def test_a_hosted_engine_is_sent_no_second_of_the_room(
    served: Served, plays: list[Recordings]
) -> None:
    recordings = plays[0]
    served.api.answer = plain_english
    plain = served.world.transcribe(recordings.plain, "--format", "json")
    before = len(served.api.arrivals)
    padded = served.world.transcribe(recordings.padded, "--format", "json", "--again")

    assert (plain.code, padded.code) == (0, 0), plain.err + padded.err
    arrived_ms = sum(arrival.duration_ms for arrival in served.api.arrivals[before:])
    assert arrived_ms == pytest.approx(sent_ms(served.world, padded.transcript), abs=10)
    assert padded.transcript["run"]["billed_seconds"] <= arrived_ms / 1000 + 1
    assert_the_room_stayed_out(served.world, recordings, plain.transcript, padded.transcript)


@pytest.mark.model
def test_the_embedded_engine_hears_the_same_words_and_none_in_the_room(
    served: Served, plays: list[Recordings], model: Path
) -> None:
    engine = ("--engine", "whisper", "--model", str(model))
    alone, with_room = [], []
    for recordings in plays:
        plain, padded = (
            served.world.transcribe(recording, *engine, "--format", "json").transcript
            for recording in (recordings.plain, recordings.padded)
        )
        assert_the_room_stayed_out(served.world, recordings, plain, padded)
        assert_no_word_in(recordings.empty, padded)
        alone.append(word_errors(reference(), text_of(plain)).rate)
        with_room.append(word_errors(reference(), text_of(padded)).rate)
    print(f"word error rates {shown(alone)} alone, {shown(with_room)} with the room")  # noqa: T201
    assert abs(fmean(with_room) - fmean(alone)) <= MOST_DIFFERENT

    told = served.world.transcribe(plays[0].padded, *engine).out
    marks = [line for line in told.splitlines() if line.startswith("[No speech, ")]
    assert len(marks) == 2 and told.startswith(marks[0])


def assert_no_word_in(empty: Sequence[Span], transcript: dict[str, Any]) -> None:
    for word in (word for segment in transcript["segments"] for word in segment["words"]):
        at = Span(round(word["start"] * 1000), round(word["end"] * 1000))
        assert not any(at.middle_ms in range(s.start_ms, s.end_ms) for s in empty), word


def shown(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:.2%}" for rate in rates)
