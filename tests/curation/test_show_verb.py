"""`experiments data show` as it is typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.verbs.data import data

BEARS = Path(__file__).parents[3] / "shared/data/bears"


@pytest.fixture
def pets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`pets`, with 12 cats and 5 dogs, in the working folder."""
    monkeypatch.chdir(tmp_path)
    for label, count in (("cat", 12), ("dog", 5)):
        folder = Path("pets", label)
        folder.mkdir(parents=True)
        for number in range(count):
            values = np.random.default_rng(number).integers(0, 256, (20, 30, 3), dtype=np.uint8)
            Image.fromarray(values).save(folder / f"{number:02d}.png")
    return Path("pets")


def test_numbers_sheets_and_the_next_command(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pets / "dog/cut.png").write_bytes((pets / "dog/00.png").read_bytes()[:300])
    before = {path: path.read_bytes() for path in pets.rglob("*.png")}
    assert data(["show", "pets", "--image-size", "16"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[2].split() == ["cat", "12", "67%", *["30", "x", "20"] * 3, "PNG"]
    assert "unbalanced" not in said.out  # 12 and 6: the file that is cut has a sound head
    assert lines[-4:] == [
        "picture: pictures/pets/class_cat.png",
        "picture: pictures/pets/class_dog.png",
        "picture: pictures/pets/augmented.png",
        "next: experiments fit dataset=folder dataset.root=pets dataset.image_size=16",
    ]
    assert "1 unreadable image left out: dog/cut.png" in said.err
    assert {path.name for path in Path("pictures/pets").iterdir()} == {
        "augmented.png", "class_cat.png", "class_dog.png",
    }  # fmt: skip
    assert {path: path.read_bytes() for path in pets.rglob("*.png")} == before
    with Image.open("pictures/pets/augmented.png") as sheet:
        assert sheet.width == 2 * 12 + 8 * (80 + 8) - 8


def test_older_sheets_are_replaced_and_other_files_left(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "to/class_cat.png").write_text("old")
    (tmp_path / "to/mine.png").write_text("mine")
    assert data(["show", str(pets), "--to", "to", "--image-size", "16"]) == 0
    with Image.open(tmp_path / "to/class_cat.png") as sheet:
        assert sheet.format == "PNG"
    assert (tmp_path / "to/mine.png").read_text() == "mine"


def test_numbers_and_class_sheets_need_no_torch(pets: Path) -> None:
    program = "import sys; sys.modules['torch'] = None; from experiments.verbs.data import data; data(['show', 'pets'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "picture: pictures/pets/class_dog.png"
    assert "No module named 'torch'" in done.stderr or "import of torch halted" in done.stderr
    assert pets.is_dir()


@pytest.mark.parametrize("to", ["pets/sheets", "pets"])
def test_sheets_among_the_pictures_are_refused(pets: Path, capsys: pytest.CaptureFixture[str], to: str) -> None:
    before = sorted(pets.rglob("*"))
    assert data(["show", "pets", "--to", to]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"error: {to}, where the sheets would go, lies inside pets: they would be taken for pictures to train on. "
        "Give a folder outside, such as --to ../pictures\n"
    )
    assert sorted(pets.rglob("*")) == before


def test_the_next_command_quotes_a_name_that_hydra_would_misread(
    pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pets.rename("my, pets")
    assert data(["show", "my, pets", "--image-size", "16"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "next: experiments fit dataset=folder \"dataset.root='my, pets'\" dataset.image_size=16"


def test_a_missing_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert data(["show", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith("error: nowhere: there is no such folder. It must be a folder with one")


@pytest.mark.real_data
@pytest.mark.skipif(not BEARS.is_dir(), reason="the photographs are not beside this checkout")
def test_416_real_photographs_in_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert data(["show", str(BEARS), "--to", str(tmp_path), "--image-size", "32"]) == 0
    said = capsys.readouterr().out
    counts = [line.split()[:2] for line in said.splitlines()[2:5]]
    assert counts == [["black", "139"], ["grizzly", "135"], ["teddy", "142"]]
    assert "unbalanced" not in said
    for label in ("black", "grizzly", "teddy"):
        with Image.open(tmp_path / f"class_{label}.png") as sheet:
            assert sheet.width == 1360


def test_a_pipe_is_no_picture_and_keeps_nobody_waiting(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(pets / "dog" / "pipe.png")
    assert data(["show", "pets", "--image-size", "16"]) == 0
    assert "dog/pipe.png (not an image: not a regular file)" in capsys.readouterr().err
