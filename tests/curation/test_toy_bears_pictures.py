"""The drawing of bears: every picture by itself."""

from __future__ import annotations

from io import BytesIO
from random import Random

import numpy as np
import pytest
from PIL import Image

from experiments.curation.drawing_bears.camera import photograph
from experiments.curation.drawing_bears.picture import CLASSES, POSES, draw_picture
from experiments.curation.drawing_bears.shapes import Placement, ellipse, limb, smooth


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("kind", CLASSES)
def test_a_picture_is_decided_by_class_number_and_seed(kind: str) -> None:
    assert draw_picture(kind, 3, 42) == draw_picture(kind, 3, 42)
    assert len({draw_picture(kind, 3, 42), draw_picture(kind, 4, 42), draw_picture(kind, 3, 43)}) == 3


def test_pictures_are_jpeg_files_of_many_sizes_and_not_all_square() -> None:
    images = [opened(draw_picture(kind, number, 1)) for kind in CLASSES for number in range(8)]
    assert {image.format for image in images} == {"JPEG"}
    assert min(min(image.size) for image in images) >= 160
    assert max(max(image.size) for image in images) <= 320
    assert len({image.size for image in images}) > 12
    assert {np.sign(image.width - image.height) for image in images} >= {-1, 1}


def test_a_few_are_grey_and_the_others_have_colour() -> None:
    scene = Image.new("RGB", (24, 16), (200, 90, 30))
    modes = [opened(photograph(Random(number), scene, (12, 8), (0.5, 0.5))).mode for number in range(400)]
    assert set(modes) == {"L", "RGB"}
    assert modes.count("L") < 20


def test_classes_differ_where_the_bear_is_and_overlap() -> None:
    def lightness(kind: str) -> list[float]:
        middles = [
            opened(draw_picture(kind, number, 42)).convert("L").resize((5, 5), Image.Resampling.BOX).crop((1, 1, 4, 4))
            for number in range(12)
        ]
        return [float(np.asarray(middle).mean()) for middle in middles]

    black, grizzly, teddy = map(lightness, CLASSES)
    assert np.mean(black) + 15 < np.mean(grizzly) < np.mean(teddy) - 15
    assert max(black) > min(grizzly)
    assert max(grizzly) > min(teddy)


def test_nothing_is_blank() -> None:
    for kind in CLASSES:
        for number in range(4):
            values = np.asarray(opened(draw_picture(kind, number, 5)).convert("L"), dtype=float)
            assert values.std() > 12


def test_every_pose_turns_up_with_its_weight() -> None:
    assert sum(pose.often for pose in POSES.values()) == 100


def test_a_figure_is_placed_upright_mirrored_and_turned() -> None:
    point = np.array([[1.0, 2.0]])
    assert Placement(100, 50, 10)(point).tolist() == [[110, 30]]
    assert Placement(100, 50, 10, wide=-1)(point).tolist() == [[90, 30]]
    assert np.allclose(Placement(100, 50, 10, turn=90)(point), [[80, 40]])
    part = Placement(100, 50, 10, wide=-1).within(1, 2, 0.5, 90)
    assert (part.x, part.y, part.unit, part.turn) == (90, 30, 5, -90)


def test_outlines() -> None:
    circle = ellipse(1, 2, 3, 3)
    assert np.allclose(np.hypot(*(circle - (1, 2)).T), 3)
    corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    curve = smooth(*corners)
    assert all((np.abs(curve - corner).sum(1) < 1e-9).any() for corner in corners)
    discs = limb((0, 0, 1), (4, 0, 0.5))
    assert np.ptp(discs[0], axis=0).max() == pytest.approx(2)
    assert np.ptp(discs[-1], axis=0).max() == pytest.approx(1)
