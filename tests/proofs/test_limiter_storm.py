"""Many processes at once never pass the limits, use nearly all of them, and share them fairly.

Judged by the log of the server, a process of its own, which knows nothing of the limits.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.end_to_end.world import POSTGRES, Databases, World, wait_until
from tests.fake_api.arrivals import LoggedCall, calls_between, read_log, windows_over
from tests.proofs.storm import Plan

pytestmark = [pytest.mark.processes, pytest.mark.alone]

PROOF = os.environ.get("PROOF") == "full"
STORM = (
    Plan(processes=16, seconds=60, offered_per_second=50, slots=8, per_minute=2400, burst=4)
    if PROOF
    else Plan(processes=4, seconds=4, offered_per_second=12.5, slots=2, per_minute=600, burst=2)
)
LEASE_SECONDS = 2.0
CALL_SECONDS = 0.1
LEAST_USE = 0.9 if PROOF else 0.75
# Of the rate; the short storm is hardly longer than its start.
MOST_RESERVING_SECONDS = 0.010
# At the 95th percentile, on PostgreSQL.
SERVER = [sys.executable, "-m", "tests.fake_api", f"--delay={CALL_SECONDS}"]


@pytest.fixture
def world(databases: Databases, tmp_path: Path) -> World:
    seeds = {
        "RATE_LIMIT_CAPACITY": str(STORM.burst),
        "RATE_LIMIT_PER_MINUTE": str(STORM.per_minute),
        "MAX_CONCURRENT_CHUNKS": str(STORM.slots),
        "LEASE_SECONDS": str(LEASE_SECONDS),
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "senate_audio.settings",
    }
    return World(tmp_path, databases.migrated(), "", seeds)


@contextmanager
def server(log: Path) -> Iterator[str]:
    """Serve for the block; yield the URL."""
    with subprocess.Popen(
        [*SERVER, f"--log={log}"], cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def weather(world: World, plan: Plan) -> list[LoggedCall]:
    """Let the storm rage to its end; return what the server logged."""
    log, file = world.folder / "calls.jsonl", world.folder / "plan.json"
    world.data.mkdir(exist_ok=True)
    with server(log) as url:
        place = urlsplit(url)
        assert place.hostname and place.port
        replace(plan, host=place.hostname, port=place.port, folder=str(world.folder)).save(file)
        subprocess.run(
            [sys.executable, "-m", "tests.proofs.storm", str(file)],
            cwd=settings.BASE_DIR,
            env=world.environment(),
            check=True,
            timeout=plan.seconds + 120,
        )
    return read_log(log)


def reserving(world: World) -> list[float]:
    """Return how long each reservation took, in seconds."""
    return [
        seconds
        for path in world.folder.glob("*-*.json")
        for seconds in json.loads(path.read_text())
    ]


def test_a_storm_of_processes_keeps_the_limits_and_uses_them(world: World) -> None:
    calls = weather(world, STORM)

    spent = sorted(reserving(world))
    share = Counter(call.key for call in calls)
    at = [call.at for call in calls]
    use = len(calls) / (STORM.rate * (max(at) - min(at)) + STORM.burst)
    p95 = quantiles(spent, n=20)[-1]
    print(  # noqa: T201 (the figures of the proof)
        f"{len(calls)} calls, {use:.1%} of the limit, {max(c.at_once for c in calls)} at once, "
        f"{min(share.values())} to {max(share.values())} a process; "
        f"reserving p50 {median(spent) * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms"
    )
    assert windows_over(calls, STORM.burst, STORM.rate) == []
    assert max(call.at_once for call in calls) <= STORM.slots
    assert use >= LEAST_USE
    assert len(share) == STORM.processes
    assert min(share.values()) >= len(calls) / STORM.processes / 2
    assert p95 <= MOST_RESERVING_SECONDS or not (PROOF and POSTGRES)


def test_holders_that_are_killed_and_frozen_lose_their_slots_and_no_others(world: World) -> None:
    seconds = STORM.seconds / 2 if PROOF else STORM.seconds * 1.5
    frozen = LEASE_SECONDS + 1
    plan = replace(STORM, seconds=seconds, kill_seconds=0.5, freeze_seconds=frozen, seed=1)

    calls = weather(world, plan)

    end = min(call.at for call in calls) + seconds - 1
    last = calls_between(calls, end - LEASE_SECONDS, end)
    print(  # noqa: T201 (the figures of the proof)
        f"{len(calls)} calls, {max(c.at_once for c in calls)} at once, "
        f"{len(last) / LEASE_SECONDS:.1f} a second in the end"
    )
    assert windows_over(calls, STORM.burst, STORM.rate) == []
    assert max(call.at_once for call in calls) <= STORM.slots + 1
    assert len(last) >= STORM.rate * LEASE_SECONDS / 2
    assert len({call.key for call in calls}) == STORM.processes
    wait_until(lambda: world.count("transcription_slot", f"lease_until > {now()}") == 0)


def now() -> str:
    """Return the present time, as the database compares moments with it."""
    return "clock_timestamp()" if POSTGRES else "strftime('%Y-%m-%d %H:%M:%f', 'now')"
