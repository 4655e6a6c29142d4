"""Real workers where memory is scarce, and where the disk of the answers is full."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.end_to_end.conftest import SAMPLE, Cut, ffmpeg, plain_english
from tests.end_to_end.world import Databases, Finished, World, wait_until
from tests.fake_api import FakeApi
from tests.small_disk import empty, fill, small_disk

pytestmark = pytest.mark.processes

CHUNK_MB = 400
# More than processes differ by: how many chunks fit is certain.
WORKERS = 3
SETTINGS = {
    "WORKERS": str(WORKERS),
    "MAX_CONCURRENT_CHUNKS": str(WORKERS),
    "RATE_LIMIT_CAPACITY": "1000",
    "RATE_LIMIT_PER_MINUTE": "60000",
    "CHUNK_MEMORY_MB": str(CHUNK_MB),
    "ALIGN_WORDS": "off",
}
LOOK_AT_THE_ADMIN = """
import re, time
from django.contrib.auth.models import User
from django.test import Client
from transcription.models import Run, RunStatus
client = Client(SERVER_NAME="localhost")
client.force_login(User.objects.create_superuser("chief"))
while Run.objects.filter(status=RunStatus.COMPLETE).count() < 3:
    for run in Run.objects.working():
        page = client.get(f"/admin/transcription/run/{run.pk}/change/").content.decode()
        print(run.pk, *re.findall("Slower: [^<]*", page), flush=True)
    time.sleep(0.2)
"""
# What the pages of runs say while these are under way, in a process of its own.
SLOWER = re.compile(r"Slower: memory [\d,]+ of [\d,]+ MB in use; 2 of 3 chunks at once\.")
RUN = "transcription_run"
IS_PROOF = os.environ.get("PROOF") == "full"
TIMES, CHUNK_SECONDS = (35, 200) if IS_PROOF else (1, 20)
# The sample, played so often: two hours, or three and a half minutes.


def memory_at_rest(world: World) -> int:
    """Return the MB that workers use who have nothing to do."""
    with world.workers() as workers:
        wait_until(lambda: world.count("transcription_workercluster", "canary_at IS NOT NULL") == 1)
        used = sum(process.memory_full_info().pss for process in workers.family())
    return int(used // 1024**2)


def most_at_once(api: FakeApi) -> int:
    """Return how many calls the server had under way at once, by its own log."""
    ended = [(arrival.ended, -1) for arrival in api.arrivals if arrival.ended is not None]
    moments = [(arrival.at, 1) for arrival in api.arrivals] + ended
    now = most = 0
    for _, step in sorted(moments):
        now += step
        most = max(most, now)
    return most


def long_recordings(folder: Path) -> list[Path]:
    """Return three recordings of the sample, each other bytes than the next."""
    made = []
    for number in range(3):
        path = folder / f"hearing-{number}.mp3"
        played = ["-stream_loop", str(TIMES - 1), "-i", str(SAMPLE)]
        ffmpeg(*played, "-metadata", f"title=Day {number}", "-c:a", "copy", str(path))
        made.append(path)
    return made


def transcribed(world: World, recording: Path) -> Finished:
    options = ("--format", "json", "--chunk-seconds", str(CHUNK_SECONDS), "--again")
    # Anew: the three sound alike, and an answer that was paid for would be used again.
    with world.start("transcribe_hearing", str(recording), *options) as command:
        return command.finished(within_seconds=900)


def test_where_memory_holds_two_chunks_three_hearings_end_complete_and_the_admin_says_why_slowly(
    api: FakeApi, databases: Databases, tmp_path: Path
) -> None:
    world = World(tmp_path, databases.migrated(), api.url, SETTINGS)
    limit_mb = round((memory_at_rest(world) + 2.5 * CHUNK_MB) / 0.85)
    recordings = long_recordings(tmp_path)
    api.answer, api.delay_seconds = plain_english, 0.5

    with (
        world.workers(MEMORY_LIMIT_MB=str(limit_mb)) as workers,
        world.start("shell", "-c", LOOK_AT_THE_ADMIN, DEBUG="1") as clerk,
    ):
        wait_until(lambda: world.count("transcription_workercluster", "chunks_at_once = 2") == 1)
        with ThreadPoolExecutor(len(recordings)) as pool:
            done = list(pool.map(lambda recording: transcribed(world, recording), recordings))
        log, seen = workers.err, clerk.finished()

    assert [each.code for each in done] == [0, 0, 0], [each.err for each in done]
    assert all(each.transcript["coverage"]["missing"] == [] for each in done)
    assert world.count(RUN, "status = 'complete'") == 3
    assert most_at_once(api) == 2
    said = [slower for (slower,) in world.rows(f"SELECT slower FROM {RUN}")]  # noqa: S608
    assert all(SLOWER.fullmatch(slower) for slower in said), said
    assert SLOWER.search(log)
    assert {line.split()[0] for line in seen.out.splitlines() if SLOWER.search(line)} == {
        *("1", "2", "3")
    }, seen.err


def folder_of(world: World, what: str) -> Path:
    return world.folder / what if what == "scratch" else world.data / what


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("what", ["receipts", "scratch"])
def test_a_full_disk_pauses_a_run_until_there_is_room_and_nothing_is_lost_or_left(
    what: str, api: FakeApi, databases: Databases, tmp_path: Path, cut: Cut
) -> None:
    settings = {**SETTINGS, "MAX_CONCURRENT_CHUNKS": "1", "SCRATCH_CLEAN_UP": "immediate"}
    world = World(tmp_path, databases.migrated(), api.url, settings)
    command = (cut(seconds=80), "--chunk-seconds", "11", "--format", "json")
    with small_disk(folder_of(world, what), megabytes=64) as folder, world.workers():
        api.hold(after=0)
        with world.start("transcribe_hearing", str(command[0]), *command[1:]) as begun:
            api.wait_for(1)
            fill(folder)
            api.let_go()
            paused = begun.finished()
        assert paused.code == 6, paused.err
        assert "Disk full:" in paused.err and f"{folder}, where " in paused.err
        assert 1 <= len(api.arrivals) == world.chunks_done() <= 3  # two may have been ready
        assert world.count("transcription_attempt") == len(api.arrivals)

        empty(folder)
        wait_until(lambda: world.count(RUN, "status = 'complete'") == 1)
        done = world.transcribe(*command)

        assert done.code == 0, done.err
        assert done.words and not done.transcript["coverage"]["missing"]
        chunks = world.chunks_done()
        assert chunks > 3
        assert len(api.heard) == chunks == len(files_in(world.data / "receipts"))
        assert not [name for name in files_in(world.data / "receipts") if name.endswith(".tmp")]
        assert not [name for name in files_in(world.folder / "scratch") if "pcm" not in name]
        assert world.count(RUN) == 1


def test_a_full_disk_of_recordings_is_said_and_the_same_command_goes_on_when_there_is_room(
    api: FakeApi, databases: Databases, tmp_path: Path, cut: Cut
) -> None:
    world = World(tmp_path, databases.migrated(), api.url, SETTINGS)
    command = (cut("wav", seconds=40), "--chunk-seconds", "11", "--format", "json")
    with small_disk(folder_of(world, "media"), megabytes=64) as folder, world.workers():
        fill(folder, leave=2 * 1024 * 1024)
        paused = world.transcribe(*command)
        assert paused.code == 6, paused.err
        assert f"{folder}, where 15 MB are needed and 2 MB are free" in paused.err
        assert files_in(folder) == ["filler"]
        assert world.count("hearings_hearing") == 0

        empty(folder)
        done = world.transcribe(*command)

        assert done.code == 0, done.err
        assert done.words and not done.transcript["coverage"]["missing"]
        assert len(files_in(folder)) == 1
        assert not [name for name in files_in(world.folder / "scratch") if "pcm" not in name]
