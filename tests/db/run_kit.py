"""A recording that can be cut, a clock that a test sets, and workers that it runs by hand."""

import io
import wave
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hearings.models import Hearing
from tests.factories import NOW, make_hearing
from transcription import pipeline
from transcription.chunk_job import ChunkJob
from transcription.engines.base import AccessRefused, AudioRejected, AudioSlice, Transcription
from transcription.engines.scripted import one_word_a_second
from transcription.models import Run
from transcription.policies import LeasePolicy, RatePolicy
from transcription.run_options import RunOptions

TEN_SECONDS = tuple([at * 1000 + 200, at * 1000 + 9_800] for at in range(0, 60, 10))
# Speech with a pause around every tenth second.


@dataclass
class SetClock:
    """Shows the time that it was set to."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def silent_wav(seconds: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(32_000 * seconds))
    return buffer.getvalue()


def recorded_hearing(seconds: int = 30, *, speech: Any = TEN_SECONDS, **values: Any) -> Hearing:
    """Return a hearing whose recording is really there: three chunks of ten seconds."""
    speech = [list(pair) for pair in speech if pair[1] <= seconds * 1000]
    return make_hearing(
        content=silent_wav(seconds), speech=speech, duration_ms=seconds * 1000, **values
    )


def options(engine: str = "scripted", **values: Any) -> RunOptions:
    model = "script" if engine == "scripted" else "gpt-transcribe"
    return RunOptions(engine=engine, model=model, language="en", chunk_ms=10_000, **values)


def started(hearing: Hearing | None = None, chosen: RunOptions | None = None) -> Run:
    return pipeline.start(hearing or recorded_hearing(), chosen or options(), by=None, now=NOW)


def work(clock: SetClock | None = None, *, lease: LeasePolicy | None = None) -> int:
    """Be a worker until nothing is due; return how many chunks were taken."""
    job = ChunkJob(clock=clock or SetClock(), lease=lease or LeasePolicy(), rate=RatePolicy())
    return job.run()


def refuse(audio: AudioSlice) -> Transcription:
    raise AccessRefused("The key is wrong.")


def reject_the_second(audio: AudioSlice) -> Transcription:
    if audio.span.start_ms == 10_000:
        raise AudioRejected("Not this one.")
    return one_word_a_second(audio)


def status_of(run: Run) -> str:
    return Run.objects.get(pk=run.pk).status


def text_of(run: Run) -> str:
    return " ".join(run.segments.values_list("text", flat=True))


def seconds_named(*stretches: range) -> str:
    """Return what `one_word_a_second` says of these seconds."""
    return " ".join(f"s{second}" for stretch in stretches for second in stretch)


class NoDispatcher:
    """Leaves it to the test who works and when."""

    def nudge(self, count: int) -> None: ...

    def check_recording(self, hearing_id: int) -> None: ...

    def check_storage(self) -> None: ...

    def waiting(self) -> int:
        return 0
