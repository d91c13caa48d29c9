"""Copies are found whatever was done to them; pictures that only look simple, or similar, are left apart."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from experiments.data.images import decode
from experiments.data.likeness import THRESHOLD, Sketches, likeness
from experiments.data.near_duplicates import NearDuplicates, near_duplicates

Thumbnails = NDArray[np.uint8]
BEARS = Path(__file__).parents[3] / "shared" / "data" / "bears"


def scene(seed: int, size: tuple[int, int] = (240, 180)) -> Image.Image:
    """Blobs of all sizes and colours, as varied as a photograph."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(random.integers(60, 200, 3).tolist()))
    pen = ImageDraw.Draw(image)
    for _ in range(60):
        x, y, across, up = random.random(4) * (size[0], size[1], size[0] / 4, size[1] / 4)
        pen.ellipse((x - across, y - up, x + across, y + up), fill=tuple(random.integers(20, 220, 3).tolist()))
    return image


def thumbnail(image: Image.Image, form: str = "PNG", **options: Any) -> Thumbnails:
    file = BytesIO()
    image.save(file, form, **options)
    return decode(file.getvalue(), 32)


def group(pictures: list[Thumbnails], threshold: float = THRESHOLD) -> NearDuplicates:
    names = [sha256(picture.tobytes() + bytes([number % 256])).hexdigest() for number, picture in enumerate(pictures)]
    return near_duplicates(np.stack(pictures), names, threshold)


def cut(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop(
        (round(width * left), round(height * top), round(width * (1 - right)), round(height * (1 - bottom)))
    )


def smaller(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def all_at_once(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(smaller(ImageOps.mirror(cut(image, 0.01, 0.02, 0.01, 0)))).enhance(1.1)


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved again": lambda image: image,
    "half the size": smaller,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.85),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.15),
    "cut on all sides": lambda image: cut(image, 0.015, 0.015, 0.015, 0.015),
    "cut on the left": lambda image: cut(image, 0.03, 0, 0, 0),
    "cut above": lambda image: cut(image, 0, 0.03, 0, 0),
    "mirrored": ImageOps.mirror,
    "all at once": all_at_once,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_among_others(change: str) -> None:
    originals = [scene(seed) for seed in range(8)]
    copies = [CHANGES[change](image) for image in originals]
    pictures = [thumbnail(image) for image in originals] + [thumbnail(copy, "JPEG", quality=60) for copy in copies]
    found = group(pictures)
    assert [set(pair) for pair in Counter(found.groups).items()] == [{name, 2} for name in found.groups[:8]]
    assert found.groups[:8] == found.groups[8:]
    assert {
        (link.first, link.second - 8) if link.first < 8 else (link.second, link.first - 8) for link in found.links
    } == {(number, number) for number in range(8)}
    assert all(THRESHOLD <= link.likeness <= 1 for link in found.links)


def test_the_group_is_the_smallest_content_whatever_the_order() -> None:
    pictures = np.stack([thumbnail(scene(1)), thumbnail(scene(2)), thumbnail(scene(1), "JPEG"), thumbnail(scene(1))])
    assert near_duplicates(pictures, ["c", "d", "b", "c"]).groups == ["b", "d", "b", "b"]
    order = [2, 3, 1, 0]
    shuffled = near_duplicates(pictures[order], [["c", "d", "b", "c"][row] for row in order])
    assert shuffled.groups == ["b", "b", "d", "b"]
    assert [(link.first, link.second) for link in shuffled.links] == [(0, 1)]


def scene_pixels(seed: int) -> Thumbnails:
    return thumbnail(scene(seed))


def test_nothing_and_one_picture() -> None:
    assert near_duplicates(np.zeros((0, 3, 32, 32), np.uint8), []) == NearDuplicates([], [])
    assert near_duplicates(scene_pixels(1)[None], ["a"]) == NearDuplicates(["a"], [])


def test_equal_contents_are_one_group_even_without_structure() -> None:
    plain = np.full((3, 3, 32, 32), 200, np.uint8)
    plain[2] = 201
    found = near_duplicates(plain, ["a", "a", "b"])
    assert found.groups == ["a", "a", "b"]
    assert found.links == []


def flat(seed: int) -> Thumbnails:
    """One of three colours, and noise of one of three strengths: what a quick test of a classifier draws."""
    random = np.random.default_rng(seed)
    colour = np.array([[200, 30, 30], [30, 200, 30], [30, 30, 200]][seed % 3])
    noisy = colour[:, None, None] + random.normal(0, [1, 8, 40][seed // 3 % 3], (3, 32, 32))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def gradient(seed: int) -> Thumbnails:
    random = np.random.default_rng(seed)
    start, end = random.random((2, 3, 1, 1)) * 255
    way = np.linspace(0, 1, 32)[:, None] if seed % 2 else np.linspace(0, 1, 32)[None, :]
    return np.clip(start + (end - start) * way + random.normal(0, 2, (3, 32, 32)), 0, 255).astype(np.uint8)


def noise(seed: int) -> Thumbnails:
    return np.random.default_rng(seed).integers(0, 256, (3, 32, 32), dtype=np.uint8)


@pytest.mark.parametrize("draw", [flat, gradient, noise, scene_pixels])
def test_different_pictures_stay_apart(draw: Callable[[int], Thumbnails]) -> None:
    found = group([draw(seed) for seed in range(150)])
    assert len(set(found.groups)) == 150
    assert not found.links


def shape(seed: int) -> Thumbnails:
    """A disc or a square of any colour and size, anywhere on white."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (64, 64), "white")
    x, y = random.integers(2, 38, 2).tolist()
    side = int(random.integers(12, 24))
    pen = ImageDraw.Draw(image)
    draw = pen.ellipse if seed % 2 else pen.rectangle
    draw((x, y, x + side, y + side), fill=tuple(random.integers(0, 200, 3).tolist()))
    return thumbnail(image)


def test_simple_shapes_are_seldom_taken_for_each_other() -> None:
    found = group([shape(seed) for seed in range(300)])
    assert len(found.links) <= 6


def test_a_class_of_equal_shapes_is_not_chained_into_one_cluster() -> None:
    pictures = []
    for place in range(2, 40):
        image = Image.new("RGB", (64, 64), "white")
        ImageDraw.Draw(image).ellipse((place, 20, place + 20, 40), fill="red")
        pictures.append(thumbnail(image))
    sizes = Counter(group(pictures).groups)
    assert max(sizes.values()) <= 8


@pytest.mark.parametrize(
    ("one", "other"), [("red", "orange"), ("red", "blue"), ("#ff0000", "#a00000"), ("navy", "red"), ("teal", "olive")]
)
@pytest.mark.parametrize("paper", ["white", "black", "grey"])
def test_the_same_shape_in_another_colour_is_another_picture(one: str, other: str, paper: str) -> None:
    def drawn(colour: str) -> Thumbnails:
        image = Image.new("RGB", (64, 64), paper)
        pen = ImageDraw.Draw(image)
        pen.ellipse((8, 12, 40, 50), fill=colour)
        pen.polygon([(30, 60), (60, 60), (50, 20)], fill=colour)
        return thumbnail(image)

    assert not group([drawn(one), drawn(other)]).links


def test_a_threshold_of_one_asks_for_the_same_and_zero_links_only_what_is_alike() -> None:
    pictures = [scene_pixels(1), scene_pixels(1), thumbnail(scene(1), "JPEG", quality=30), scene_pixels(2), flat(5)]
    assert len(group(pictures, 1.0).links) == 1
    assert all(link.likeness > 0 for link in group(pictures, 0.0).links)


def test_a_picture_is_wholly_like_itself_and_its_mirror_image() -> None:
    sketches = Sketches.of(np.stack([scene_pixels(1), scene_pixels(1)[..., ::-1]]))
    pairs = np.array([[0, 0], [0, 1], [0, 1]])
    alike = likeness(sketches, pairs, np.array([False, True, False]))
    assert alike[0] == alike[1] == 1
    assert alike[2] < 0.6


def test_four_thousand_pictures_take_seconds() -> None:
    """20,000 were measured to take 12 s on two busy cores, and 220 MB more than their thumbnails."""
    scenes = np.stack([thumbnail(scene(seed), "PNG") for seed in range(40)])
    random = np.random.default_rng(0)
    pictures = np.concatenate([np.roll(scenes, random.integers(4, 28, 2), axis=(2, 3)) for _ in range(100)])
    start = time.process_time()
    near_duplicates(pictures, [f"{row:05d}" for row in range(4000)])
    assert time.process_time() - start < 20


@pytest.mark.real_data
@pytest.mark.skipif(not BEARS.is_dir(), reason="the photographs are not beside this checkout")
def test_the_true_near_duplicates_among_the_bears_in_a_second() -> None:
    paths = sorted(BEARS.glob("*/*"))
    found = near_duplicates(np.stack([decode(path, 32) for path in paths]), [str(path) for path in paths])
    names = [(paths[link.first].name, paths[link.second].name) for link in found.links]
    # Looked at: two with the colours worked on, one mirrored. A teddy in two colours is not among them.
    assert names == [("0187.jpg", "0253.jpg"), ("0145.jpg", "0191.jpg"), ("0309.jpg", "0319.jpg")]
