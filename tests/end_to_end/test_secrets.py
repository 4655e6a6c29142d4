"""The API key in real processes at DEBUG: not in a log, a row, a job, an answer or a file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Cut
from tests.end_to_end.world import POSTGRES, Databases, World
from tests.fake_api import FakeApi, faults
from tests.fake_api.refusals import Fault
from tests.secrets import SENTINEL, traces_of

pytestmark = pytest.mark.processes

TALKATIVE = {"LOG_LEVEL": "DEBUG", "OPENAI_LOG": "debug", "HTTPX_LOG_LEVEL": "trace"}


@pytest.fixture
def key_world(databases: Databases, tmp_path: Path) -> Iterator[tuple[World, FakeApi]]:
    with FakeApi(known_key=SENTINEL) as api:
        keys = {"OPENAI_API_KEY": SENTINEL} | TALKATIVE
        yield World(tmp_path, databases.migrated(), api.url, keys), api


ANSWERS: tuple[tuple[Fault | None, int], ...] = (
    (None, 0),
    (faults.wrong_key(), 6),
    (faults.redirect(307, f"http://127.0.0.1:9/{SENTINEL}"), 6),
    (faults.audio_refused(), 0),
    (faults.cut_json(), 0),
    (faults.reset_after_body(), 0),
)
# With the exit status of the command that gets it.


def test_the_key_is_nowhere(key_world: tuple[World, FakeApi], cut: Cut) -> None:
    world, api = key_world
    with world.workers() as cluster:
        for number, (fault, code) in enumerate(ANSWERS):
            if fault:
                api.next(fault)

            done = world.transcribe(cut(start=number * 10), "--format", "json")

            assert done.code == code, done.err
        assert "sending" in cluster.err

    assert {arrival.key for arrival in api.arrivals} == {SENTINEL}
    for path in files_of(world):
        assert traces_of(SENTINEL, path.read_bytes()) == [], path
    assert traces_of(SENTINEL, dump_of(world)) == []


def files_of(world: World) -> list[Path]:
    """Return every file of a world: what was said, the data folder, the database of SQLite."""
    folders = [world.folder]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    if not POSTGRES:
        database = Path(world.database_url.removeprefix("sqlite:///"))
        found += list(database.parent.glob(database.name + "*"))
    return [path for path in found if "models" not in path.parts]


def dump_of(world: World) -> bytes:
    """Return every value of every row as text."""
    if POSTGRES:
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    else:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    rows = [world.rows(f'SELECT * FROM "{table}"') for (table,) in world.rows(tables)]  # noqa: S608 (ours)
    text = json.dumps(rows, default=repr, ensure_ascii=False)
    assert "transcription" in text
    return text.encode()
