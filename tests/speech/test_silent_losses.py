"""Status 200, and words are missing or others stand for them: each is found, and filled.

Real speech, the real aligner, a server that answers with the words of the reference except for a
loss of five seconds or twelve words and more in each first answer. Two hundred in `make proof`.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest
from pytest_django import Settings

from hearings.spans import to_json
from tests.answers.kit import KEY, Trial
from tests.db.run_kit import SetClock, options, work
from tests.factories import NOW, make_hearing
from tests.fake_api import FakeApi
from tests.fake_api.answers import text_answer
from tests.fake_api.arrivals import Arrival
from tests.fake_api.formats import HeardWord
from tests.fake_api.recordings import KnownRecording, Place
from tests.fake_api.refusals import Fault
from tests.speech import real_speech
from transcription import pipeline
from transcription.models import Chunk, ChunkStatus, Run, RunStatus
from transcription.transcripts import coverage_of_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.model]

PROOF = os.environ.get("PROOF") == "full"
CHUNK_MS = 34_000
LOSSES = 200 if PROOF else 6
HONEST_CHUNK_MS = (15_000, 20_000, 27_000, 40_000, 60_000) if PROOF else (30_000,)
LOSS_MS, LOSS_WORDS = 5_000, 12
NAMES = "Senator Abernathy, Senator Nakamura, Ingrid Halvorsen, Tidewater Institute, Port Ellery"
Heard = Sequence[HeardWord]


def lost_part(heard: Heard, random: Random) -> tuple[int, int]:
    """Return from which word to which a loss goes: five seconds, or twelve words, or more.

    Five seconds of speech: a recess between two words is not lost with them.
    """
    first = random.randrange(0, max(1, len(heard) - LOSS_WORDS))
    last = first + 1
    while last < len(heard) and not (
        last - first >= LOSS_WORDS or _spoken_ms(heard[first:last]) >= LOSS_MS
    ):
        last += 1
    return first, min(len(heard), last + random.choice((0, 0, 4, 15)))


def _spoken_ms(words: Heard) -> float:
    return sum(word.end_ms - word.start_ms for word in words)


def middle(texts: list[str], first: int, last: int) -> list[str]:
    return texts[:first] + texts[last:]


def tail(texts: list[str], first: int, _last: int) -> list[str]:
    return texts[:first]


def empty(_texts: list[str], _first: int, _last: int) -> list[str]:
    return []


def ceiling(texts: list[str], first: int, _last: int) -> list[str]:
    """Stop within a sentence, as an engine does that may write no more."""
    cut = texts[: max(first, 3)]
    return [*cut[:-1], cut[-1].rstrip(".,?!")]


def loop(texts: list[str], first: int, last: int) -> list[str]:
    phrase = texts[max(0, first - 3) : first] or ["Thank", "you."]
    return texts[:first] + (phrase * (last - first))[: last - first] + texts[last:]


def echo(texts: list[str], first: int, last: int) -> list[str]:
    names = NAMES.split()
    return texts[:first] + (names * (last - first))[: last - first] + texts[last:]


KINDS: tuple[Callable[[list[str], int, int], list[str]], ...] = (
    middle,
    tail,
    empty,
    ceiling,
    loop,
    echo,
)


class Losing:
    """Loses something in the first answer to each chunk, one kind after the other."""

    def __init__(self, script: KnownRecording, random: Random) -> None:
        self._script = script
        self._random = random
        self._taken: list[Place] = []
        self.kinds: dict[str, str] = {}
        # What was done to which sound, by its hash.

    def __call__(self, arrival: Arrival) -> Fault | None:
        heard = self._script.heard_in(arrival.upload.pcm)
        place = self._script.place_of(arrival.upload.pcm)
        if place is None or len(heard) < 2 * LOSS_WORDS or any(map(place.is_in, self._taken)):
            return None
        self._taken.append(place)
        kind = KINDS[(len(self.kinds) + self._random.randrange(2)) % len(KINDS)]
        self.kinds[arrival.sha256] = kind.__name__
        texts = kind([word.text for word in heard], *lost_part(heard, self._random))
        return Fault(kind.__name__, lambda *_: text_answer(" ".join(texts)))


@pytest.fixture
def api(settings: Settings) -> Iterator[FakeApi]:
    settings.ALIGN_WORDS = True
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"
    settings.RATE = replace(settings.RATE, capacity=100_000, per_minute=1_000_000)
    with FakeApi(known_key=KEY) as server:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = server.url, KEY
        server.answer = real_speech.sample().script()
        yield server


@pytest.fixture
def trial(api: FakeApi) -> Trial:
    spoken = real_speech.sample()
    hearing = make_hearing(
        content=spoken.path.read_bytes(),
        speech=to_json(spoken.speech),
        duration_ms=spoken.duration_ms,
    )
    return Trial(api, hearing, " ".join(word.text for word in spoken.words))


def transcribed(trial: Trial, chunk_ms: int) -> Run:
    chosen = replace(options("openai", parallel=1), chunk_ms=chunk_ms)
    trial.clock = SetClock()
    trial.run = pipeline.start(trial.hearing, chosen, by=None, now=NOW, again=True)
    work(trial.clock)
    trial.run.refresh_from_db()
    return trial.run


def first_cut(run: Run) -> list[Chunk]:
    return list(run.chunks.filter(generation=0).order_by("start_ms"))


def test_every_silent_loss_is_found_and_filled(trial: Trial) -> None:
    losses: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for seed in range(1_000):
        losing = Losing(real_speech.sample().script(), Random(seed))
        trial.api.plan(losing)

        run = transcribed(trial, CHUNK_MS)

        assert run.status == RunStatus.COMPLETE
        assert trial.text == trial.script, f"seed {seed}"
        assert coverage_of_run(run).missing == ()
        assert not any(run.segments.values_list("flags", flat=True))
        for chunk in first_cut(run):
            if kind := losing.kinds.get(chunk.attempts.get().audio_sha256):
                losses[kind] += 1
                found[kind] += chunk.status == ChunkStatus.SUPERSEDED
        if losses.total() >= LOSSES:
            break
    print(f"silent losses found: {dict(found)} of {dict(losses)}")  # noqa: T201 (the proof's figures)
    assert found == losses


def test_honest_answers_are_hardly_ever_doubted(trial: Trial) -> None:
    asked = doubted = 0
    for chunk_ms in HONEST_CHUNK_MS:
        run = transcribed(trial, chunk_ms)

        assert trial.text == trial.script
        asked += len(first_cut(run))
        doubted += sum(chunk.status == ChunkStatus.SUPERSEDED for chunk in first_cut(run))
    print(f"honest answers doubted: {doubted} of {asked} chunks")  # noqa: T201 (the proof's figures)
    assert doubted < asked * 0.01


def test_sentences_begin_when_they_are_said(trial: Trial) -> None:
    """Text-only: median 100 ms at most, 95 of 100 within 400 ms, none off by more than a second."""
    run = transcribed(trial, 60_000)

    words = [word for segment in run.segments.order_by("index") for word in segment.words]
    off, at = [], 0
    for sentence in real_speech.sample().sentences:
        off.append(abs(words[at]["start_ms"] - sentence.start_ms))
        at += len(sentence.text.split())
    off.sort()
    print(f"off by {off[len(off) // 2]} ms, {off[len(off) * 95 // 100]} ms, {off[-1]} ms")  # noqa: T201
    assert at == len(words)
    assert off[len(off) // 2] <= 100
    assert off[len(off) * 95 // 100] <= 400
    assert off[-1] <= 1_000
