import subprocess
import sys
from pathlib import Path

import pytest
from pictures import write

from experiments.data.scan import check_root, scan

ALLOWED = "It must be a folder with one subfolder of images a class"


def seen(root: Path) -> list[tuple[str, str, str | None]]:
    return [(item.path.relative_to(root).as_posix(), item.label, item.split) for item in scan(root)]


def test_scanning_imports_no_torch_and_no_pillow() -> None:
    code = "import sys, experiments.data.scan; sys.exit(bool({'torch', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_content_decides_and_hidden_files_do_not_count(tmp_path: Path) -> None:
    write(tmp_path / "cat", range(1), suffix="txt")
    write(tmp_path / "dog" / "from holiday", range(1, 2), "JPEG", suffix="")
    write(tmp_path / "dog", range(2, 3), "WEBP", suffix="png")
    write(tmp_path / ".trash", range(3, 4))
    write(tmp_path / "cat" / ".thumbnails", range(4, 5))
    (tmp_path / "cat" / "._000.jpg").write_bytes(b"mac")
    (tmp_path / "cat" / "notes.md").write_text("not an image")
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "readme").write_text("nothing here")
    assert seen(tmp_path) == [
        ("cat/000.txt", "cat", None),
        ("dog/002.png", "dog", None),
        ("dog/from holiday/001.", "dog", None),
    ]


def test_train_valid_test_folders_fix_the_split(tmp_path: Path) -> None:
    for top in ("train", "val", "test"):
        for label in ("cat", "dog"):
            write(tmp_path / top / label, range(1))
    assert seen(tmp_path) == [
        ("test/cat/000.png", "cat", "test"),
        ("test/dog/000.png", "dog", "test"),
        ("train/cat/000.png", "cat", "train"),
        ("train/dog/000.png", "dog", "train"),
        ("val/cat/000.png", "cat", "valid"),
        ("val/dog/000.png", "dog", "valid"),
    ]


def test_train_and_test_alone_leave_train_to_be_split(tmp_path: Path) -> None:
    for top in ("train", "test"):
        for label in ("cat", "dog"):
            write(tmp_path / top / label, range(1))
    (tmp_path / "valid").mkdir()
    assert [(label, split) for _, label, split in seen(tmp_path)] == [
        ("cat", "test"),
        ("dog", "test"),
        ("cat", None),
        ("dog", None),
    ]


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    write(tmp_path / "train", range(1))
    write(tmp_path / "plane", range(1, 2))
    assert [label for _, label, _ in seen(tmp_path)] == ["plane", "train"]
    assert check_root(tmp_path) is None


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "bears" / "black", range(1))
    write(tmp_path / "bears" / "teddy", range(1))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check_root("~/bears") is None
    assert check_root("~nobody-here/bears") == (
        f"dataset.root=~nobody-here/bears names a user without a home folder. {ALLOWED}. Write the path in full."
    )


def test_missing_folder_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "bears" / "photos").mkdir(parents=True)
    assert check_root(tmp_path / "baers" / "photos") == (
        f"dataset.root={tmp_path}/baers/photos: there is no such folder. {ALLOWED}. "
        f"Did you mean {tmp_path}/bears/photos?"
    )
    assert check_root(tmp_path / "zzz") == (
        f"dataset.root={tmp_path}/zzz: there is no such folder. {ALLOWED}. "
        "Check the path; a relative one starts at the working folder."
    )


def test_missing_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bears").mkdir()
    monkeypatch.chdir(tmp_path)
    assert check_root("bear") == (f"dataset.root=bear: there is no such folder. {ALLOWED}. Did you mean bears?")


def test_file_instead_of_folder(tmp_path: Path) -> None:
    (path,) = write(tmp_path, range(1))
    assert check_root(path) == (f"dataset.root={path} is a file. {ALLOWED}. Give the folder above the class folders.")


def test_no_images(tmp_path: Path) -> None:
    message = f"dataset.root={tmp_path} has no images in it. {ALLOWED}. Put images there, or give another folder."
    assert check_root(tmp_path) == message
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "fake.jpg").write_text("<html>not found</html>")
    assert check_root(tmp_path) == message


def test_images_outside_class_folders(tmp_path: Path) -> None:
    write(tmp_path, range(2))
    assert check_root(tmp_path) == (
        f"dataset.root={tmp_path} has images, but no class folders. {ALLOWED}. Sort the images into such folders."
    )
    write(tmp_path / "all" / "train", range(2))
    write(tmp_path / "all" / "test", range(2))
    assert check_root(tmp_path / "all") == (
        f"dataset.root={tmp_path}/all/train has images, but no class folders. {ALLOWED}. "
        "Sort the images into such folders."
    )


def test_one_class(tmp_path: Path) -> None:
    write(tmp_path / "bears" / "black", range(2))
    start = f"has only one class: black. {ALLOWED}, at least two."
    assert check_root(tmp_path / "bears") == (
        f"dataset.root={tmp_path}/bears {start} Add a folder with images of another class."
    )
    write(tmp_path / "bears" / "teddy", range(2, 3))
    assert check_root(tmp_path) == (
        f"dataset.root={tmp_path} has only one class: bears. {ALLOWED}, at least two. Did you mean {tmp_path}/bears?"
    )
