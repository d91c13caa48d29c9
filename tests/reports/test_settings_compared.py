"""Settings held against each other: over seeds, and image by image, so that noise is seen as noise."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from fake_runs import falling, write_run, write_sweep
from fake_sweeps import lesson, rates_and_seeds, regression, twenty_rates, with_failures

from experiments.cli import main
from experiments.reports.comparison.content import content
from experiments.reports.comparison.groups import groups
from experiments.reports.comparison.page import page
from experiments.reports.comparison.paired import answers, chance, mean_answers
from experiments.reports.comparison.table import group_table
from experiments.runs.files import write_csv
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep

COLUMNS = ["path", "sha256", "label", "predicted", "probability", "loss"]


def predict(run: Path, wrong: set[int], of: int = 100) -> None:
    """predictions.csv of so many images, some of them wrong."""
    rows = [[f"{n}.png", f"{n:064x}", "cat", "dog" if n in wrong else "cat", 0.9, 0.1] for n in range(of)]
    write_csv(run / "predictions.csv", COLUMNS, rows)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (0, 6, 0.03125), (1, 9, 0.021484375), (10, 1, 0.01171875)],
)
def test_mcnemars_exact_test_of_two_runs(one: int, other: int, expected: float) -> None:
    """Against scipy.stats.binomtest(one, one + other)."""
    ours = {str(n): float(n < one) for n in range(40)}
    others = {str(n): float(20 <= n < 20 + other) for n in range(40)}
    assert chance(ours, others) == pytest.approx(expected)
    assert chance(others, ours) == pytest.approx(expected)


def test_means_over_seeds_are_compared_image_by_image() -> None:
    two = mean_answers([{"a": 1.0, "b": 0.0, "c": 1.0}, {"a": 1.0, "b": 1.0, "d": 1.0}])
    assert two == {"a": 1.0, "b": 0.5}
    always = {str(n): 0.5 for n in range(16)}
    never = {str(n): 0.0 for n in range(16)}
    assert chance(always, never) == pytest.approx(math.erfc(4 / math.sqrt(2)))
    assert chance({"x": 1.0}, {"y": 1.0}) is None


def test_a_run_without_predictions_says_nothing(tmp_path: Path) -> None:
    assert answers(Run(write_run(tmp_path / "run", falling(2, 0.1, 0.1)))) == {}


@pytest.fixture
def seeds(tmp_path: Path) -> Sweep:
    """Three rates of three seeds: the first two differ by two images, the third by twenty."""
    folder = rates_and_seeds(tmp_path / "sweep", seeds=3)
    for rate, wrong in (("0.001", range(4)), ("0.01", range(2, 8)), ("0.1", range(24))):
        for seed in (1, 2, 3):
            predict(folder / f"optimizer.lr={rate},seed={seed}", set(wrong))
    return Sweep(folder)


def test_groups_over_seeds_best_first(seeds: Sweep) -> None:
    found = groups(seeds)
    assert [group.swept for group in found] == [{"optimizer.lr": rate} for rate in ("0.001", "0.01", "0.1")]
    assert [len(group.rows) for group in found] == [3, 3, 3]
    errors = [run.metrics["final"]["error_rate"] for run in seeds.runs[:3]]
    assert found[0].mean == pytest.approx(sum(errors) / 3)
    assert found[0].spread == pytest.approx(0.01 * (1 - math.exp(-6)), rel=1e-3)
    assert [group.standing for group in found] == ["best", "as good", "worse"]
    assert found[1].chance == pytest.approx(2 * (1 + 6 + 15) / 2**6)  # 2 images of one against 4 of the other
    assert found[2].chance is not None
    assert found[2].chance < 1e-4


def test_what_diverged_is_worse_and_what_failed_is_not_counted(tmp_path: Path) -> None:
    found = {tuple(group.swept.values()): group for group in groups(Sweep(with_failures(tmp_path / "sweep")))}
    assert found["30",].standing == "worse"
    assert math.isinf(found["30",].mean)
    assert found["2",].scores == []
    assert found[()].rows[0]["run"] == "seed=1"
    assert len(found[()].scores) == 1


def text_of(table: Any) -> str:
    from rich.console import Console

    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_the_table_in_the_terminal(seeds: Sweep) -> None:
    text = text_of(group_table(groups(seeds), "error_rate"))
    assert re.search(r"optimizer.lr=0.001 +3 +3.\d% +± 1.0% +best", text)
    assert re.search(r"optimizer.lr=0.01 +3 +6.\d% +± 1.0% +as good, p = 0.69", text)
    assert re.search(r"optimizer.lr=0.1 +3 +9.\d% +± 1.0% +worse, p < 0.001", text)


@pytest.mark.parametrize("make", [lesson, twenty_rates, rates_and_seeds, with_failures, regression])
def test_the_page_holds_every_run_and_asks_nobody(make: Any, tmp_path: Path) -> None:
    sweep = Sweep(make(tmp_path / "sweep"))
    shown = content(sweep, groups(sweep), ["healthy"])
    assert {run["name"] for run in shown["runs"]} == {job["folder"] for job in sweep.jobs}
    text = page(shown)
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|img|iframe)|src=|@import|url\(", text)
    embedded = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert embedded
    assert json.loads(embedded[1])["runs"] == json.loads(json.dumps(shown["runs"]))


def axes(folder: Path) -> list[dict[str, Any]]:
    sweep = Sweep(folder)
    found: list[dict[str, Any]] = content(sweep, groups(sweep), ["healthy"])["axes"]
    return found


def test_the_axes_are_the_swept_numbers(tmp_path: Path) -> None:
    (rate,) = axes(twenty_rates(tmp_path / "sweep"))
    assert (rate["key"], rate["words"], rate["log"]) == ("optimizer.lr", "learning rate", True)
    assert len(rate["values"]) == 20
    (degree,) = axes(regression(tmp_path / "other"))
    assert (degree["words"], degree["log"]) == ("degree of the polynomial", False)
    assert axes(lesson(tmp_path / "third")) == []


def test_a_hundred_runs_of_a_hundred_epochs_weigh_less_than_two_megabytes(tmp_path: Path) -> None:
    names = {f"seed={n}": {"seed": str(n)} for n in range(100)}
    folder = write_sweep(tmp_path / "sweep", names)
    for name in names:
        write_run(folder / name, falling(100, 0.05, 0.02, 0.05))
    sweep = Sweep(folder)
    text = page(content(sweep, groups(sweep), ["healthy"]))
    assert len(text.encode()) < 2_000_000
    curve = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])["runs"][0]["curves"]["valid_loss"]  # type: ignore[index]
    assert (curve[0][0], curve[-1][0]) == (0, 100), "thinned between its ends"


# The verb.


def test_the_report_of_a_sweep(seeds: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(seeds.path)]) == 0
    out = capsys.readouterr().out
    assert "as good, p = 0.69" in out
    assert f"report: {seeds.path / 'report.html'}" in out
    assert (seeds.path / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_the_report_as_json(seeds: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(seeds.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["standing"]) for one in found["groups"]] == [
        ("optimizer.lr=0.001", "best"),
        ("optimizer.lr=0.01", "as good"),
        ("optimizer.lr=0.1", "worse"),
    ]
    assert found["groups"][0]["p_value"] is None
    assert not (seeds.path / "report.html").exists()


def test_a_sweep_folder_that_cannot_be_written(
    seeds: Sweep, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("experiments.reports.comparison.page.write_text", refuse)
    assert main(["report", str(seeds.path)]) == 0
    said = capsys.readouterr()
    assert "as good, p = 0.69" in said.out, "the table all the same"
    assert said.err == (
        f"note: {seeds.path / 'report.html'} cannot be written: Permission denied; "
        f"elsewhere: experiments report {seeds.path} --to FOLDER\n"
    )


def test_no_sweep_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 1
    assert "or make one: experiments fit sweep=learning_rate" in capsys.readouterr().err
    assert main(["report", "nowhere"]) == 1
    assert "Traceback" not in capsys.readouterr().err
