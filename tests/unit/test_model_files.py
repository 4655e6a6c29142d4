from pathlib import Path

import pytest

from tests.unit.model_kit import SMALL, make_folder
from transcription.model_files import MODELS, ModelMissing, has_sizes, located, verify


def test_a_folder_with_every_file_is_whole(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)

    assert verify(folder, SMALL)


def test_a_changed_byte_is_found_by_content_and_not_by_size(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    (folder / "model.bin").write_bytes(b"THE first half, the second half")

    assert has_sizes(folder, SMALL)
    assert not verify(folder, SMALL)


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_bytes(b"")])
def test_a_missing_or_cut_off_file_is_found_by_its_size(tmp_path: Path, damage: object) -> None:
    folder = make_folder(tmp_path)

    damage(folder / "model.bin")  # type: ignore[operator]

    assert not has_sizes(folder, SMALL)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_was_not_fetched_is_missing_with_the_way_to_it(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ModelMissing, match=f"manage.py fetch_model {name}"):
        located(name, tmp_path)


def test_a_fetched_model_is_found_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "tiny.en"
    folder.mkdir()
    for file in MODELS["tiny.en"].files:
        with (folder / file.name).open("wb") as empty:
            empty.truncate(file.size_bytes)

    assert located("tiny.en", tmp_path) == folder


def test_a_folder_of_ones_own_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "mine")

    assert located(str(folder), tmp_path / "models") == folder


def test_a_name_that_is_neither_says_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"WHISPER_MODEL takes base or tiny\.en, or a folder"):
        located("large-v3", tmp_path)


def test_every_model_in_the_table_can_be_loaded_from_its_files() -> None:
    for model in MODELS.values():
        names = {file.name for file in model.files}
        assert names == {"config.json", "tokenizer.json", "vocabulary.txt", "model.bin"}
        assert all(len(file.sha256) == 64 and file.members for file in model.files)
