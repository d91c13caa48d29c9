"""map.png and what is said of it: regions by outcome, marks of single runs, and how often the two agree."""

import io
import math
from collections.abc import Mapping
from pathlib import Path

import fake_sweeps
import pytest
from fake_runs import write_run, write_sweep
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from experiments.diagnosis.outcome import Score
from experiments.reports.agreement import Map, MapCell, agreement, map_lines
from experiments.reports.look import DOTS_PER_INCH, png
from experiments.reports.map import draw_map, map_figure
from experiments.reports.map_key import COLOURS
from experiments.runs.files import write_json
from experiments.runs.sweep import Sweep

# By rate, for 1, 4 and 16 epochs: low, low, low; few, fine, many; high, high, high.
ERRORS = {"1e-05": (0.9, 0.8, 0.7), "0.003": (0.3, 0.02, 0.2), "5e-1": (0.5, 0.9, 0.9)}
EPOCHS = (1, 4, 16)
DIGITS = {"kind": "classification", "classes": ["0", "1"], "train_size": 1000, "valid_size": 360}
LINE = {"kind": "regression", "classes": [], "train_size": 80, "valid_size": 20}

RIGHT = {
    ("1e-05", 1): "learning_rate_too_low",
    ("1e-05", 4): "learning_rate_too_low",
    ("1e-05", 16): "learning_rate_too_low",
    ("0.003", 1): "too_few_epochs",
    ("0.003", 4): "healthy",
    ("0.003", 16): "too_many_epochs",
    ("5e-1", 1): "learning_rate_too_high",
    ("5e-1", 4): "learning_rate_too_high",
    ("5e-1", 16): "learning_rate_too_high",
}
Verdicts = Mapping[tuple[str, int], str]


def nine(folder: Path, seeds: int = 2, verdicts: Verdicts | None = None, data: Mapping[str, object] = DIGITS) -> Path:
    """Three rates by three numbers of epochs, each with so many seeds; the same verdict for all seeds of a cell."""
    places = [(rate, epochs) for rate in ERRORS for epochs in EPOCHS]
    names = {place: [f"lr={place[0]},epochs={place[1]},seed={seed}" for seed in range(seeds)] for place in places}
    jobs = {
        name: {"optimizer.lr": rate, "schedule.epochs": str(epochs), "seed": name[-1]}
        for (rate, epochs), of_seeds in names.items()
        for name in of_seeds
    }
    write_sweep(folder, jobs, "map")
    for (rate, epochs), of_seeds in names.items():
        for name in of_seeds:
            ended(folder / name, ERRORS[rate][EPOCHS.index(epochs)], data=data)
            if verdicts:
                judged(folder / name, verdicts[rate, epochs])
    return folder


def ended(folder: Path, error: float, *, status: str = "finished", data: Mapping[str, object] = DIGITS) -> None:
    write_run(folder, [(2.3, 2.3, 0.9), (1.0, 1.0, error)], status=status, data=data)


def judged(folder: Path, verdict: str) -> None:
    write_json(folder / "diagnosis.json", {"schema": 1, "runs": [{"path": ".", "verdict": verdict}], "sweep": None})


def grid(folder: Path, jobs: list[Mapping[str, str]]) -> Path:
    return write_sweep(folder, {str(number): job for number, job in enumerate(jobs)})


def map_of(folder: Path) -> Map:
    found = agreement(Sweep(folder))
    assert found is not None
    return found


def test_each_cell_has_its_outcome_and_labels_are_as_typed(tmp_path: Path) -> None:
    chart = map_of(nine(tmp_path))
    assert chart.rates == {1e-5: "1e-05", 0.003: "0.003", 0.5: "5e-1"}
    assert chart.epochs == EPOCHS
    assert {(chart.rates[r], e): cell.outcome for (r, e), cell in chart.cells.items()} == RIGHT
    assert {cell.runs for cell in chart.cells.values()} == {2}
    assert chart.judged == 0
    assert map_lines(chart) == [
        "map: 1 of 9 cells are fine, 3 rate too low, 3 rate too high, 1 too few epochs, 1 too many epochs",
        "best 2.0% at optimizer.lr=0.003 schedule.epochs=4",
    ]


def test_how_often_single_runs_agree_and_where_they_do_not(tmp_path: Path) -> None:
    wrong = {("0.003", 16): "healthy", ("0.003", 1): "healthy", ("5e-1", 4): "late_collapse"}
    folder = nine(tmp_path, verdicts=RIGHT | wrong)
    judged(folder / "lr=0.003,epochs=1,seed=1", "too_few_epochs")
    (folder / "lr=1e-05,epochs=1,seed=0" / "diagnosis.json").unlink()
    chart = map_of(folder)
    assert (chart.agreeing, chart.judged) == (12, 17)
    assert chart.differing == [(0.003, 1), (0.003, 16), (0.5, 4)]
    assert chart.cells[0.003, 1].verdicts == ("healthy", "too_few_epochs")  # in the order of the seeds
    assert map_lines(chart)[2] == (
        "single runs agree with the map in 12 of 17 (71%); most often they say 'fine' where it is 'too many epochs' (2)"
    )


def test_what_the_sweep_made_of_a_run_is_not_what_the_run_says_alone(tmp_path: Path) -> None:
    folder = nine(tmp_path, seeds=1, verdicts=dict.fromkeys(RIGHT, "healthy"))
    overruled = [{"path": str(run.path), "verdict": "too_few_epochs", "findings": []} for run in Sweep(folder).runs]
    write_json(folder / "diagnosis.json", {"schema": 1, "runs": overruled, "sweep": {"verdict": "healthy"}})
    chart = map_of(folder)
    assert {verdict for cell in chart.cells.values() for verdict in cell.verdicts} == {"healthy"}
    assert (chart.agreeing, chart.judged) == (1, 9)


def test_when_all_agree_nothing_is_said_of_differences(tmp_path: Path) -> None:
    chart = map_of(nine(tmp_path, seeds=1, verdicts=RIGHT))
    assert chart.differing == []
    assert map_lines(chart)[2] == "single runs agree with the map in 9 of 9 (100%)"


def test_diverged_counts_and_what_has_not_ended_is_left_out(tmp_path: Path) -> None:
    jobs = [{"optimizer.lr": r, "schedule.epochs": e} for r in ("0.01", "0.1") for e in ("1", "2", "4")]
    grid(tmp_path, jobs)
    ended(tmp_path / "0", 0.1)
    ended(tmp_path / "3", 0.1, status="diverged")  # its last number before the end does not count
    ended(tmp_path / "1", 0.1, status="interrupted")
    ended(tmp_path / "4", 0.1, status="running")
    write_run(tmp_path / "2", [], status="failed", data=None)
    chart = map_of(tmp_path)
    assert {place: (cell.score.error, cell.outcome) for place, cell in chart.cells.items()} == {
        (0.01, 1): (0.1, "healthy"),
        (0.1, 1): (1.0, "learning_rate_too_high"),
    }
    assert chart.cells[0.1, 1].diverged == 1
    assert map_lines(chart)[0] == "map: 1 of 2 cells are fine, 1 rate too high, 4 without a finished run"
    drawn = [text.get_text() for text in map_figure(chart).axes[0].texts]
    assert drawn[:2] == ["10.0%", "diverged"]


def test_a_regression_counts_its_rmse(tmp_path: Path) -> None:
    folder = nine(tmp_path, seeds=1, data=LINE)
    chart = map_of(folder)
    assert chart.score == "rmse"
    assert map_lines(chart)[1] == "best rmse 0.020 at optimizer.lr=0.003 schedule.epochs=4"
    assert chart.cells[0.5, 1].score.standard_error == pytest.approx(0.5 / math.sqrt(40))
    assert "0.020" in [text.get_text() for text in map_figure(chart).axes[0].texts]


def test_before_any_run_has_ended(tmp_path: Path) -> None:
    chart = map_of(grid(tmp_path, [{"optimizer.lr": r, "schedule.epochs": e} for r in "12" for e in "12"]))
    assert map_lines(chart) == ["map: no run has finished yet"]
    draw_map(chart, tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("other", [{}, {"seed": "0"}, {"model.width": "32"}])
def test_a_further_key_that_does_not_vary_is_no_matter(tmp_path: Path, other: dict[str, str]) -> None:
    jobs = [{"optimizer.lr": r, "schedule.epochs": e, **other} for r in ("0.1", "1e-1", "1") for e in ("1", "2")]
    assert map_of(grid(tmp_path, jobs)).rates == {0.1: "0.1", 1.0: "1"}  # twice the same number, as first typed


@pytest.mark.parametrize(
    ("rates", "epochs", "more"),
    [
        (["0.1", "1"], ["4"], {}),
        (["0.1", "1e-1"], ["1", "2"], {}),
        (["0.1"], ["1", "2"], {}),
        (["0.1", "1"], ["1", "2"], {"model.width": ["16", "32"]}),
        (["[1e-4,1e-3]", "1"], ["1", "2"], {}),
        (["0.1", "1"], ["null", "2"], {}),
    ],
)
def test_other_sweeps_have_no_map(
    tmp_path: Path, rates: list[str], epochs: list[str], more: dict[str, list[str]]
) -> None:
    jobs = [{"optimizer.lr": r, "schedule.epochs": e} for r in rates for e in epochs]
    for key, values in more.items():
        jobs = [{**job, key: value} for job in jobs for value in values]
    assert agreement(Sweep(grid(tmp_path, jobs))) is None


def test_the_sweeps_of_other_reports_have_no_map(tmp_path: Path) -> None:
    for make in (fake_sweeps.lesson, fake_sweeps.rates_and_seeds, fake_sweeps.regression):
        assert agreement(Sweep(make(tmp_path / make.__name__))) is None
    assert agreement(Sweep(write_sweep(tmp_path / "none", {}))) is None


def test_every_cell_is_filled_with_the_colour_of_its_outcome(tmp_path: Path) -> None:
    wrong = {("0.003", 16): "healthy", ("5e-1", 4): "late_collapse", ("5e-1", 1): "inconclusive"}
    chart = map_of(nine(tmp_path, verdicts=RIGHT | wrong))
    figure = map_figure(chart)
    figure.set_dpi(DOTS_PER_INCH)
    picture = Image.open(io.BytesIO(png(figure))).convert("RGB")
    for (rate, epochs), cell in chart.cells.items():
        at = (list(chart.rates).index(rate) - 0.4, EPOCHS.index(epochs) + 0.4)
        x, y = figure.axes[0].transData.transform(at)
        shown = picture.getpixel((int(x), picture.height - 1 - int(y)))
        assert shown == tuple(round(255 * part) for part in to_rgb(COLOURS[cell.outcome])), (rate, epochs)


def test_a_mark_that_agrees_is_a_dot_and_one_that_differs_has_its_verdict_s_shape_and_colour(tmp_path: Path) -> None:
    wrong = {("0.003", 16): "learning_rate_too_high", ("5e-1", 4): "late_collapse"}
    figure = map_figure(map_of(nine(tmp_path, verdicts=RIGHT | wrong)))
    marks = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", None, "")]
    assert len(marks) == 18
    assert sum(line.get_marker() == "o" and line.get_markersize() < 5 for line in marks) == 14
    different = {(line.get_marker(), line.get_markerfacecolor()) for line in marks if line.get_markersize() > 5}
    assert different == {("^", COLOURS["learning_rate_too_high"]), ("D", "white")}
    words = [text.get_text() for text in figure.legends[0].texts]
    assert {"rate too high", "fine", "single run: the same", "single run: differs", "single run: other"} <= set(words)
    assert "cannot tell" not in words
    assert figure.axes[0].get_title().endswith("agree with it in 14 of 18 (78%)")


def inside_the_figure(figure: Figure) -> None:
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= 0
    assert drawn.x1 <= width
    assert drawn.y1 <= height


@pytest.mark.parametrize(("rates", "epochs"), [(2, 2), (8, 5), (12, 5), (30, 3), (3, 30)], ids=lambda count: str(count))
def test_nothing_is_cut_off_at_any_size(rates: int, epochs: int) -> None:
    places = [(10.0 ** (rate - 7), epoch) for rate in range(rates) for epoch in range(1, epochs + 1)]
    cell = MapCell(Score(0.9, 0.01), "inconclusive", 2, 0, ("healthy", "noisy_labels"))
    labels = {rate: f"{rate:g}" for rate, _ in places}
    inside_the_figure(map_figure(Map(dict.fromkeys(places, cell), labels, tuple(range(1, epochs + 1)), "error_rate")))


@pytest.mark.parametrize("seeds", [1, 3, 9])
def test_nothing_is_cut_off_at_any_number_of_seeds(tmp_path: Path, seeds: int) -> None:
    figure = map_figure(map_of(nine(tmp_path, seeds=seeds, verdicts=dict.fromkeys(RIGHT, "inconclusive"))))
    inside_the_figure(figure)
    marks = [line.get_xydata()[0] for line in figure.axes[0].lines if line.get_marker() == "X"]
    assert len(marks) == 9 * seeds
    assert len({tuple(mark) for mark in marks}) == 9 * seeds
    assert all(abs(mark - round(mark)) < 0.45 for place in marks for mark in place)


def test_the_file_appears_whole(tmp_path: Path) -> None:
    chart = map_of(nine(tmp_path / "sweep"))
    draw_map(chart, tmp_path / "map.png")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["map.png"]
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.width >= 1000
    with pytest.raises(OSError, match="nowhere"):
        draw_map(chart, tmp_path / "nowhere" / "map.png")
