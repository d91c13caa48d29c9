"""`experiments data duplicates`, typed."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from classes import picture, write

from experiments.cli import main

BEARS = Path(__file__).parents[3] / "shared" / "data" / "bears"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Six pictures of each of two classes; a JPEG copy within one, and an equal file in both."""
    write(tmp_path / "black", *range(6))
    write(tmp_path / "teddy", *range(20, 26))
    picture(3).save(tmp_path / "black" / "3 again.jpg", quality=70)
    shutil.copy(tmp_path / "teddy" / "21.png", tmp_path / "black" / "a teddy.png")
    return tmp_path


def test_text_puts_different_labels_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "teddy" / "broken.jpg").write_bytes(b"")
    assert main(["data", "duplicates", str(root)]) == 0
    out, err = capsys.readouterr()
    likeness = out.split("within one class:\n  ")[1][:5]
    assert 0.94 <= float(likeness) < 1
    assert (
        out
        == f"""\
{root}: among 14 pictures, 1 cluster of equal files, 1 of pictures alike by 0.94 or more (1: the same)

with different labels; at most one is right:
  equal  black/a teddy.png  black
         teddy/21.png       teddy

within one class:
  {likeness}  black/3 again.jpg
         black/3.png

The split that a fit makes keeps what is alike by 0.94 or more on one side.
Nothing was changed: remove what you do not want, or move it to the right class.
"""
    )
    assert err == f"note: 1 file could not be decoded, and left out; next: experiments data verify {root}\n"


def test_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "duplicates", str(root), "--json", "--threshold", "0.9"]) == 0
    document = json.loads(capsys.readouterr().out)
    content = sha256((root / "teddy" / "21.png").read_bytes()).hexdigest()
    assert (document["schema"], document["threshold"]) == (1, 0.9)
    exact, near = document["clusters"]
    assert exact == {
        "kind": "exact",
        "labels": ["black", "teddy"],
        "splits": [],
        "files": [
            {"path": "black/a teddy.png", "label": "black", "split": None, "sha256": content},
            {"path": "teddy/21.png", "label": "teddy", "split": None, "sha256": content},
        ],
        "likeness": 1.0,
    }
    assert (near["kind"], near["labels"]) == ("near", ["black"])
    assert [file["path"] for file in near["files"]] == ["black/3 again.jpg", "black/3.png"]
    assert 0.9 <= near["likeness"] < 1


def test_what_lies_on_both_sides_of_the_split_comes_before_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for top, first in (("train", 0), ("valid", 100), ("test", 200)):
        write(tmp_path / top / "black", *range(first, first + 3))
        write(tmp_path / top / "teddy", *range(first + 20, first + 23))
    picture(1).save(tmp_path / "train" / "black" / "same side.jpg")
    picture(21).save(tmp_path / "valid" / "teddy" / "other side.jpg", quality=60)
    assert main(["data", "duplicates", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert (
        out.index("on both sides of the split") < out.index("other side.jpg") < out.index("within one class and split")
    )
    assert out.index("within one class and split") < out.index("same side.jpg")
    assert "The split that a fit makes" not in out
    assert main(["data", "duplicates", str(tmp_path), "--json"]) == 0
    clusters = json.loads(capsys.readouterr().out)["clusters"]
    assert [cluster["splits"] for cluster in clusters] == [["train", "valid"], ["train"]]


def test_nothing_found_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "black", 1, 2)
    write(tmp_path / "teddy", 3)
    assert main(["data", "duplicates", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}: no two of 3 pictures are the same, or alike by 0.94 or more\n"


def test_a_cluster_of_copies_and_changed_copies_is_near(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(root / "black" / "3.png", root / "black" / "3 copied.png")
    main(["data", "duplicates", str(root), "--json"])
    (near,) = [one for one in json.loads(capsys.readouterr().out)["clusters"] if one["kind"] == "near"]
    assert len(near["files"]) == 3


def test_broken_files_alone_are_no_crash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "black").mkdir()
    (tmp_path / "black" / "empty.jpg").touch()
    assert main(["data", "duplicates", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert "no two of 0 pictures" in out
    assert err.startswith("note: 1 file could not be decoded")


def test_a_missing_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "duplicates", str(tmp_path / "none")]) == 2
    assert "there is no such folder" in capsys.readouterr().err


@pytest.mark.real_data
@pytest.mark.skipif(not BEARS.is_dir(), reason="the photographs are not beside this checkout")
def test_the_bears_in_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "duplicates", str(BEARS), "--json"]) == 0
    clusters = json.loads(capsys.readouterr().out)["clusters"]
    assert [[file["path"] for file in cluster["files"]] for cluster in clusters] == [
        ["grizzly/0187.jpg", "grizzly/0253.jpg"],
        ["grizzly/0145.jpg", "grizzly/0191.jpg"],
        ["teddy/0309.jpg", "teddy/0319.jpg"],
    ]
