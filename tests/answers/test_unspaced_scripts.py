"""Text of an engine without times, in a script without spaces: all of it, once, as it is written.

Two chunks that share four seconds, since nobody pauses where one is cut.
"""

from dataclasses import replace
from hashlib import sha256

import pytest
from pytest_django import Settings

from hearings import spool
from tests.answers.kit import Trial
from tests.db.run_kit import silent_wav
from tests.factories import NOW, make_hearing
from tests.fake_api import FakeApi
from tests.fake_api.answers import Answer, text_answer
from tests.fake_api.arrivals import Arrival
from tests.fake_api.recordings import KnownRecording, SpokenWord, noise
from transcription import pipeline
from transcription.models import RunStatus
from transcription.transcripts import coverage_of_run
from transcription.words import Timing

pytestmark = pytest.mark.django_db

SENTENCES = (
    "各位委员，大家好！今天我们审议关于海洋渔业的法案。主席先请证人发言，每位五分钟。",
    "谢谢主席。去年沿海各省的捕捞量下降了三成，许多渔民因此失去收入。我们建议政府设立专项基金。",
    "请问这笔钱从哪里来？预算里有没有安排？财政部门答复说，可以动用港口建设的余额。",
)
TEXT = "".join(SENTENCES)
LETTER_MS = 210
# Nearly five letters a second, as people speak Chinese.
SECONDS = len(TEXT) * LETTER_MS // 1000 + 1
CHUNK_MS = 15_000


@pytest.fixture
def chinese(api: FakeApi, settings: Settings) -> Trial:
    """Give a hearing in which one speaks Chinese without a pause, and a server of its text."""
    known = KnownRecording(
        noise(SECONDS),
        [SpokenWord(c, at * LETTER_MS, (at + 1) * LETTER_MS) for at, c in enumerate(TEXT)],
    )

    def text_alone(arrival: Arrival) -> Answer:
        return text_answer("".join(word.text for word in known.heard_in(arrival.upload.pcm)))

    api.answer = text_alone
    content = silent_wav(SECONDS)
    # What is sent is the sound that was kept.
    duration_ms = SECONDS * 1000
    hearing = make_hearing(
        content=content,
        recording_sha256=sha256(content).hexdigest(),
        speech=[[0, duration_ms]],
        duration_ms=duration_ms,
        language="zh",
    )
    with spool.kept(settings.SCRATCH, hearing.recording_sha256) as take:
        take(known.pcm)
    return Trial(api, hearing, TEXT)


def in_two(trial: Trial) -> Trial:
    chosen = replace(trial.options(language="zh"), chunk_ms=CHUNK_MS)
    trial.run = pipeline.start(trial.hearing, chosen, by=None, now=NOW)
    trial.work()
    spans = [(each.start_ms, each.end_ms) for each in trial.run.chunks.order_by("start_ms")]
    assert trial.calls == len(spans) == 2 and spans[1][0] < spans[0][1]
    return trial


@pytest.mark.parametrize("aligns", [False, True])
def test_it_stands_once_in_sentences_over_all_of_the_speech_and_nothing_is_missing(
    chinese: Trial, settings: Settings, *, aligns: bool
) -> None:
    settings.ALIGN_WORDS = aligns
    settings.ALIGNER = "transcription.engines.scripted.ScriptedAligner"

    run = in_two(chinese).run

    segments = list(run.segments.all())
    assert "".join(segment.text for segment in segments) == TEXT
    assert all(segment.text.endswith(("。", "！", "？")) for segment in segments)
    assert len(segments) == sum(TEXT.count(mark) for mark in "。！？")
    words = [word for segment in segments for word in segment.words]
    assert {word["timing"] for word in words} == {Timing.ALIGNED if aligns else Timing.ESTIMATED}
    assert len(words) == sum(c.isalnum() for c in TEXT)
    assert max(word["end_ms"] - word["start_ms"] for word in words) < 3 * LETTER_MS
    assert words[0]["start_ms"] < 1_000 and words[-1]["end_ms"] > SECONDS * 1000 - 1_000
    assert (run.status, coverage_of_run(run).missing) == (RunStatus.COMPLETE, ())
    assert not any(chunk.doubts for chunk in run.chunks.all())
