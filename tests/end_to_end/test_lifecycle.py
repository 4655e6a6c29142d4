"""The web server and the workers begin only where they can work, tidy up, and end cleanly."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.conf import settings

from tests.end_to_end.conftest import Cut
from tests.end_to_end.world import Command, Databases, World, all_end, wait_until
from tests.fake_api import FakeApi
from tests.secrets import SENTINEL, traces_of

pytestmark = pytest.mark.processes

FAILED, WRONG_USAGE = 4, 2
WRONG_SETTING = "A setting is wrong. WORKERS is “abc”; it has to be a whole number, 1 or more.\n"
BOUND_SECONDS = 60.0
# For an end where nothing is under way; far below what a call may take.
COMMANDS = pytest.mark.parametrize("name", ["workers", "serve"])


@contextmanager
def serving(world: World, **changes: str) -> Iterator[tuple[Command, str]]:
    """Serve the site with its workers; give the command and its address."""
    world.manage("collectstatic", "--no-input", "--verbosity=0")
    port = free_port()
    with world.start("serve", f"--port={port}", **changes) as command:
        address = f"http://127.0.0.1:{port}/healthz?only=database"
        wait_until(lambda: answers(address))
        wait_until(lambda: world.count("transcription_workercluster", "canary_at IS NOT NULL") == 1)
        yield command, address


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=10) as response:  # noqa: S310 (ours)
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def refused(world: World, name: str, **changes: str) -> str:
    """Return what the command says that does not start."""
    with world.start(name, **changes) as command:
        done = command.finished()
    assert done.code == FAILED, done.err
    assert "Traceback" not in done.err
    return done.err


# What keeps them from working ------------------------------------------------------------------


@COMMANDS
def test_a_database_that_is_not_set_up_is_a_sentence(
    world: World, databases: Databases, name: str
) -> None:
    assert "Run “manage.py migrate” first." in refused(world, name, DATABASE_URL=databases.blank())


@COMMANDS
@pytest.mark.parametrize("url", ["postgres://nobody@127.0.0.1:9/none", "sqlite:////no/such/file"])
def test_a_database_that_does_not_answer_is_a_sentence(world: World, name: str, url: str) -> None:
    assert "The database did not answer" in refused(world, name, DATABASE_URL=url)


@COMMANDS
def test_a_folder_that_cannot_be_written_is_a_sentence(world: World, name: str) -> None:
    world.data.mkdir(exist_ok=True)
    (world.data / "media").write_text("in the way")

    told = refused(world, name)

    assert f"Recordings cannot be kept in {world.data / 'media'}: it is not a folder." in told


@COMMANDS
def test_each_problem_is_told_at_once(world: World, name: str) -> None:
    told = refused(world, name, PATH="/nowhere", TRANSCRIPTION_ENGINE="whisper")

    assert "ffmpeg or ffprobe is missing" in told
    assert "manage.py fetch_model base" in told


def test_an_engine_that_there_is_not_is_a_sentence(world: World) -> None:
    assert "There is no engine “oracle”." in refused(
        world, "workers", TRANSCRIPTION_ENGINE="oracle"
    )


@pytest.mark.parametrize("name", ["workers", "serve", "migrate", "transcribe_hearing"])
def test_a_setting_that_is_wrong_is_a_sentence(world: World, name: str) -> None:
    with world.start(name, WORKERS="abc") as command:
        done = command.finished()

    assert done.code == WRONG_USAGE
    assert done.err == WRONG_SETTING and not done.out


def test_a_password_in_a_setting_that_is_wrong_is_not_said(world: World) -> None:
    url = f"postgres://clerk:{SENTINEL}@db:port/audio"
    with world.start("workers", DATABASE_URL=url) as command:
        done = command.finished()

    assert done.code == WRONG_USAGE
    assert done.err.startswith("A setting is wrong. DATABASE_URL cannot be read;")
    assert traces_of(SENTINEL, done.err.encode()) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SECRET_KEY": "abc"}, 2),
        ({"SECRET_KEY": "abc", "DEBUG": "on"}, 0),
        ({"SECRET_KEY": "abc", "ALLOWED_HOSTS": "localhost,audio.localhost"}, 0),
        ({"SECRET_KEY": ""}, 0),
        ({}, 0),
    ],
)
def test_a_weak_key_does_for_this_machine_and_not_for_a_public_host(
    world: World, changes: dict[str, str], code: int
) -> None:
    with world.start("check", **{"ALLOWED_HOSTS": "senate.example.org", **changes}) as command:
        done = command.finished()

    assert done.code == code, done.err
    assert ("A setting is wrong. SECRET_KEY is too weak" in done.err) is (code == WRONG_USAGE)


def test_a_web_server_says_it_as_well_and_ends(world: World) -> None:
    command = [sys.executable, "-m", "gunicorn", "senate_audio.wsgi", f"--bind=:{free_port()}"]

    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=world.environment(WORKERS="abc"),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )

    assert done.returncode == FAILED
    assert WRONG_SETTING in done.stderr
    assert "Traceback" not in done.stderr


def test_pages_without_their_files_are_a_sentence(world: World) -> None:
    assert "Run “manage.py collectstatic” first." in refused(world, "serve")


def test_a_port_that_is_taken_is_a_sentence(world: World) -> None:
    world.manage("collectstatic", "--no-input", "--verbosity=0")
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        world.start("serve", f"--port={taken.getsockname()[1]}") as command,
    ):
        done = command.finished()

    assert done.code == FAILED
    assert "cannot be used: Address already in use. Choose another by --port." in done.err
    assert "Traceback" not in done.err


# What they tidy up -----------------------------------------------------------------------------


@COMMANDS
def test_what_the_dead_left_is_gone_when_they_begin(
    world: World, api: FakeApi, cut: Cut, tmp_path: Path, name: str
) -> None:
    done = world.transcribe(cut(seconds=20), "--format", "json")
    assert done.code == 0, done.err
    uploads = tmp_path / "temporary"
    uploads.mkdir()
    old = [
        aged(world.data / "media" / "recordings" / ("0" * 32)),
        aged(uploads / "tmp1.upload.mp3"),
        aged(world.data / "receipts" / "left.tmp"),
        aged(world.folder / "scratch" / "pool-1" / "left.part"),
    ]
    young = world.data / "media" / "recordings" / ("1" * 32)
    young.write_bytes(b"on its way")
    world.execute("UPDATE transcription_run SET status = 'transcribing', finished_at = NULL")
    world.execute(
        "UPDATE transcription_chunk SET status = 'running', claims = claims + 1, "
        "token = '00000000000000000000000000000001', holder = 'gone/1/1', "
        "lease_until = '2026-01-01 00:00:00+00:00', finished_at = NULL, result = NULL"
    )

    with running(world, name, TMPDIR=str(uploads)):
        wait_until(lambda: not any(path.exists() for path in old))
        wait_until(lambda: world.count("transcription_run", "status = 'complete'") == 1)

    assert young.exists()
    assert len(world.recordings()) == 2


@contextmanager
def running(world: World, name: str, **changes: str) -> Iterator[None]:
    if name == "workers":
        with world.workers(**changes):
            yield
    else:
        with serving(world, **changes):
            yield


def aged(path: Path) -> Path:
    """Return a file that looks as if it was written two days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    then = time.time() - timedelta(days=2).total_seconds()
    os.utime(path, (then, then))
    return path


# How they end ----------------------------------------------------------------------------------


@pytest.mark.parametrize("signal", ["interrupt", "terminate"])
def test_serve_lets_calls_under_way_end_and_leaves_nothing(
    world: World, api: FakeApi, cut: Cut, tmp_path: Path, signal: str
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with serving(world, TMPDIR=str(temporary)) as (command, address):
        api.hold(after=0)
        with world.start("transcribe_hearing", str(cut(seconds=20)), "--quiet"):
            api.wait_for(1)
        family = command.family()
        getattr(command, signal)()
        wait_until(lambda: not answers(address))
        assert world.count("transcription_attempt", "status = 'sending'") == 1
        api.let_go()
        began = time.monotonic()
        done = command.finished()

    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    assert time.monotonic() - began < BOUND_SECONDS
    assert all_end(family)
    assert world.chunks_done() == world.count("transcription_attempt", "status = 'ok'") == 1
    assert world.count("transcription_workercluster") == 0
    assert left_behind(world, temporary) == []


def test_workers_leave_nothing_where_they_are_told_to_end(
    world: World, api: FakeApi, cut: Cut, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with world.workers(TMPDIR=str(temporary)) as workers:
        assert world.transcribe(cut(seconds=20), "--quiet").code == 0
        family = workers.family()

    assert all_end(family)
    assert left_behind(world, temporary) == []


def left_behind(world: World, temporary: Path) -> list[Path]:
    """Return temporary files, but for what is kept on purpose: decoded sound, answers.

    onnxruntime leaves one of its own, `.ses`, always the same.
    """
    folders = (temporary, world.folder / "scratch", world.data / "receipts")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if path.suffix not in (".pcm", ".json") and path.name != ".ses"]


def test_ctrl_c_twice_ends_serve_at_once(world: World, api: FakeApi, cut: Cut) -> None:
    with serving(world) as (command, address):
        api.hold(after=0)
        with world.start("transcribe_hearing", str(cut(seconds=20)), "--quiet"):
            api.wait_for(1)
        family = command.family()
        command.interrupt()
        wait_until(lambda: not answers(address))
        command.interrupt()
        done = command.finished()  # while the call is still held
        assert all_end(family)

    assert "Traceback" not in done.err
    assert world.chunks_done() == 0


def test_where_serve_is_killed_nothing_of_it_lives_on(world: World) -> None:
    with serving(world) as (command, address):
        family = command.family()
        command.kill()

        assert all_end(family)
        assert not answers(address)


def test_where_its_web_server_ends_serve_says_so(world: World) -> None:
    with serving(world) as (command, _):
        (web,) = [
            each for each in command.family()[0].children() if "gunicorn" in str(each.cmdline())
        ]
        web.kill()
        done = command.finished()

    assert done.code == FAILED
    assert "The web server ended by itself" in done.err
