"""The doctor's word at the end of trainings on digits, and a run that follows its advice. Slow: five are trained."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typing_in import Typed, record, rows, type_in

from experiments import Run, Sweep, diagnose


@pytest.fixture(scope="module")
def high(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """`experiments fit experiment=learning_rate_too_high`."""
    return type_in(tmp_path_factory.mktemp("high"), "fit", "experiment=learning_rate_too_high")


@pytest.fixture(scope="module")
def verdict(high: Typed) -> dict[str, Any]:
    """What its diagnosis.json says of it, copied before anything else is trained there."""
    document = record(high.only, "diagnosis.json")
    (run,) = document["runs"]
    assert (document["schema"], document["sweep"]) == (1, None)
    return dict(run)


@pytest.fixture(scope="module")
def before(high: Typed, verdict: dict[str, Any]) -> Path:
    """The folder of that run, relative to where it was typed; asked for before `applied` adds another."""
    assert verdict["verdict"] == "learning_rate_too_high"
    return high.only.relative_to(high.here)


@pytest.fixture(scope="module")
def applied(high: Typed, before: Path) -> Typed:
    """`experiments diagnose RUN --apply`."""
    return type_in(high.here, "diagnose", str(before), "--apply")


@pytest.fixture(scope="module")
def after(high: Typed, before: Path, applied: Typed) -> Path:
    """The folder of the run that followed."""
    assert applied.code == 0, applied.err
    (found,) = set(high.here.glob("outputs/*")) - {high.here / before}
    return found


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """Three rates for two epochs."""
    words = ("optimizer.lr=1e-5,3e-3,5e-1", "schedule.epochs=2")
    return type_in(tmp_path_factory.mktemp("rates"), "fit", "-m", *words)


def test_the_terminal_names_what_went_wrong_and_the_next_command(high: Typed, verdict: dict[str, Any]) -> None:
    assert high.code == 0
    finding = verdict["findings"][0]
    assert f"diagnosis: learning_rate_too_high ({finding['confidence']})\n" in high.out
    assert f"  {finding['evidence'][0]}\n" in high.out
    assert f"try: {verdict['command']}\n" in high.out
    assert "new model" in high.out


def test_the_advice_is_a_lower_rate_in_a_command_of_its_own(verdict: dict[str, Any]) -> None:
    (override,) = verdict["findings"][0]["overrides"]
    rate = float(override.removeprefix("optimizer.lr="))
    assert 0.005 <= rate <= 0.05
    assert verdict["command"] == f"experiments fit {override}"
    assert re.search(r"\d", verdict["findings"][0]["evidence"][0])


def test_the_verb_prints_what_was_kept(high: Typed, before: Path, verdict: dict[str, Any]) -> None:
    printed = type_in(high.here, "diagnose", str(before), "--json")
    assert (printed.code, printed.err) == (0, "")
    document = json.loads(printed.out)
    assert document["sweep"] is None
    (run,) = document["runs"]
    assert Path(run["path"]) == before
    assert run | {"path": verdict["path"]} == verdict


def test_the_expected_verdict_is_answered(high: Typed, before: Path) -> None:
    expect = record(high.here / before)["expect"]
    assert expect["declared"]["verdict"] == "learning_rate_too_high"
    (detail,) = [one for one in expect["details"] if one["metric"] == "verdict"]
    assert detail["answer"] == "confirmed"
    assert expect["answer"] == "confirmed"
    assert re.search(r"^expected verdict \S*learning_rate_too_high\S*: confirmed$", high.out, re.MULTILINE)


def test_tensorboard_shows_the_diagnosis_as_text(high: Typed, before: Path, verdict: dict[str, Any]) -> None:
    events = EventAccumulator(str(high.here / before), size_guidance={"tensors": 0})
    events.Reload()
    (tag,) = [tag for tag in events.Tags()["tensors"] if "diagnosis" in tag]
    text = events.Tensors(tag)[-1].tensor_proto.string_val[0].decode()
    assert text.startswith("**learning_rate_too_high**")
    assert verdict["findings"][0]["evidence"][0] in text
    assert verdict["command"] in text


def test_python_reads_what_was_kept_and_says_the_same(high: Typed, before: Path, verdict: dict[str, Any]) -> None:
    kept = Run(high.here / before).diagnosis
    assert kept is not None
    assert kept["runs"] == [verdict]
    report = diagnose(high.here / before)
    assert report.runs[0].verdict == "learning_rate_too_high"
    assert report.runs[0].as_json() | {"path": verdict["path"]} == verdict


def test_applying_the_advice_leaves_a_run_that_names_its_parent(
    high: Typed, before: Path, after: Path, verdict: dict[str, Any]
) -> None:
    child = record(after)
    (override,) = verdict["findings"][0]["overrides"]
    assert (high.here / child["parent"]).resolve() == (high.here / before).resolve()
    assert child["reason"] == f"learning_rate_too_high: {override}"
    assert override in child["overrides"]
    assert child["configuration"]["optimizer"]["lr"] == float(override.removeprefix("optimizer.lr="))
    parent = record(high.here / before)
    assert (parent["parent"], parent["reason"]) == (None, None)
    # Nothing else was changed.
    theirs, ours = parent["configuration"], child["configuration"]
    assert {k: v for k, v in theirs.items() if k not in ("optimizer", "expect", "fits")} == {
        k: v for k, v in ours.items() if k not in ("optimizer", "expect", "fits")
    }
    assert theirs["optimizer"] | {"lr": 0} == ours["optimizer"] | {"lr": 0}
    assert child["metrics"]["final"]["error_rate"] < 0.2 < parent["metrics"]["final"]["error_rate"]


def test_applying_prints_before_and_after(
    high: Typed, before: Path, applied: Typed, after: Path, verdict: dict[str, Any]
) -> None:
    lines = [line for line in applied.out.splitlines() if line.startswith(("before ", "then ", "after "))]
    assert [line.split()[0] for line in lines] == ["before", "after"]
    parent, child = record(high.here / before), record(after)
    assert f"{parent['metrics']['final']['error_rate']:.1%}" in lines[0]
    assert f"{child['metrics']['final']['error_rate']:.1%}" in lines[1]
    assert "learning_rate_too_high" in lines[0]
    (override,) = verdict["findings"][0]["overrides"]
    assert override in lines[1]
    assert after.name in lines[1]
    assert "Traceback" not in applied.err


def test_what_is_healthy_is_not_trained_again_by_applying(high: Typed, after: Path) -> None:
    count = len(list(high.here.glob("outputs/*")))
    if record(after, "diagnosis.json")["runs"][0]["verdict"] != "healthy":
        pytest.fail("the advised rate was not healthy")
    again = type_in(high.here, "diagnose", str(after), "--apply", "--rounds", "2")
    assert again.code == 0
    assert len(list(high.here.glob("outputs/*"))) == count
    last, command = again.out.splitlines()[-1], record(after, "diagnosis.json")["runs"][0]["command"]
    assert last == "healthy: no advice to apply" + (f"; to look for more: {command}" if command else "")


def test_a_sweep_keeps_what_its_runs_say_together(sweep: Typed) -> None:
    assert sweep.code == 0, sweep.err
    document = record(sweep.only, "diagnosis.json")
    assert [run["verdict"] for run in document["runs"]] == [
        "learning_rate_too_low", "healthy", "learning_rate_too_high",
    ]  # fmt: skip
    assert document["sweep"]["verdict"] == "healthy"
    assert Path(document["sweep"]["best_run"]).name == "optimizer.lr=0.003"
    for run in (document["runs"][0], document["runs"][2]):
        assert "with all else equal, which is more than noise" in run["findings"][0]["evidence"][0]
        assert run["findings"][0]["overrides"] == ["optimizer.lr=0.003"]


def test_the_table_has_the_sweeps_verdicts(sweep: Typed) -> None:
    document = record(sweep.only, "diagnosis.json")
    by_folder = {Path(run["path"]).name: run["verdict"] for run in document["runs"]}
    assert {row["folder"]: row["verdict"] for row in rows(sweep.only / "runs.csv")} == by_folder
    table = Sweep(sweep.only).table()
    assert dict(zip(table["run"], table["verdict"], strict=True)) == by_folder


def test_the_table_in_the_terminal_shows_the_verdicts(sweep: Typed) -> None:
    """Issue 3: a few lines in the terminal, diagnosis.json, TensorBoard text, the sweep's table and runs.csv."""
    table = re.sub(r"\s+", " ", sweep.out.partition("together:")[0]).replace("_ ", "_")
    for verdict in ("too_low", "healthy", "too_high"):
        assert verdict in table.replace(" ", "_"), sweep.out


def test_the_terminal_says_what_they_say_together(sweep: Typed) -> None:
    assert "together: healthy (likely)\n" in sweep.out
    assert "optimizer.lr=0.003 is best of 3 rates, 2 are worse by more than noise" in sweep.out
    assert re.search(r"^best run: multirun/\S+optimizer.lr=0.003$", sweep.out, re.MULTILINE)


def test_the_verb_says_of_the_sweep_what_was_kept(sweep: Typed) -> None:
    kept = record(sweep.only, "diagnosis.json")
    printed = json.loads(type_in(sweep.here, "diagnose", "--json").out)

    def without_paths(document: dict[str, Any]) -> dict[str, Any]:
        runs = [run | {"path": Path(run["path"]).name} for run in document["runs"]]
        best = Path(document["sweep"]["best_run"]).name
        return document | {"runs": runs, "sweep": document["sweep"] | {"best_run": best}}

    assert without_paths(printed) == without_paths(kept)


def test_each_run_of_the_sweep_keeps_what_it_says_alone(sweep: Typed) -> None:
    for folder in sweep.only.glob("optimizer.lr=*"):
        alone = Run(folder).diagnosis
        assert alone is not None
        assert alone["sweep"] is None
        assert "all else equal" not in json.dumps(alone)
