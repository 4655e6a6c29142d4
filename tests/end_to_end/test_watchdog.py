"""Whatever process of a worker cluster is killed, waiting work goes on and calls under way end.

With PROOF=full each kind of process is killed twenty times; a table of the times is printed.
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import psutil
import pytest

from tests.end_to_end.conftest import Cut
from tests.end_to_end.world import Command, Databases, World, wait_until
from tests.fake_api import FakeApi

pytestmark = pytest.mark.processes

TIMES = 20 if os.environ.get("PROOF") == "full" else 1
WORKERS = 5
# Two more than a run of five chunks keeps busy while two are done.
SLOTS = 3
CHUNKS, FINISHED = 5, 2
AS_JSON = ("--format", "json", "--chunk-seconds", "11", "--again")
GOES_ON_SECONDS = 60.0
# From a kill to the next claim, at most.
SOON_SECONDS = 5.0
# The same where nothing but a lease or a new process has to be waited for.

PATIENT_LEASE_SECONDS = "10"
# Where who died is known at once, by its process, a busy machine must not end leases of the living.
SETTINGS = {
    "WORKERS": str(WORKERS),
    "MAX_CONCURRENT_CHUNKS": str(SLOTS),
    "RATE_LIMIT_CAPACITY": "1000",
    "RATE_LIMIT_PER_MINUTE": "60000",
}
CLUSTERS = "transcription_workercluster"
Processes = dict[str, list[psutil.Process]]


@dataclass(frozen=True)
class Site:
    """A world with living workers and a recording."""

    world: World
    api: FakeApi
    workers: Command
    recording: Path
    words: list[str] = field(default_factory=list)
    # What is heard in the recording when nobody disturbs.


@dataclass(frozen=True)
class Begun:
    """A run with calls under way and idle workers, but no chunk that waits."""

    site: Site
    command: Command
    run: int
    heard_before: int

    def chunks(self, what: str, where: str) -> list[str]:
        query = f"SELECT {what} FROM transcription_chunk WHERE run_id = {self.run} AND {where}"  # noqa: S608
        return [str(value) for (value,) in self.site.world.rows(query)]

    def callers(self) -> set[int]:
        """Return the workers whose call is under way."""
        query = (
            "SELECT a.holder FROM transcription_attempt a JOIN transcription_chunk c "  # noqa: S608
            f"ON c.id = a.chunk_id WHERE c.run_id = {self.run} AND a.status = 'sending'"
        )
        return {int(holder.split("/")[1]) for (holder,) in self.site.world.rows(query)}

    def busy(self) -> set[int]:
        return {int(holder.split("/")[1]) for holder in self.chunks("holder", "status = 'running'")}

    def chunk_of(self, worker: int) -> Callable[[], str]:
        (chunk,) = self.chunks("id", f"holder LIKE '%/{worker}/%'")
        return lambda: chunk

    def make_a_chunk_due(self) -> str:
        """Have one that is done wait again, as if it never had been. Return its id."""
        chunk, *_ = self.chunks("id", "status = 'done'")
        self.site.world.execute(
            "UPDATE transcription_chunk SET status = 'waiting', result = NULL, "  # noqa: S608
            f"finished_at = NULL WHERE id = {chunk}"
        )
        return chunk


@pytest.fixture(scope="module")
def site(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, cut: Cut
) -> Iterator[Site]:
    """Give one site to all kinds of kills: a supervisor has to take them all, one by one."""
    with FakeApi() as api:
        settings = {**SETTINGS, "LEASE_SECONDS": PATIENT_LEASE_SECONDS}
        world = World(tmp_path_factory.mktemp("watched"), databases.migrated(), api.url, settings)
        with world.workers() as workers:
            recording = cut(seconds=60)
            done = world.transcribe(recording, *AS_JSON)
            assert done.code == 0 and len(api.heard) == CHUNKS, done.err
            yield Site(world, api, workers, recording, done.words)


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[dict[str, list[float]]]:
    """Give what seconds from a kill to the next claim are noted in; print it at the end."""
    noted: dict[str, list[float]] = defaultdict(list)
    yield noted
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        print("\nseconds from kill -9 to the next claim: kills, median, p95, most")  # noqa: T201
        for victim, seconds in sorted(noted.items()):
            *_, p95 = quantiles(seconds * 2, n=20, method="inclusive")
            line = f"{median(seconds):6.1f} {p95:6.1f} {max(seconds):6.1f}"
            print(f"{victim:28} {len(seconds):3} {line}")  # noqa: T201


def clusters_that_work(world: World) -> int:
    """Return how many clusters say that a worker of theirs took a job."""
    return world.count(CLUSTERS, "canary_at IS NOT NULL")


def by_role(workers: Command) -> Processes:
    roles: Processes = defaultdict(list)
    for process in workers.family()[1:]:
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                roles[process.name().removeprefix("audio-")].append(process)
        except psutil.NoSuchProcess:
            continue
    return roles


def is_whole(workers: Command) -> bool:
    """Say whether one cluster is there with all its processes, and nothing of an older one."""
    counts = {role: len(processes) for role, processes in by_role(workers).items()}
    return counts == {"leader": 1, "worker": WORKERS, "monitor": 1, "pusher": 1}


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@contextmanager
def begun(site: Site) -> Iterator[Begun]:
    """Start a run of five chunks: two get done, three are called for."""
    world, api, before = site.world, site.api, len(site.api.heard)
    api.hold(after=before + FINISHED)
    with world.start("transcribe_hearing", str(site.recording), *AS_JSON) as command:
        api.wait_for(before + FINISHED + SLOTS)
        ((run,),) = world.rows("SELECT max(id) FROM transcription_run")
        run_begun = Begun(site, command, run, before)
        wait_until(lambda: len(run_begun.chunks("id", "status = 'done'")) == FINISHED)
        wait_until(lambda: len(run_begun.busy()) == SLOTS)
        yield run_begun


def idle_workers(run: Begun) -> list[psutil.Process]:
    busy = run.busy()
    return [p for p in by_role(run.site.workers)["worker"] if p.pid not in busy]


def waits_in_the_pipe(process: psutil.Process) -> bool:
    """Say whether it is the one that reads the queue; the others wait for its lock."""
    return "pipe" in Path(f"/proc/{process.pid}/wchan").read_text()


def idle_worker_with_the_lock(run: Begun) -> psutil.Process:
    return max(idle_workers(run), key=waits_in_the_pipe)


def idle_worker_without_it(run: Begun) -> psutil.Process:
    return min(idle_workers(run), key=waits_in_the_pipe)


def busy_worker(run: Begun) -> psutil.Process:
    return psutil.Process(min(run.callers()))


def pusher(run: Begun) -> psutil.Process:
    return by_role(run.site.workers)["pusher"][0]


def monitor(run: Begun) -> psutil.Process:
    return by_role(run.site.workers)["monitor"][0]


def leader(run: Begun) -> psutil.Process:
    return by_role(run.site.workers)["leader"][0]


@pytest.mark.parametrize("time_", range(TIMES))
@pytest.mark.parametrize(
    ("victim", "within"),
    [
        (busy_worker, SOON_SECONDS),
        (pusher, GOES_ON_SECONDS),
        (monitor, GOES_ON_SECONDS),
        (leader, SOON_SECONDS),
        (idle_worker_without_it, GOES_ON_SECONDS),
        (idle_worker_with_the_lock, GOES_ON_SECONDS),
    ],
)
def test_a_killed_process_holds_up_nothing_and_cuts_off_nobody_elses_call(
    site: Site,
    table: dict[str, list[float]],
    victim: Callable[[Begun], psutil.Process],
    within: float,
    time_: int,
) -> None:
    wait_until(lambda: is_whole(site.workers))
    with begun(site) as run:
        process = victim(run)
        lost = [process.pid] if process.pid in run.callers() else []
        healthy = [psutil.Process(pid) for pid in run.busy() if pid not in lost]
        waiting = run.chunk_of(process.pid) if lost else run.make_a_chunk_due

        process.kill()
        seconds = seconds_to_the_next_claim(run, waiting())

        assert alive(healthy) == healthy
        site.api.let_go()
        done = run.command.finished()

    table[victim.__name__].append(seconds)
    assert seconds < within
    assert done.code == 0, done.err
    assert done.words == site.words
    sent = Counter(site.api.heard[run.heard_before :])
    # The chunk that was made due again may have been sent again too.
    assert len(sent) == CHUNKS and sent.total() <= CHUNKS + len(lost) + 1
    attempts = f"chunk_id IN (SELECT id FROM transcription_chunk WHERE run_id = {run.run})"  # noqa: S608
    assert site.world.count("transcription_attempt", f"status = 'lost' AND {attempts}") == len(lost)
    wait_until(lambda: is_whole(site.workers))
    wait_until(lambda: clusters_that_work(site.world) == site.world.count(CLUSTERS) == 1)


def seconds_to_the_next_claim(run: Begun, chunk: str) -> float:
    began = time.monotonic()
    wait_until(lambda: run.chunks("claims", f"id = {chunk}") != ["1"])
    return time.monotonic() - began


@pytest.fixture
def own_site(api: FakeApi, databases: Databases, tmp_path: Path, cut: Cut) -> Iterator[Site]:
    """Give one test workers of its own."""
    world = World(tmp_path, databases.migrated(), api.url, SETTINGS)
    with world.start("workers") as workers:
        wait_until(lambda: clusters_that_work(world) == 1)
        yield Site(world, api, workers, cut(seconds=60))


def test_killing_the_supervisor_takes_its_whole_tree_with_it(own_site: Site) -> None:
    with begun(own_site) as run:
        by_role(own_site.workers)["leader"][0].kill()
        wait_until(lambda: len(by_role(own_site.workers)["leader"]) == 1)
        wait_until(lambda: len(alive(own_site.workers.family())) == 1 + WORKERS + 3 + SLOTS)
        family = own_site.workers.family()  # with workers of the old cluster, and they call

        own_site.workers.kill()

        gone = time.monotonic() + SOON_SECONDS
        wait_until(lambda: not alive(family) or time.monotonic() > gone)
        assert alive(family) == []
        run.command.interrupt()


@pytest.mark.parametrize("time_", range(TIMES))
def test_where_workers_is_killed_and_started_again_its_runs_end_complete(
    own_site: Site, table: dict[str, list[float]], time_: int
) -> None:
    world, api = own_site.world, own_site.api
    with begun(own_site) as run:
        family = own_site.workers.family()
        own_site.workers.kill()
        wait_until(lambda: not alive(family))
        chunk, *_ = run.chunks("id", "status = 'running'")
        started = time.monotonic()
        with world.workers():
            seconds_to_the_next_claim(run, chunk)
            seconds = time.monotonic() - started
            api.let_go()
            done = run.command.finished()

    table["workers, from its new start"].append(seconds)
    assert seconds < GOES_ON_SECONDS
    assert done.code == 0, done.err
    sent = Counter(api.heard)
    assert len(sent) == CHUNKS and sent.total() == CHUNKS + SLOTS
    assert world.count("transcription_attempt", "status = 'lost'") == SLOTS
    assert world.count("transcription_attempt", "status = 'ok'") == CHUNKS
    assert done.words == world.transcribe(own_site.recording, *AS_JSON[:-1]).words


def test_asked_to_leave_they_end_their_calls_and_nothing_else(own_site: Site) -> None:
    with begun(own_site) as run:
        callers = [psutil.Process(pid) for pid in run.callers()]
        others = [p for p in own_site.workers.family()[1:] if p not in callers]

        own_site.workers.terminate()

        wait_until(lambda: not alive(others))
        assert alive(callers) == callers
        assert own_site.world.count(CLUSTERS) == 0
        own_site.api.let_go()
        left = own_site.workers.finished()
        run.command.interrupt()

    assert left.code == 0, left.err
    assert len(own_site.api.heard) == CHUNKS
    assert own_site.world.chunks_done() == CHUNKS
    assert own_site.world.count("transcription_attempt", "status <> 'ok'") == 0


def test_idle_workers_leave_at_once(own_site: Site) -> None:
    family = own_site.workers.family()

    began = time.monotonic()
    own_site.workers.terminate()

    assert own_site.workers.finished().code == 0
    assert time.monotonic() - began < SOON_SECONDS
    assert alive(family) == []


def test_two_supervisors_each_mind_their_own_cluster(own_site: Site) -> None:
    world = own_site.world
    with world.workers() as second:
        wait_until(lambda: clusters_that_work(world) == 2)
        first_row, second_row = world.rows(f"SELECT id FROM {CLUSTERS} ORDER BY started_at")  # noqa: S608
        seconds_own = second.family()

        by_role(own_site.workers)["leader"][0].kill()
        wait_until(lambda: first_row not in world.rows(f"SELECT id FROM {CLUSTERS}"))  # noqa: S608
        wait_until(lambda: clusters_that_work(world) == 2)

        assert second_row in world.rows(f"SELECT id FROM {CLUSTERS}")  # noqa: S608
        assert alive(second.family()) == seconds_own
        done = world.transcribe(own_site.recording, *AS_JSON)
        own_site.workers.kill()
        again = world.transcribe(own_site.recording, *AS_JSON)

    assert done.code == again.code == 0, done.err + again.err
    assert done.words == again.words
    assert len(own_site.api.heard) == 2 * CHUNKS


def test_a_frozen_workers_late_answer_is_kept_and_changes_nothing(own_site: Site) -> None:
    world, api = own_site.world, own_site.api
    with begun(own_site) as run:
        frozen = psutil.Process(min(run.callers()))
        chunk = run.chunk_of(frozen.pid)()
        frozen.suspend()
        wait_until(lambda: run.chunks("claims", f"id = {chunk}") == ["2"])
        api.let_go()
        done = run.command.finished()
        assert done.code == 0, done.err
        result = run.chunks("result", f"id = {chunk}")

        frozen.resume()
        receipts = world.data / "receipts"
        wait_until(lambda: len(list(receipts.glob("*.json"))) == CHUNKS + 1)

    attempts = world.count("transcription_attempt", f"chunk_id = {chunk}")
    wait_until(lambda: world.count("transcription_attempt", "status = 'sending'") == 0)
    assert attempts == 2
    assert len(api.heard) == CHUNKS + 1
    assert run.chunks("result", f"id = {chunk}") == result
    assert run.chunks("claims", f"id = {chunk}") == ["2"]
    wait_until(lambda: is_whole(own_site.workers))
