import os
import shutil
from pathlib import Path

import pytest
import torch
from pictures import noise, write

from experiments.data import pixels
from experiments.data.cache_folder import VARIABLE
from experiments.data.errors import DataError
from experiments.data.folder import Folder


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    write(tmp_path / "cat", range(6))
    write(tmp_path / "dog", range(10, 14), "JPEG", "jpg")
    return tmp_path


def test_pool_of_a_folder(animals: Path) -> None:
    pool = Folder(str(animals), 8).load()
    everything = pool.inputs[torch.arange(10)]
    assert everything.shape == (10, *pool.input_shape) == (10, 3, 8, 8)
    assert everything.dtype == torch.uint8
    assert pool.classes == ["cat", "dog"]
    assert pool.labels() == ["cat"] * 6 + ["dog"] * 4
    assert sorted(pool.paths)[0] == "cat/000.png"
    assert pool.sha256[:6] == sorted(pool.sha256[:6])
    assert pool.splits is None
    assert pool.notices == []


def test_names_of_files_change_nothing_but_paths(animals: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "copy"
    shutil.copytree(animals, other)
    for number, path in enumerate(sorted((other / "cat").iterdir(), reverse=True)):
        path.rename(path.with_name(f"renamed {number}"))
    first, second = Folder(str(animals), 8).load(), Folder(str(other), 8).load()
    assert first.sha256 == second.sha256
    assert torch.equal(first.inputs[torch.arange(10)], second.inputs[torch.arange(10)])


def test_unreadable_images_are_left_out_and_named(animals: Path) -> None:
    whole = animals / "dog" / "010.jpg"
    noise(9, (300, 300)).save(whole, "JPEG")
    whole.write_bytes(whole.read_bytes()[:9000])
    (animals / "cat" / "page.jpg").write_text("<html>")
    (animals / "cat" / "gone.png").symlink_to("nowhere")
    (animals / "mouse").mkdir()
    (animals / "mouse" / "empty.png").write_bytes(b"")
    pool = Folder(str(animals), 8).load()
    assert pool.classes == ["cat", "dog"]
    assert len(pool.inputs) == len(pool.paths) == len(pool.targets) == 9
    assert "dog/010.jpg" not in pool.paths
    (notice,) = pool.notices
    assert notice.startswith("4 unreadable images left out: cat/gone.png (No such file or directory), ")
    for name in (
        "cat/page.jpg (not an image: it seems to be a web page)",
        "dog/010.jpg (truncated",
        "mouse/empty.png (",
    ):
        assert name in notice


def test_pixels_follow_their_rows_when_a_file_is_left_out(animals: Path) -> None:
    clean = Folder(str(animals), 8).load()
    expected = {path: clean.inputs[torch.tensor([row])] for row, path in enumerate(clean.paths)}
    (animals / "cat" / "aaa.png").write_bytes(b"")
    pool = Folder(str(animals), 8).load()
    for row, path in enumerate(pool.paths):
        assert torch.equal(pool.inputs[torch.tensor([row])], expected[path])


def test_large_folders_are_read_from_the_cache_batch_by_batch(animals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (animals / "cat" / "aaa.png").write_bytes(b"")
    pool = Folder(str(animals), 8).load()
    assert isinstance(pool.inputs, torch.Tensor)
    os.utime(animals / "cat" / "000.png", (1, 1))
    monkeypatch.setattr(pixels, "GATHERED_VALUES", 1)
    lazy = Folder(str(animals), 8).load()
    assert isinstance(lazy.inputs, pixels.PictureRows)
    assert lazy.notices == pool.notices
    assert len(lazy.inputs) == 10
    rows = torch.tensor([7, 0, 3])
    assert torch.equal(lazy.inputs[rows], pool.inputs[rows])
    assert lazy.inputs[rows[:0]].shape == (0, 3, 8, 8)


def test_a_cache_that_cannot_be_written_is_said_and_stops_nothing(
    animals: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path_factory.mktemp("taken") / "file"
    taken.write_text("")
    pool = Folder(str(animals), 8).load()
    os.utime(animals / "cat" / "000.png", (1, 1))
    monkeypatch.setenv(VARIABLE, str(taken))
    uncached = Folder(str(animals), 8).load()
    assert torch.equal(uncached.inputs[torch.arange(10)], pool.inputs[torch.arange(10)])
    (notice,) = uncached.notices
    assert notice.startswith(f"Decoded pixels cannot be kept in {taken}/pixels (Not a directory)")


def test_decoded_pixels_are_remembered_until_a_file_changes(animals: Path) -> None:
    first = Folder(str(animals), 8).load()
    assert Folder(str(animals), 8).load() is first
    noise(99).save(animals / "cat" / "000.png")
    second = Folder(str(animals), 8).load()
    assert second is not first
    assert second.sha256 != first.sha256
    assert Folder(str(animals), 9).load().input_shape == (3, 9, 9)


def test_given_split(tmp_path: Path) -> None:
    for number, top in enumerate(("train", "valid", "test")):
        write(tmp_path / top / "cat", range(10 * number, 10 * number + 2))
        write(tmp_path / top / "dog", range(10 * number + 5, 10 * number + 7))
    write(tmp_path / "test" / "mouse", range(50, 53))
    pool = Folder(str(tmp_path), 8).load()
    assert pool.splits == [path.split("/")[0] for path in pool.paths]
    assert pool.classes == ["cat", "dog"]
    assert pool.notices == ["3 test images left out: train/ has no class mouse."]


def test_class_in_validation_alone_is_refused(tmp_path: Path) -> None:
    for path in ("train/cat", "train/dog", "valid/cat", "valid/dogs"):
        write(tmp_path / path, range(1))
    with pytest.raises(DataError) as error:
        Folder(str(tmp_path), 8).load()
    assert str(error.value) == (
        "Class dogs is in the validation folder, but not in train/ (cat, dog). "
        "Both must have the same class folders: rename or add one."
    )


def test_one_readable_class_is_refused(animals: Path) -> None:
    for path in (animals / "dog").iterdir():
        path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match=r"has readable images only of class cat\. 4 unreadable images left out: dog/"):
        Folder(str(animals), 8).load()


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        Folder(str(tmp_path / "none"), 8).load()
