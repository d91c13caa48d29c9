"""curves.png is drawn for every shape of sweep, without a warning: pytest turns each into an error."""

import sys
from collections.abc import Callable
from pathlib import Path

import fake_sweeps
import pytest
from fake_runs import falling, write_run, write_sweep

from experiments.reports.curves import draw_curves
from experiments.reports.overlay import overlay
from experiments.reports.small_multiples import small_multiples
from experiments.reports.titles import in_words
from experiments.runs.sweep import Sweep


def fifteen(folder: Path) -> Path:
    return fake_sweeps.rates_and_seeds(folder, seeds=5)


def all_failed(folder: Path) -> Path:
    write_sweep(folder, {"seed=1": {"seed": "1"}, "seed=2": {"seed": "2"}})
    write_run(folder / "seed=1", [], status="failed", metrics=None, guess=None)
    (write_run(folder / "seed=2", [], status="failed") / "history.csv").unlink()
    return folder


def many_failed(folder: Path) -> Path:
    names = [f"seed={seed}" for seed in range(8)]
    write_sweep(folder, {name: {"seed": name[5:]} for name in names})
    for name in names:
        write_run(folder / name, [], status="failed", guess=None)
    return folder


def not_started(folder: Path) -> Path:
    return write_sweep(folder, {"seed=1": {"seed": "1"}})


def perfect(folder: Path) -> Path:
    write_sweep(folder, {"x" * 120: {"experiment": "x"}})
    write_run(folder / ("x" * 120), [(2.3, 2.3, 0.9), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)])
    return folder


SHAPES = [
    fake_sweeps.lesson, fake_sweeps.twenty_rates, fake_sweeps.rates_and_seeds, fake_sweeps.with_failures,
    fake_sweeps.regression, fifteen, all_failed, many_failed, not_started, perfect,
]  # fmt: skip


@pytest.mark.parametrize("make", SHAPES, ids=lambda make: make.__name__)
def test_it_is_drawn_without_a_warning(make: Callable[[Path], Path], tmp_path: Path) -> None:
    windows = "matplotlib.pyplot" in sys.modules
    draw_curves(Sweep(make(tmp_path)), tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert ("matplotlib.pyplot" in sys.modules) is windows  # no window, no global state


def test_a_column_a_run_in_the_sweep_s_order_on_shared_scales(tmp_path: Path) -> None:
    sweep = Sweep(fake_sweeps.lesson(tmp_path))
    axes = small_multiples(sweep.runs, "error_rate").axes
    upper, lower = axes[:5], axes[5:]
    assert [panel.texts[0].get_text() for panel in upper] == [
        "good", "learning rate too high", "learning rate too low", "too few epochs", "too many epochs",
    ]  # fmt: skip
    assert [panel.get_title() for panel in upper][:2] == ["2.4% error", "90.0% error"]
    assert {panel.get_yscale() for panel in upper} == {"log"}
    assert len({panel.get_ylim() for panel in upper}) == len({panel.get_ylim() for panel in lower}) == 1
    training, validation, guessing = upper[1].lines
    assert list(training.get_ydata())[1] == 8e4
    assert list(validation.get_ydata())[1] == 9e4
    assert set(guessing.get_ydata()) == {2.3026}
    assert set(lower[0].lines[-1].get_ydata()) == {0.9}
    assert all(tick == int(tick) for panel in lower for tick in panel.get_xticks())


def test_a_diverged_run_says_so_and_the_others_do_not(tmp_path: Path) -> None:
    sweep = Sweep(fake_sweeps.with_failures(tmp_path))
    upper = small_multiples(sweep.runs, "error_rate").axes[:4]
    said = ["diverged" in [text.get_text() for text in panel.texts] for panel in upper]
    assert said == [False, False, True, False]
    assert upper[1].get_title() == "failed"
    assert upper[3].get_title() == "9.2% error, interrupted"


def test_one_swept_number_is_coloured_along_a_scale_with_a_bar(tmp_path: Path) -> None:
    sweep = Sweep(fake_sweeps.twenty_rates(tmp_path))
    figure = overlay(sweep.runs, sweep.jobs, "error_rate")
    losses, _, bar = figure.axes
    assert bar.get_ylabel() == "optimizer.lr"
    assert bar.get_yscale() == "linear"  # from value to value, whatever lies between
    assert len(bar.get_yticks()) >= 10
    assert sum(line.get_marker() == "x" for line in losses.lines) == 2  # the two that diverged
    assert len({str(line.get_color()) for line in losses.lines[:20]}) >= 18


def test_numbers_get_ticks_with_their_values_and_names_a_legend(tmp_path: Path) -> None:
    values = [str(value) for value in range(1, 9)]
    write_sweep(tmp_path / "n", {f"epochs={v}": {"epochs": v} for v in values})
    write_sweep(tmp_path / "c", {f"choice_{v}": {"experiment": f"choice_{v}"} for v in values})
    for value in values:
        write_run(tmp_path / "n" / f"epochs={value}", falling(int(value), 0.1, 0.1))
        write_run(tmp_path / "c" / f"choice_{value}", falling(3, 0.1, 0.1))
    numbers, choices = Sweep(tmp_path / "n"), Sweep(tmp_path / "c")
    ticks = overlay(numbers.runs, numbers.jobs, "error_rate").axes[-1].get_yticklabels()
    assert [tick.get_text() for tick in ticks] == values
    names = [text.get_text() for text in overlay(choices.runs, choices.jobs, "error_rate").legends[0].texts]
    assert names == [f"choice_{value}" for value in values]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("good", ["good"]),
        ("learning_rate_too_high", ["learning rate too high"]),
        ("optimizer.lr=1e-05,seed=1", ["optimizer.lr=1e-05,", "seed=1"]),
        ("one_two_three_four_five_six", ["one two three", "four five six"]),
        ("a", ["a"]),
        ("_", ["_"]),
    ],
)
def test_a_title_is_the_name_in_words(name: str, lines: list[str]) -> None:
    assert in_words(name) == lines
    assert len(in_words("word_" * 60)) == len(in_words("x" * 120)) == 3


def test_seeds_of_a_rate_have_its_colour(tmp_path: Path) -> None:
    sweep = Sweep(fake_sweeps.rates_and_seeds(tmp_path, seeds=5))
    figure = overlay(sweep.runs, sweep.jobs, "error_rate")
    assert figure.axes[-1].get_ylabel() == "optimizer.lr"
    by_rate: dict[str, set[str]] = {}
    for line, job in zip(figure.axes[0].lines, sweep.jobs, strict=False):
        by_rate.setdefault(job["swept"]["optimizer.lr"], set()).add(str(line.get_color()))
    assert all(len(colours) == 1 for colours in by_rate.values())
    assert len(set.union(*by_rate.values())) == len(by_rate) > 1


def test_a_loss_that_goes_on_to_1e30_does_not_press_the_others_flat(tmp_path: Path) -> None:
    points = {"kind": "regression", "classes": [], "train_size": 10, "valid_size": 5}
    leaving = [(7.0 * 10.0**epoch, 7.0 * 10.0**epoch, 2.6 * 10.0 ** (epoch / 2)) for epoch in range(30)]
    for folder, runs in ((tmp_path / "few", 2), (tmp_path / "many", 8)):
        names = {f"optimizer.lr={n}": {"optimizer.lr": str(n)} for n in range(1, runs + 1)}
        sweep = Sweep(write_sweep(folder, names))
        for number, name in enumerate(names):
            write_run(folder / name, leaving if number == 0 else falling(29, 0.1, 0.3), data=points)
        draw = small_multiples(sweep.runs, "rmse") if runs == 2 else overlay(sweep.runs, sweep.jobs, "rmse")
        tops = [axes.get_ylim()[1] for axes in draw.axes[:2]]
        assert max(tops) <= 1001, folder
