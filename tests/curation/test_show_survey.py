"""What `data show` counts and draws, without torch."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.curation.balance import remarks
from experiments.curation.sheets import AT_MOST, class_sheet
from experiments.curation.survey import ClassSurvey, splits, survey
from experiments.curation.survey_table import survey_table
from experiments.data.errors import DataError


def picture(path: Path, size: tuple[int, int], seed: int = 0, turned: int = 1) -> Path:
    """Noise, as its extension says; `turned` is EXIF's orientation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = turned
    Image.fromarray(values).save(path, exif=exif.tobytes())
    return path


def by_name(root: Path) -> dict[str, ClassSurvey]:
    return {one.name: one for one in survey(root)}


def cells(root: Path) -> list[list[str]]:
    """The table: its header, then its rows."""
    columns = survey_table(survey(root)).columns
    rows = zip(*([str(cell) for cell in column.cells] for column in columns), strict=True)
    return [[str(column.header) for column in columns], *map(list, rows)]


def test_sizes_are_of_real_pictures_upright_and_formats_of_the_content(tmp_path: Path) -> None:
    picture(tmp_path / "cat/wide.png", (90, 10))
    picture(tmp_path / "cat/turned.jpg", (40, 20), turned=6)
    picture(tmp_path / "cat/small.png", (8, 9))
    picture(tmp_path / "dog/one.png", (12, 12)).rename(tmp_path / "dog/one.jpeg")
    assert cells(tmp_path) == [
        ["class", "pictures", "share", "smallest", "median", "largest", "formats"],
        ["cat", "3", "75%", "8 x 9", "20 x 40", "90 x 10", "PNG, JPEG"],
        ["dog", "1", "25%", "12 x 12", "12 x 12", "12 x 12", "PNG"],
    ]


def test_unreadable_files_are_counted_and_belong_to_no_number(tmp_path: Path) -> None:
    picture(tmp_path / "cat/1.png", (8, 8))
    picture(tmp_path / "dog/1.png", (8, 8))
    (tmp_path / "dog/no.jpg").write_text("<html>")
    (tmp_path / "dog/empty.png").touch()
    header, cat, dog = cells(tmp_path)
    place = header.index("unreadable")
    assert (cat[place], dog[place], dog[1]) == ("", "2", "1")
    assert {path.name for path in by_name(tmp_path)["dog"].unreadable} == {"no.jpg", "empty.png"}


def test_split_folders_are_counted(tmp_path: Path) -> None:
    for split, count in (("train", 4), ("val", 2), ("test", 1)):
        for label in ("cat", "dog"):
            for number in range(count):
                picture(tmp_path / split / label / f"{number}.png", (8, 8), number)
    assert splits(survey(tmp_path)) == ["train", "valid", "test"]
    assert cells(tmp_path)[1][:6] == ["cat", "7", "50%", "4", "2", "1"]
    assert remarks(survey(tmp_path)) == []


def test_a_folder_without_classes_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"^{tmp_path}/none: there is no such folder"):
        survey(tmp_path / "none")


def counted(tmp_path: Path, **counts: int) -> list[str]:
    """What is said of classes of so many pictures."""
    for label, count in counts.items():
        for number in range(count):
            picture(tmp_path / label / f"{number}.png", (8, 8), number)
    return remarks(survey(tmp_path))


def test_twice_as_many_is_balanced_more_is_not(tmp_path: Path) -> None:
    assert counted(tmp_path, cat=10, dog=20) == []
    (said,) = counted(tmp_path, dog=21)
    assert said == (
        "unbalanced: 21 pictures of dog, 10 of cat. Try first: nothing, train on them as they are and look at the "
        "rare classes' own error in predictions.csv. If anything, repeat the rare classes: dataset.oversample=true"
    )


def test_classes_of_which_validation_would_have_one_or_none(tmp_path: Path) -> None:
    (said,) = counted(tmp_path, ant=5, bee=1, cat=2)[1:]
    assert "with 20% held out, validation has about 1 of ant, 0 of bee, 1 of cat; " in said
    assert said.endswith("dataset.valid_fraction=0.4")


def test_a_small_validation_folder(tmp_path: Path) -> None:
    for number in range(3):
        for label in ("cat", "dog"):
            picture(tmp_path / "train" / label / f"{number}.png", (8, 8), number)
    picture(tmp_path / "valid/cat/1.png", (8, 8), 7)
    (said,) = remarks(survey(tmp_path))
    assert "valid/ has 1 of cat, 0 of dog" in said
    assert "valid_fraction" not in said


def test_a_sheet_keeps_the_aspect_and_leaves_out_what_cannot_be_decoded(tmp_path: Path) -> None:
    picture(tmp_path / "cat/wide.png", (400, 100))
    picture(tmp_path / "cat/high.png", (100, 400))
    whole = picture(tmp_path / "cat/zcut.png", (300, 300)).read_bytes()
    (tmp_path / "cat/zcut.png").write_bytes(whole[: len(whole) // 2])
    picture(tmp_path / "dog/1.png", (8, 8))
    sheet = class_sheet(by_name(tmp_path)["cat"], tmp_path)
    assert sheet is not None
    assert sheet.width == 2 * 12 + 3 * (160 + 8) - 8  # three cells wide, for the title
    grey = np.asarray(sheet.convert("L"))
    high, wide, third = (grey[56:216, 12 + 168 * n : 12 + 168 * n + 160] < 255 for n in range(3))
    assert (np.ptp(np.nonzero(high)[1]) + 1, np.ptp(np.nonzero(high)[0]) + 1) == pytest.approx((42, 160), abs=2)
    assert (np.ptp(np.nonzero(wide)[1]) + 1, np.ptp(np.nonzero(wide)[0]) + 1) == pytest.approx((160, 41), abs=2)
    assert not third.any()


def test_a_class_without_a_picture_that_can_be_decoded_has_no_sheet(tmp_path: Path) -> None:
    whole = picture(tmp_path / "cat/1.png", (30, 30)).read_bytes()
    (tmp_path / "cat/1.png").write_bytes(whole[:100])
    picture(tmp_path / "dog/1.png", (8, 8))
    assert class_sheet(by_name(tmp_path)["cat"], tmp_path) is None


def test_a_large_class_shows_the_same_pictures_each_time_from_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3 * AT_MOST):
        picture(tmp_path / "cat" / f"{number:03d}.png", (8, 8), number)
    picture(tmp_path / "dog/1.png", (8, 8))
    shown: list[list[str]] = []

    def remember(tiles: list[object], columns: int, title: str) -> Image.Image:
        shown.append([tile.label for tile in tiles])  # type: ignore[attr-defined]
        assert title == f"cat: {AT_MOST} of {3 * AT_MOST} pictures"
        return Image.new("RGB", (columns, 1))

    monkeypatch.setattr("experiments.curation.sheets.sheet", remember)
    for _ in range(2):
        class_sheet(by_name(tmp_path)["cat"], tmp_path)
    assert shown[0] == shown[1] == sorted(shown[0])
    thirds = [int(name[:3]) // AT_MOST for name in shown[0]]
    assert all(thirds.count(third) > AT_MOST / 6 for third in range(3))


def test_names_that_are_no_text_are_drawn(tmp_path: Path) -> None:
    odd = os.fsencode(picture(tmp_path / "cat/1.png", (8, 8)).parent) + b"/a\xff\nb.png"
    picture(tmp_path / "cat/2.png", (9, 9)).rename(os.fsdecode(odd))
    picture(tmp_path / "dog/1.png", (8, 8))
    assert class_sheet(by_name(tmp_path)["cat"], tmp_path) is not None
