"""A folder with all kinds of odd files trains, and nothing in it is lost or changed."""

from __future__ import annotations

import contextlib
import csv
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import odd_files
import pytest
from odd_files import GOOD, LEFT_OUT, NEVER_LOOKED_AT, REASONS, SPECIAL, TRAINED_ALL_THE_SAME, USED, encoded, photo
from PIL import Image, features

from experiments.curation.verify import verify_folder
from experiments.data.images import UnreadableImageError, decode
from experiments.data.scan import shown


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Odd files of one class, plain ones of another."""
    root = tmp_path_factory.mktemp("pictures")
    odd_files.write_all(root / "odd")
    (root / "plain").mkdir()
    for seed in range(300, 312):
        (root / "plain" / f"{seed}.png").write_bytes(encoded(photo(seed)))
    return root


def state(root: Path) -> dict[Path, tuple[int, int, bytes | str | None]]:
    """Mode, time of the last change and content of every file."""
    found: dict[Path, tuple[int, int, bytes | str | None]] = {}
    for path in root.rglob("*"):
        seen = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[path] = seen.st_mode, seen.st_mtime_ns, content
    return found


def test_there_are_forty_kinds_and_more() -> None:
    assert len(GOOD) + len(TRAINED_ALL_THE_SAME) + len(LEFT_OUT) + len(NEVER_LOOKED_AT) + len(SPECIAL) >= 40


def test_verify_names_every_bad_file_with_its_reason_and_no_good_one(root: Path) -> None:
    before = state(root)
    verified = {file.name.removeprefix("odd/"): file for file in verify_folder(root) if file.name.startswith("odd/")}
    assert sorted(verified) == sorted({*USED, *REASONS})
    wrong = {name: file.reason for name, file in verified.items() if file.ok != (name not in REASONS)}
    assert not wrong
    for name, reason in REASONS.items():
        assert reason in str(verified[name].reason), name
        assert verified[name].trains == (name in TRAINED_ALL_THE_SAME), name
    assert state(root) == before


def test_training_uses_every_good_file_names_every_bad_one_and_changes_none_in_seconds(
    root: Path, tmp_path: Path
) -> None:
    from experiments.cli import main

    before = state(root)
    words = ["dataset=folder", f"dataset.root={root}", "dataset.image_size=16", "dataset.augment=none"]
    with contextlib.chdir(tmp_path):
        assert main(["fit", *words, "model=small_cnn", "schedule.epochs=1", "logger=csv"]) == 0
    (run,) = tmp_path.glob("outputs/*")
    with (run / "split.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        used = {row["path"] for row in csv.DictReader(file)}
    assert {name.removeprefix("odd/") for name in used if name.startswith("odd/")} == USED
    log = (run / "fit.log").read_text(encoding="utf-8")
    for name in {*LEFT_OUT, *(name for name, (_, reason) in SPECIAL.items() if reason)}:
        assert f"odd/{shown(name)} ({REASONS[name]}" in log
    assert state(root) == before


def centre(data: bytes) -> list[int]:
    """Red, green and blue in the middle."""
    pixels: list[int] = decode(data, 9)[:, 4, 4].tolist()
    return pixels


def flat(mode: str, colour: object) -> Image.Image:
    return Image.new(mode, (16, 16), colour)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk_has_the_right_colours(form: str) -> None:
    image = flat("CMYK", (0, 255, 255, 0))
    image.paste((255, 0, 255, 0), (8, 0, 16, 16))
    pixels = decode(encoded(image, form, **({"quality": 100} if form == "JPEG" else {})), 16).astype(int)
    assert abs(pixels[:, 8, 3] - (255, 0, 0)).max() <= 3
    assert abs(pixels[:, 8, 12] - (0, 255, 0)).max() <= 3


@pytest.mark.parametrize(
    ("values", "middle"), [((0.0, 0.5, 1.0), 128), ((0, 100, 255), 100), ((0, 25_700, 65_535), 100)]
)
def test_floats_are_scaled_by_what_is_white(values: tuple[float, ...], middle: int) -> None:
    image = Image.fromarray(np.tile(np.array(values, np.float32), (3, 1)))
    assert decode(encoded(image, "TIFF"), 3)[0, 0].tolist() == [0, middle, 255]


def test_numbers_that_are_none_are_black() -> None:
    image = Image.fromarray(np.array([[np.nan, 1], [-np.inf, np.inf]], np.float32))
    assert decode(encoded(image, "TIFF"), 2)[0].tolist() == [[0, 255], [0, 0]]


def test_lab_becomes_rgb() -> None:
    # L* = 53.2, a* = 80.1, b* = 67.2 is sRGB's red.
    image = Image.merge("LAB", [flat("L", value) for value in (136, 128 + 80, 128 + 67)])
    red, green, blue = centre(encoded(image, "TIFF"))
    assert red > 240
    assert max(green, blue) < 20


def test_palette_with_half_transparent_colours_goes_over_white() -> None:
    image = flat("P", 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert centre(encoded(image, transparency=bytes([255, 51]))) == [255, 204, 204]


def test_first_frame_of_an_animation_is_what_trains() -> None:
    red, blue = flat("RGB", "red"), flat("RGB", "blue")
    for form in ("GIF", "PNG"):
        assert centre(encoded(red, form, save_all=True, append_images=[blue])) == [255, 0, 0]


@pytest.mark.parametrize("form", ["WEBP", "AVIF", "JPEG2000", "BMP", "PPM", "ICO", "TIFF"])
def test_other_formats_have_the_right_colours(form: str) -> None:
    if form == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    data = encoded(flat("RGB", (200, 100, 50)), form)
    assert np.abs(np.array(centre(data)) - (200, 100, 50)).max() <= 4


def test_no_program_is_started_for_a_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "check_call", lambda *_, **__: pytest.fail("Ghostscript was called"))
    drawing = BytesIO()
    flat("RGB", "red").save(drawing, "EPS")
    with pytest.raises(UnreadableImageError, match="PostScript"):
        decode(drawing.getvalue(), 8)
