"""The GIF of a fit: how many frames there are, what moves in them, and what of a run that diverges."""

from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fake_descents import check_picture, fake_descent
from numpy.typing import NDArray
from PIL import Image, ImageColor

from experiments.reports.drawing.animation import LAST, animation
from experiments.reports.drawing.loss_scale import loss_scale
from experiments.reports.drawing.motion import loss_in_words, motion_of, slowly_at_first
from experiments.reports.drawing.stage import stage_of
from experiments.reports.drawing.theme import DARK, LIGHT, THEMES, Theme

LOST = [[-1, 1], [20, 3], [2e5, -7e4], [np.inf, 1e300], [np.nan, np.nan]]
SWINGING_OUT = [[3 + 0.5 * (-1.3) ** step, 2 + (-1.3) ** step] for step in range(100)]


def frames_of(gif: bytes) -> tuple[list[Image.Image], list[int]]:
    frames, durations = [], []
    with Image.open(BytesIO(gif)) as image:
        assert image.info["loop"] == 0
        for frame in range(image.n_frames):
            image.seek(frame)
            frames.append(image.convert("RGB"))
            durations.append(image.info["duration"])
    return frames, durations


def fit_in(frame: Image.Image, theme: Theme = LIGHT) -> NDArray[np.bool_]:
    """Where the left half, below the caption and above the legend, has the colour of the fit to the bit."""
    left = np.asarray(frame)[50:-70, : frame.width // 2 - 20]
    return np.all(left == ImageColor.getrgb(theme.fit), axis=-1)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_line_moves_to_its_place_on_the_page_of_the_theme(tmp_path: Path, theme: Theme) -> None:
    gif = animation(fake_descent(tmp_path / "run", steps=100), theme)
    frames, durations = frames_of(gif)
    assert 30 <= len(frames) <= 45
    assert 640 <= frames[0].width <= 760
    assert len(gif) < 600_000
    assert durations[-1] == LAST > 5 * durations[1]
    assert all(one.tobytes() != other.tobytes() for one, other in pairwise(frames))
    assert {frame.getpixel((2, frame.height // 2)) for frame in frames} == {ImageColor.getrgb(theme.page)}
    first, last = fit_in(frames[0], theme), fit_in(frames[-1], theme)
    assert min(first.sum(), last.sum()) > 300
    assert (first & last).sum() < 0.2 * first.sum()


def test_what_does_not_move_is_the_same_pixels_in_all_frames(tmp_path: Path) -> None:
    frames, _ = frames_of(animation(fake_descent(tmp_path / "run", steps=60), LIGHT))
    assert len({frame.crop((0, frame.height - 60, *frame.size)).tobytes() for frame in frames}) == 1


def test_line_that_swings_out_of_sight_has_few_frames_after(tmp_path: Path) -> None:
    recorded = fake_descent(tmp_path / "run", rate=1.2, path=SWINGING_OUT)
    motion = motion_of(recorded)
    frames, _ = frames_of(animation(recorded, LIGHT))
    assert motion.out_of_sight is not None
    assert 5 < motion.out_of_sight < 20
    assert len(frames) < motion.out_of_sight + 10
    assert fit_in(frames[1]).sum() > 300
    assert fit_in(frames[-1]).any()  # "diverged"


def test_parameters_that_are_no_longer_finite(tmp_path: Path) -> None:
    recorded = fake_descent(tmp_path / "run", path=LOST)
    frames, _ = frames_of(animation(recorded, DARK))
    assert len(frames) == len(LOST)
    assert motion_of(recorded).out_of_sight == 2
    assert fit_in(frames[1], DARK).sum() > 300


def test_polynomial_is_not_compared_with_least_squares(tmp_path: Path) -> None:
    recorded = fake_descent(tmp_path / "run", degree=9)
    frames, _ = frames_of(animation(recorded, LIGHT))
    assert motion_of(recorded).least_squares is None
    other = np.asarray(frames[0]) == ImageColor.getrgb(LIGHT.other)
    assert not np.all(other, axis=-1).any()


@pytest.mark.parametrize("path", [[START := [-1, 1]], [START, START], [START, [3, 2]]], ids=("alone", "still", "once"))
def test_runs_of_hardly_any_step(tmp_path: Path, path: list[list[float]]) -> None:
    gif = animation(fake_descent(tmp_path / "run", path=path), LIGHT)
    assert len(frames_of(gif)[0]) == len(path)


def test_long_run_of_minibatches_stays_small(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (2001, 2))
    gif = animation(fake_descent(tmp_path / "run", path=(np.array([3, 2]) + noise).tolist()), LIGHT)
    assert len(gif) < 600_000
    assert len(frames_of(gif)[0]) <= 45


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("path", [None, LOST, SWINGING_OUT], ids=("good", "lost", "out"))
def test_texts_are_apart_and_inside(tmp_path: Path, path: list[list[float]] | None, theme: Theme) -> None:
    recorded = fake_descent(tmp_path / "run", rate=0.00015, path=path)
    motion = motion_of(recorded)
    stage = stage_of(recorded, motion, theme)
    stage.frames([motion.last])
    check_picture(stage.figure, theme)


def test_steps_are_dense_at_first_and_show_both_sides_of_a_swing() -> None:
    for last, at_most in ((0, 40), (1, 40), (39, 40), (41, 40), (100, 40), (2000, 40), (2000, 300), (10**6, 300)):
        steps = slowly_at_first(last, at_most)
        strides = np.diff(steps)
        assert (steps[0], steps[-1]) == (0, last)
        assert len(steps) <= at_most + 3
        assert all(strides[:4] == 1)
        assert all(strides > 0)
        assert all(strides[:-1] % 2 == 1)


def test_losses_in_three_digits() -> None:
    losses = (0.0, 0.0754879, 0.5, 7.145, 127.6, 1.675e8, 4e-6, np.inf)
    said = ["0.00", "0.0755", "0.500", "7.14", "128", "1.7e+08", "4.0e-06", "infinite"]
    assert [loss_in_words(loss) for loss in losses] == said


def test_scale_of_losses_is_logarithmic_only_where_it_must_be() -> None:
    assert not loss_scale(np.array([7.1, 6.0]), 0.07).log
    wide = loss_scale(np.array([7.1, 0.1, np.inf]), 0.07)
    assert wide.log
    assert wide.low < 0.07
    assert 7.1 < wide.high < 15
    assert loss_scale(np.array([np.inf, np.nan]), None).ticks()[0] == 0
    assert loss_scale(np.array([1.0, 1e300, 0.0]), 0.0).high < 2
