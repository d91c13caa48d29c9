"""bridge.png: which three runs of a sweep over rates are shown, and how; on runs that no training made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_runs import write_run, write_sweep
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.reports.drawing.bridge import bridge
from experiments.reports.drawing.loss_by_step import course
from experiments.reports.drawing.recorded import NothingToDraw
from experiments.reports.drawing.theme import DARK, LIGHT, THEMES, Theme
from experiments.reports.drawing.three_rates import three_rates
from experiments.reports.look import png
from experiments.runs.files import write_csv, write_json
from experiments.runs.sweep import Sweep

LOW, HIGH, FINE = "learning_rate_too_low", "learning_rate_too_high", "healthy"
STEPS = 100


def line_losses(rate: float) -> list[float]:
    """Of gradient descent on a bowl whose critical rate is 1, from a loss of 7 down to 0.1."""
    steps = np.arange(STEPS)
    return [float(value) for value in 0.1 + 4 * (1 - 2 * rate) ** (2 * steps) + 2.9 * (1 - 0.5 * rate) ** (2 * steps)]


def noisy_losses(rate: float) -> list[float]:
    """Like those of ten classes, from guessing on: above 0.3 they leap, and stay with guessing; at 0.1 they return."""
    random = np.random.default_rng(0)
    steps = np.arange(STEPS)
    noise = np.exp(0.3 * random.normal(size=STEPS))
    fall = 2.3 * np.exp(-np.minimum(rate, 0.05) * 2 * steps) * noise + 0.01
    if rate > 0.3:
        return [2.3, 60.0, 9.0, *(2.3 * noise[3:] ** 0.1).tolist()]
    return [2.3, 4.0, *fall[2:].tolist()] if rate > 0.05 else [2.3, *fall[1:].tolist()]


def write_one(folder: Path, losses: Sequence[float], rate: float, verdict: str, score: float, line: bool) -> None:
    data = {"kind": "regression" if line else "classification", "classes": [], "train_size": 10, "valid_size": 5}
    target = ("data.line.Line", "models.linear.Linear") if line else ("data.digits.Digits", "models.small_cnn.SmallCNN")
    configuration = {
        "dataset": {"_target_": f"experiments.{target[0]}"},
        "model": {"_target_": f"experiments.{target[1]}"},
        "optimizer": {"lr": rate},
    }
    more: dict[str, Any] = {
        "configuration": configuration,
        "parameters": {"total": 2 if line else 95_242, "trained": 2},
        "guess": {"valid_loss": 3.5 if line else 2.3026},
        "status": "finished" if math.isfinite(losses[-1]) else "diverged",
        "data": data,
    }
    write_run(folder, [(losses[0], losses[0], 0.9), (score, score, score)], **more)
    rows = [[step, 1, rate, loss, 1.0] for step, loss in enumerate(losses)]
    write_csv(folder / "steps.csv", ["step", "epoch", "lr", "train_loss", "grad_norm"], rows)
    write_json(folder / "diagnosis.json", {"runs": [{"path": str(folder), "verdict": verdict}]})


def write_rates(folder: Path, verdicts: Mapping[float, str], best: float, *, line: bool = True) -> Sweep:
    """A sweep over rates; the score is the better, the nearer a rate is to the best."""
    write_sweep(folder, {f"optimizer.lr={rate:g}": {"optimizer.lr": f"{rate:g}"} for rate in verdicts})
    for rate, verdict in verdicts.items():
        losses = line_losses(rate) if line else noisy_losses(rate)
        score = 0.01 + 0.1 * abs(math.log(rate / best))
        write_one(folder / f"optimizer.lr={rate:g}", losses, rate, verdict, score, line)
    return Sweep(folder)


@pytest.fixture
def line(tmp_path: Path) -> Sweep:
    verdicts = {0.001: LOW, 0.01: LOW, 0.1: FINE, 0.9: FINE, 1.05: HIGH, 1.2: HIGH}
    return write_rates(tmp_path / "line", verdicts, 0.1)


@pytest.fixture
def digits(tmp_path: Path) -> Sweep:
    verdicts = {1e-4: LOW, 1e-3: LOW, 0.03: FINE, 0.1: HIGH, 0.5: HIGH}
    return write_rates(tmp_path / "digits", verdicts, 0.03, line=False)


def names(sweep: Sweep) -> list[str]:
    return [run.name.rpartition("=")[2] for run in three_rates(sweep).runs]


def test_the_nearest_rates_with_the_verdicts_are_shown(line: Sweep) -> None:
    assert names(line) == ["0.01", "0.1", "1.05"]


def test_a_rate_that_was_too_high_and_came_back_is_no_example(digits: Sweep) -> None:
    assert names(digits) == ["0.001", "0.03", "0.5"]


def test_without_verdicts_the_ends_are_taken(tmp_path: Path) -> None:
    assert names(write_rates(tmp_path, dict.fromkeys([0.001, 0.01, 0.1, 0.9, 1.2], FINE), 0.1)) == [
        "0.001",
        "0.1",
        "1.2",
    ]


def test_what_the_sweep_says_counts_more_than_what_a_run_says(tmp_path: Path) -> None:
    sweep = write_rates(tmp_path, {0.001: LOW, 0.01: FINE, 0.1: FINE, 1.2: HIGH}, 0.1)
    paths = {"0.001": LOW, "0.01": LOW, "0.1": FINE, "1.2": HIGH}
    runs = [{"path": str(tmp_path / f"optimizer.lr={rate}"), "verdict": said} for rate, said in paths.items()]
    write_json(tmp_path / "diagnosis.json", {"runs": runs})
    assert names(sweep) == ["0.01", "0.1", "1.2"]


def test_of_several_seeds_it_is_the_one_of_the_best(tmp_path: Path) -> None:
    jobs = [(rate, seed) for rate in (0.01, 0.1, 1.2) for seed in (1, 2)]
    folders = {f"lr={rate},seed={seed}": {"optimizer.lr": str(rate), "seed": str(seed)} for rate, seed in jobs}
    write_sweep(tmp_path, folders)
    for (rate, seed), name in zip(jobs, folders, strict=True):
        score = 0.01 * abs(math.log(rate / 0.1)) + 0.002 / seed
        write_one(tmp_path / name, line_losses(rate), rate, FINE, score, True)
    assert [run.name for run in three_rates(Sweep(tmp_path)).runs] == [
        "lr=0.01,seed=2",
        "lr=0.1,seed=2",
        "lr=1.2,seed=2",
    ]


def test_the_lesson_experiments_are_three_rates_too(tmp_path: Path) -> None:
    found = {"good": 0.03, HIGH: 0.5, LOW: 1e-4, "too_few_epochs": 0.03}
    write_sweep(tmp_path, {name: {"experiment": name} for name in found})
    for name, rate in found.items():
        write_one(tmp_path / name, noisy_losses(rate), rate, FINE, rate, False)
    assert [run.name for run in three_rates(Sweep(tmp_path)).runs] == [LOW, "good", HIGH]


def best_is_the_lowest(folder: Path) -> Sweep:
    return write_rates(folder, {0.1: FINE, 0.9: FINE, 1.2: HIGH}, 0.1)


def all_diverged(folder: Path) -> Sweep:
    sweep = write_rates(folder, {0.01: FINE, 0.1: FINE, 1.2: HIGH}, 0.1)
    for run in sweep.runs:
        write_json(run.path / "run.json", {**run.record, "status": "diverged"})
    return sweep


def of_degrees(folder: Path) -> Sweep:
    write_sweep(folder, {f"model.degree={degree}": {"model.degree": str(degree)} for degree in (1, 3, 9)})
    for degree in (1, 3, 9):
        write_one(folder / f"model.degree={degree}", line_losses(0.1), 0.1, FINE, 0.1 * degree, True)
    return Sweep(folder)


def not_started(folder: Path) -> Sweep:
    return Sweep(
        write_sweep(folder, {"optimizer.lr=1": {"optimizer.lr": "1"}, "optimizer.lr=2": {"optimizer.lr": "2"}})
    )


def of_rates_a_layer(folder: Path) -> Sweep:
    rates = ["[0.1,0.2]", "0.1", "1.2"]
    write_sweep(folder, {f"lr={i}": {"optimizer.lr": rate} for i, rate in enumerate(rates)})
    for i in range(3):
        write_one(folder / f"lr={i}", line_losses(0.1), 0.1, FINE, 0.1 * i, True)
    return Sweep(folder)


@pytest.mark.parametrize(
    "make", [of_rates_a_layer, best_is_the_lowest, all_diverged, of_degrees, not_started], ids=lambda m: m.__name__
)
def test_what_has_no_three_rates_is_told_what_has(make: Callable[[Path], Sweep], tmp_path: Path) -> None:
    with pytest.raises(NothingToDraw, match="experiments fit sweep=learning_rate recipe=line") as refused:
        bridge([make(tmp_path)], LIGHT)
    assert str(tmp_path) in str(refused.value)


def drawn(sweeps: Sequence[Sweep], theme: Theme = LIGHT) -> tuple[Figure, list[Axes]]:
    figure = bridge(sweeps, theme)
    figure.canvas.draw()
    return figure, figure.axes


def test_a_row_a_sweep_with_rates_as_titles_and_guessing_at_one_height(line: Sweep, digits: Sweep) -> None:
    figure, panels = drawn([line, digits])
    assert [panel.get_title() for panel in panels] == [
        "too low: 0.01", "good: 0.1", "too high: 1.05", "too low: 0.001", "good: 0.03", "too high: 0.5",
    ]  # fmt: skip
    assert {panel.get_yscale() for panel in panels} == {"log"}
    assert len({panel.get_ylim() for panel in panels[:3]}) == len({panel.get_ylim() for panel in panels[3:]}) == 1
    heights = {round(panels[i].transAxes.inverted().transform(panels[i].transData.transform((0, y)))[1], 6)
               for i, y in ((0, 3.5), (3, 2.3026))}  # fmt: skip
    assert len(heights) == 1
    assert figure.get_suptitle() == "The same three courses with 2 parameters and with 95,242"
    labels = [part.get_suptitle() for part in figure.subfigs]
    assert labels == ["a line, 2 parameters", "digits, SmallCNN, 95,242 parameters"]


def test_a_loss_that_leaves_says_how_far_and_leaves_the_others_their_scale(line: Sweep) -> None:
    _, panels = drawn([line])
    assert 20 < panels[0].get_ylim()[1] < 100
    assert [text.get_text() for text in panels[2].texts] == ["on to $10^{9}$"]
    assert [text.get_text() for text in panels[1].texts] == ["guessing"]


@pytest.mark.parametrize("end", [math.inf, math.nan])
def test_a_run_that_diverged_leaves_for_infinity(tmp_path: Path, end: float) -> None:
    sweep = write_rates(tmp_path, {0.01: LOW, 0.1: FINE}, 0.1)
    job = {"folder": "optimizer.lr=3", "overrides": [], "swept": {"optimizer.lr": "3"}, "status": "diverged"}
    write_json(tmp_path / "sweep.json", {**sweep.record, "jobs": [*sweep.jobs, job]})
    write_one(tmp_path / "optimizer.lr=3", [7.0, 300.0, 1e30, end, end], 3, HIGH, 0.1, True)
    _, panels = drawn([sweep])
    assert [text.get_text() for text in panels[2].texts] == ["on to infinity"]
    assert all(map(math.isfinite, panels[0].get_ylim()))
    assert np.isfinite(panels[2].lines[0].get_ydata()).all()


def test_losses_of_zero_have_a_scale(tmp_path: Path) -> None:
    sweep = write_rates(tmp_path, {0.01: LOW, 0.1: FINE, 1.2: HIGH}, 0.1)
    for run in sweep.runs:
        write_csv(run.path / "steps.csv", ["step", "train_loss"], [[0, 0.0], [1, 0.0]])
    low, high = drawn([sweep])[1][0].get_ylim()
    assert 0 < low < high


def test_noise_is_thin_and_its_course_thick(digits: Sweep, line: Sweep) -> None:
    _, panels = drawn([digits])
    raw, smooth = panels[1].lines[:2]
    assert float(raw.get_linewidth()) < float(smooth.get_linewidth()) / 2
    rough, even = (np.abs(np.diff(np.log(np.asarray(one.get_ydata())))).mean() for one in (raw, smooth))
    assert even < rough / 3
    assert len(drawn([line])[1][1].lines) == 2  # the loss and guessing: nothing to smooth


def test_smoothing_keeps_the_beginning_and_takes_a_loss_of_zero() -> None:
    values = [2.0, 60.0, *([1.0, 1.2] * 50), 0.0]
    smooth = course(values)
    assert smooth[0] == pytest.approx(2.0)
    assert 2 < smooth[1] < 60
    assert np.isfinite(smooth).all()
    assert len(smooth) == len(values)
    assert list(course([3.0, 2.0, 1.0])) == [3.0, 2.0, 1.0]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_no_text_leaves_the_figure_or_meets_another(line: Sweep, digits: Sweep, theme: Theme) -> None:
    figure, panels = drawn([line, digits], theme)
    texts = [text for panel in panels for text in (panel.title, *panel.texts)]
    boxes = [text.get_window_extent() for text in texts]
    for box in boxes:
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0
        assert box.y1 <= figure.bbox.y1
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_it_is_a_picture_on_the_themes_page(line: Sweep) -> None:
    figure, _ = drawn([line], DARK)
    assert png(figure).startswith(b"\x89PNG")
    corner = np.asarray(figure.canvas.buffer_rgba())[2, 2, :3]  # type: ignore[attr-defined]
    assert "#" + "".join(f"{value:02X}" for value in corner) == DARK.page
