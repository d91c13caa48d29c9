"""Which pictures are held out: the same ones wherever the folder lies and whatever else comes to lie in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typing_in import rows, type_in

SMALL = ("dataset=folder", "dataset.image_size=16", "model.width=4", "schedule.epochs=1")


def draw(folder: Path, seeds: range) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        values = np.random.default_rng(seed).integers(0, 256, (20, 24, 3), dtype=np.uint8)
        Image.fromarray(values).save(folder / f"{seed:03d}.png")


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    draw(tmp_path / "animals" / "cat", range(40))
    draw(tmp_path / "animals" / "dog", range(100, 130))
    return tmp_path / "animals"


def held_out(root: Path, *overrides: str) -> dict[str, str]:
    """By content, the side of each picture, as a fit records it."""
    done = type_in(root.parent / "work", "fit", *SMALL, f"dataset.root={root}", *overrides)
    assert done.code == 0, done.err
    run = max((done.here / "outputs").iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name))
    return {row["sha256"]: row["split"] for row in rows(run / "split.csv")}


def test_neither_names_nor_order_nor_place_nor_new_pictures_move_one(animals: Path, tmp_path: Path) -> None:
    before = held_out(animals)
    assert set(before.values()) == {"train", "valid"}
    elsewhere = tmp_path / "another place" / "pets"
    for label in ("dog", "cat"):
        (elsewhere / label).mkdir(parents=True)
        for number, path in enumerate(sorted((animals / label).iterdir(), reverse=True)):
            shutil.copyfile(path, elsewhere / label / f"picture {number}.jpg")  # a name that lies, too
    assert held_out(elsewhere) == before
    draw(elsewhere / "cat", range(40, 45))
    draw(elsewhere / "dog", range(130, 135))
    after = held_out(elsewhere)
    assert len(after) == len(before) + 10
    assert {content: after[content] for content in before} == before
    assert held_out(animals, "dataset.split_seed=43") != before


def test_a_copy_and_a_nearly_equal_picture_stay_with_the_first(animals: Path) -> None:
    smooth = np.random.default_rng(0).normal(0, 1, (8, 8, 3))
    photograph = Image.fromarray(np.uint8(128 + 40 * np.clip(smooth, -3, 3))).resize(
        (160, 160), Image.Resampling.BICUBIC
    )
    for seed in range(8):
        photograph.save(animals / "cat" / f"copy {seed}.jpg", quality=60 + 5 * seed)
    sides = held_out(animals)
    names = {
        row["path"]: row["sha256"] for row in rows(next((animals.parent / "work" / "outputs").iterdir()) / "split.csv")
    }
    assert len({sides[content] for path, content in names.items() if "copy" in path}) == 1
    assert len({content for path, content in names.items() if "copy" in path}) == 8
