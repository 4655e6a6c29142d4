"""The real commands in processes of their own, on a data folder and a database of their own."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Self
from uuid import uuid4

import psutil
import psycopg
from django.conf import settings

PATIENCE_SECONDS = 90.0
# How long a test waits for what must come; only a failing one waits so long.
MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
POSTGRES = os.environ.get("DATABASE_URL", "")


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again and again until *condition* holds. Raises TimeoutError."""
    never = Event()
    for _ in range(int(PATIENCE_SECONDS / 0.05)):
        if condition():
            return
        never.wait(0.05)
    raise TimeoutError("what the test waits for did not come")


@dataclass(frozen=True)
class Finished:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def transcript(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value

    @property
    def words(self) -> list[str]:
        return [w["word"] for s in self.transcript["segments"] for w in s["words"]]


class Command:
    """A command that runs. Left behind by a test that fails, it is killed."""

    def __init__(self, arguments: list[str], env: dict[str, str], folder: Path) -> None:
        self._out, self._err = folder / "out", folder / "err"
        folder.mkdir()
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                arguments, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        self._family = psutil.Process(self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.family():
            process.kill()
        self._process.kill()
        self._process.wait()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def family(self) -> list[psutil.Process]:
        """Return it with all its descendants, as far as they live."""
        try:
            return [self._family, *self._family.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        """Kill -9 it, and nothing else."""
        self._process.kill()
        self._process.wait()

    def wait_for_message(self, text: str) -> None:
        wait_until(lambda: text in self.err)

    def finished(self, *, within_seconds: float = PATIENCE_SECONDS) -> Finished:
        code = self._process.wait(within_seconds)
        return Finished(code, self._out.read_text(), self.err)


def all_end(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE_SECONDS)
    return not alive


@dataclass(frozen=True)
class World:
    """A folder, a database and an environment, apart from everything else."""

    folder: Path
    database_url: str
    api_url: str
    settings: dict[str, str] = field(default_factory=dict)
    # Environment variables that this world has besides.

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def environment(self, **changes: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "DATA_DIR": str(self.data),
            "SCRATCH_DIR": str(self.folder / "scratch"),
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": "a key for tests " * 4,
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": self.api_url,
            "OPENAI_USD_PER_MINUTE": "0.0045",
            "TRANSCRIPTION_ENGINE": "openai",
            "MAX_CONCURRENT_CHUNKS": "3",
            "WORKERS": "4",
            "LEASE_SECONDS": "2",
            "LOG_LEVEL": "INFO",
            **self.settings,
            **changes,
        }

    def start(self, name: str, *arguments: str, **changes: str) -> Command:
        """Start a management command."""
        return Command(
            [*MANAGE, name, *arguments],
            self.environment(**changes),
            self.folder / f"command-{uuid4().hex}",
        )

    def transcribe(self, source: Path | str, *arguments: str, **changes: str) -> Finished:
        """Run ``transcribe_hearing`` to its end."""
        with self.start("transcribe_hearing", str(source), *arguments, **changes) as command:
            return command.finished()

    @contextmanager
    def workers(self, **changes: str) -> Iterator[Command]:
        """Run a worker cluster for the block."""
        with self.start("workers", **changes) as command:
            command.wait_for_message("workers are ready")
            yield command
            command.terminate()
            assert command.finished().code == 0

    def manage(self, *arguments: str) -> None:
        """Run a management command that must succeed."""
        with self.start(*arguments) as command:
            done = command.finished()
            assert done.code == 0, done.err

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the database says."""
        if self.database_url.startswith("postgres"):
            with psycopg.connect(self.database_url) as postgres:
                return postgres.execute(query.encode()).fetchall()
        with closing(sqlite3.connect(_sqlite_file(self.database_url), timeout=20)) as sqlite:
            return sqlite.execute(query).fetchall()

    def execute(self, statement: str) -> None:
        """Change what the database says."""
        if self.database_url.startswith("postgres"):
            with psycopg.connect(self.database_url) as postgres:
                postgres.execute(statement.encode())
            return
        with (
            closing(sqlite3.connect(_sqlite_file(self.database_url), timeout=20)) as sqlite,
            sqlite,
        ):
            sqlite.execute(statement)

    def count(self, table: str, where: str = "true") -> int:
        ((number,),) = self.rows(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 (ours)
        return int(number)

    def chunks_done(self) -> int:
        return self.count("transcription_chunk", "status = 'done'")

    def recordings(self) -> list[Path]:
        return [path for path in (self.data / "media").rglob("*") if path.is_file()]


class Databases:
    """Makes databases, each migrated: the first by Django, the others as copies of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[str] = []
        self._template = self.blank()
        self._migrate()

    def blank(self) -> str:
        """Return the URL of a new and empty database."""
        return self._new("template0") if POSTGRES else f"sqlite:///{self._folder / uuid4().hex}"

    def migrated(self) -> str:
        """Return the URL of a new database with every table and the committees."""
        if POSTGRES:
            return self._new(self._template.rpartition("/")[2])
        copy = self.blank()
        shutil.copy(_sqlite_file(self._template), _sqlite_file(copy))
        return copy

    def drop_one(self, url: str) -> None:
        """Delete the database at *url*, for who makes many."""
        if not POSTGRES:
            Path(_sqlite_file(url)).unlink()
            return
        name = url.rpartition("/")[2]
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')
        self._made.remove(name)

    def drop(self) -> None:
        for name in self._made:
            _administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _new(self, template: str) -> str:
        name = f"senate_audio_{uuid4().hex}"
        _administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made.append(name)
        return f"{POSTGRES.rpartition('/')[0]}/{name}"

    def _migrate(self) -> None:
        world = World(self._folder / "migration", self._template, "")
        world.folder.mkdir(parents=True)
        world.manage("migrate", "--verbosity", "0")
        world.manage("load_committees", "--quiet")


def _sqlite_file(url: str) -> str:
    return url.removeprefix("sqlite:///")


def _administer(statement: str) -> None:
    with psycopg.connect(POSTGRES, autocommit=True) as postgres:
        postgres.execute(statement.encode())
