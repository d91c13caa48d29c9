"""`experiments cache`: it tells what is kept, and removes that and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from experiments.cli import main
from experiments.data.cache_folder import TAG, VARIABLE, cache_folder
from experiments.data.pixel_store import open_pixels
from experiments.data.row_store import RowStore


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pictures of 16 pixels, a drawn set of three files, and what is not ours."""
    root = tmp_path / "cache"
    monkeypatch.setenv(VARIABLE, str(root))
    open_pixels(16).append(["ab" * 32, "cd" * 32], np.zeros((2, 3, 16, 16), np.uint8))
    drawn = cache_folder("toy_bears") / "0123abcd"
    drawn.mkdir()
    for name in ("a.jpg", "b.jpg", ".toy_bears.lock"):
        (drawn / name).write_bytes(bytes(1000))
    (root / "mine").mkdir()
    (root / "mine" / "thesis.txt").write_text("years of work")
    (root / "pixels" / "notes.txt").write_text("not ours either")
    return root


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_it_shows_what_is_kept_and_how_large(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        str(cache),
        "",
        "kind       what                    size",
        "pixels     16 px     2 pictures  1.7 kB",
        "toy_bears  0123abcd     3 files  3.0 kB",
        "total                            4.7 kB",
        "",
        "experiments cache --clear removes all, --clear KIND one kind",
    ]


def test_features_are_shown_by_network_and_size_and_bodies_by_their_hash(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, images in (("resnet18_224px_0123456789ab", 3), ("squeezenet1_1_28x32px_ab0123456789", 1)):
        folder = cache_folder("features") / name
        folder.mkdir()
        (folder / "about.json").write_text("{}")
        RowStore(folder, (4,), np.float32).append(["ab" * 32] * images, np.zeros((images, 4)))
    (cache / "features" / "resnet18_96px_0123456789ab").mkdir()  # cleared
    (cache_folder("bodies") / f"{'cd' * 32}.safetensors").write_bytes(bytes(5000))
    (cache / "bodies" / f"{'cd' * 32}.safetensors").chmod(0o444)
    assert main(["cache"]) == 0
    shown = [re.split("  +", line) for line in capsys.readouterr().out.splitlines()]
    assert shown[2:6] == [
        ["kind", "what", "size"],
        ["bodies", "cdcdcdcdcdcd", "1 file", "5.0 kB"],
        ["features", "resnet18, 224 px, 0123456789ab", "3 images", "202 bytes"],
        ["features", "squeezenet1_1, 28x32 px, ab0123456789", "1 image", "98 bytes"],
    ]
    assert main(["cache", "--clear", "features"]) == 0
    assert [name for name in files(cache) if name.startswith("features") and "lock" not in name] == [f"features/{TAG}"]
    assert main(["cache", "--clear", "bodies"]) == 0
    assert not list((cache / "bodies").glob("*.safetensors"))
    assert "16px_v1" in str(files(cache))


def test_all_is_cleared_but_what_is_not_ours(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cache / "pixels" / "16px_v1" / ".rows.12.34").write_text("of a killed writer")
    assert main(["cache", "--clear"]) == 0
    out = capsys.readouterr().out
    assert "16 px" in out
    assert "0123abcd" in out
    assert files(cache) == [
        "mine/thesis.txt",
        "pixels/16px_v1/lock",
        f"pixels/{TAG}",
        "pixels/notes.txt",
        f"toy_bears/{TAG}",
    ]
    assert main(["cache"]) == 0
    assert capsys.readouterr().out == f"{cache}\nnothing is kept\n"


def test_one_kind_is_cleared(cache: Path) -> None:
    assert main(["cache", "--clear", "pixels"]) == 0
    assert "toy_bears/0123abcd/a.jpg" in files(cache)
    assert "pixels/16px_v1/rows" not in files(cache)


def test_a_kind_that_is_not_there_is_refused(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(cache)
    assert main(["cache", "--clear", "mine"]) == 2
    assert "nothing of the kind mine is kept; there are: pixels, toy_bears" in capsys.readouterr().err
    assert files(cache) == before


def test_what_another_process_is_at_work_on_is_left(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FileLock(cache / "toy_bears" / "0123abcd" / ".toy_bears.lock"):
        assert main(["cache", "--clear"]) == 1
    out, err = capsys.readouterr()
    assert err == f"left as it is, another process is at work on it: {cache}/toy_bears/0123abcd\n"
    assert "16 px" in out
    assert "toy_bears/0123abcd/a.jpg" in files(cache)


def test_links_are_removed_not_followed(cache: Path) -> None:
    (cache / "toy_bears" / "link").symlink_to(cache / "mine", target_is_directory=True)
    assert main(["cache", "--clear", "toy_bears"]) == 0
    assert "mine/thesis.txt" in files(cache)
    assert not (cache / "toy_bears" / "link").is_symlink()


def test_a_damaged_store_is_shown_and_cleared(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cache / "pixels" / "16px_v1" / "index").write_text("garbage")
    assert main(["cache", "--clear", "pixels"]) == 0
    assert "16 px  0 pictures" in capsys.readouterr().out
    assert not (cache / "pixels" / "16px_v1" / "index").exists()


def test_no_cache_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    for words in (["cache"], ["cache", "--clear"]):
        assert main(words) == 0
        assert capsys.readouterr().out == f"{tmp_path}/none\nnothing is kept\n"
    assert not (tmp_path / "none").exists()


def test_torch_is_not_imported_in_a_process_of_its_own() -> None:
    program = "import sys; from experiments.cli import main; main(['cache']); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


@pytest.mark.parametrize("dataset", ["toy_bears", "mnist"])
def test_a_cache_folder_that_cannot_be_made_is_refused_with_what_to_set(
    dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    assert main(["fit", f"dataset={dataset}"]) == 2
    err = capsys.readouterr().err
    assert f"Nothing can be kept in {tmp_path}/file/" in err
    assert f"Set {VARIABLE}=FOLDER" in err
    assert not (tmp_path / "outputs").exists()


def test_the_home_of_nobody_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(VARIABLE, "~nobody-of-this-name")
    assert main(["cache"]) == 2
    assert "names a user without a home folder: write the path in full" in capsys.readouterr().err
