"""One hearing, one run, one server: worked on until nothing more happens by itself."""

from dataclasses import dataclass, field, replace

from django.conf import settings

from hearings.models import Hearing
from tests.db.run_kit import SetClock, options, text_of, work
from tests.factories import NOW
from tests.fake_api import FakeApi
from tests.fake_api.refusals import Fault
from transcription import pipeline, rates
from transcription.clock import database_clock
from transcription.models import Attempt, Chunk, RateLimit, Run, RunStatus
from transcription.run_options import RunOptions

KEY = "sk-proj-Sentinel0Key1That2Must3Never4Appear"
PATIENCE = 40
# Looks at a run that goes on by itself; more is endless.


@dataclass
class Trial:
    """What a test does to a run and sees of it."""

    api: FakeApi
    hearing: Hearing
    script: str
    # What is said in the recording.
    clock: SetClock = field(default_factory=SetClock)
    run: Run = field(init=False)

    def options(self, model: str = "gpt-transcribe", language: str = "en") -> RunOptions:
        return replace(options("openai", parallel=1), model=model, language=language)

    def start(self, model: str = "gpt-transcribe") -> Run:
        self.run = pipeline.start(self.hearing, self.options(model=model), by=None, now=NOW)
        return self.run

    def refuse_first(self, fault: Fault) -> None:
        """Have *fault* happen to every call for the slice that comes first, and to no other."""
        self.api.plan(
            lambda arrival: fault if self.api.arrivals[0].sha256 == arrival.sha256 else None
        )

    def work(self) -> None:
        """Do what is due now, and nothing that has to wait."""
        work(self.clock)
        self.run.refresh_from_db()

    def closed_seconds(self) -> float:
        """Return how long nobody may call."""
        return max(0.0, self.closed_until() - database_clock().timestamp())

    def closed_until(self) -> float:
        """Return until when nobody may call, in seconds since 1970."""
        return rates.row(settings.RATE).closed_until

    def let_time_pass(self) -> None:
        """Have every wait be over."""
        self.clock.pass_by(3_600)
        RateLimit.objects.update(closed_until=0, next_at=0)

    def to_the_end(self) -> Run:
        """Work, let time pass, and work again, until the run needs nobody or a person."""
        for _ in range(PATIENCE):
            self.work()
            if self.run.status != RunStatus.TRANSCRIBING:
                return self.run
            self.let_time_pass()
        raise AssertionError(f"run goes on for ever: {len(self.api.arrivals)} calls")

    @property
    def text(self) -> str:
        return text_of(self.run)

    @property
    def calls(self) -> int:
        return len(self.api.arrivals)

    @property
    def first(self) -> Chunk:
        """The chunk of the first ten seconds, as it is now."""
        return self.run.chunks.current().order_by("start_ms")[0]

    @property
    def attempts(self) -> list[Attempt]:
        return list(Attempt.objects.filter(chunk__run=self.run).order_by("id"))


def assert_is_a_sentence(text: str) -> None:
    """Fail where *text* is nothing that a person is told."""
    assert len(text.split()) >= 4
    assert text.rstrip().endswith((".", "!", ")", "”"))
    assert "Traceback" not in text
    assert "Error(" not in text
