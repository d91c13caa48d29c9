from collections.abc import Sequence

import numpy as np
import pytest
import torch
from PIL import Image

from experiments.data import class_sheets as module
from experiments.data.class_sheets import IMAGES, class_sheets, counts_by_class
from experiments.data.contact_sheet import Tile, sheet
from experiments.data.pool import Pool, SampleTable


def made(classes: Sequence[str], splits: Sequence[str], shape: tuple[int, ...] = (1, 8, 8)) -> tuple[Pool, SampleTable]:
    """Every class has one sample of each of `splits`; a sample's pixels are its number."""
    count = len(classes) * len(splits)
    labels = [label for label in classes for _ in splits]
    paths = [f"a/{number:03d}.png" for number in range(count)]
    contents = [f"{number:064x}" for number in range(count)]
    inputs = torch.arange(count, dtype=torch.uint8).view(-1, *[1] * len(shape)).expand(-1, *shape)
    targets = torch.tensor([classes.index(label) for label in labels])
    pool = Pool(inputs, targets, paths, contents, list(classes), None, shape)
    return pool, SampleTable(paths, contents, labels, list(splits) * len(classes))


def test_a_sheet_shows_training_images_of_its_class_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, table = made(["cat", "dog"], ["train"] * 30 + ["valid"] * 10)
    drawn = {}

    def draw(images: torch.Tensor, labels: list[str], title: str) -> Image.Image:
        drawn[title] = (images[:, 0, 0, 0].tolist(), labels)
        return Image.new("RGB", (1, 1))

    monkeypatch.setattr(module, "draw", draw)
    assert list(class_sheets(pool, table)) == ["cat", "dog"]
    numbers, names = drawn[f"dog: {IMAGES} of 30 training images"]
    assert len(numbers) == IMAGES
    assert set(numbers) <= set(range(40, 70))
    assert names == [f"{number:03d}.png" for number in sorted(numbers)]


def test_of_many_classes_the_first_twenty_and_none_without_training_images() -> None:
    assert len(class_sheets(*made([f"{n:02d}" for n in range(25)], ["train"]))) == 20
    pool, table = made(["cat", "dog"], ["train", "valid"])
    table.splits[0] = "unused"
    assert list(class_sheets(pool, table)) == ["dog"]


@pytest.mark.parametrize("shape", [(5,), (2, 8, 8)])
def test_what_is_no_image_has_no_sheets(shape: tuple[int, ...]) -> None:
    assert class_sheets(*made(["cat", "dog"], ["train"], shape)) == {}


def test_counts() -> None:
    pool, table = made(["cat", "d|g"], ["train", "train", "test", "valid"])
    table.splits[0] = "unused"
    assert counts_by_class(pool, table).splitlines() == [
        "| class | train | valid | test | unused |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| cat | 1 | 1 | 1 | 1 |",
        "| d\\|g | 2 | 1 | 1 | 0 |",
        "| **all** | 3 | 2 | 2 | 1 |",
        "",
        "Each is 1 x 8 x 8.",
    ]


def test_pictures_of_a_row_stand_on_one_line_and_long_names_keep_their_ends() -> None:
    tiles = [Tile(Image.new("RGB", size, "red"), "n" * 50 + ".jpg") for size in ((80, 20), (20, 60))]
    page = sheet(tiles, columns=2)
    assert page.size == (2 * 12 + 2 * 80 + 8, 2 * 12 + 60 + 24)
    red = [[page.getpixel((x, y)) == (255, 0, 0) for y in range(page.height)] for x in (12 + 40, 12 + 88 + 40)]
    assert [(column.index(True), column[::-1].index(True)) for column in red] == [(52, 36), (12, 36)]
    _, inked = np.nonzero(np.asarray(page.convert("L"))[12 + 62 :] < 128)
    assert 12 <= inked.min() < inked.max() < page.width - 12
