"""Runs trained together leave what each leaves alone. Each kind of network is trained both ways: that takes seconds."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from stacked_runs import Configuration, alone, configuration, differing_cells, files, requested, together, varied
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn
from typed import record, rows

from experiments.training.stacked import descent as stacked_descent
from experiments.training.stacked import fit as stacked_fit
from experiments.training.stacked.fit import train_stack
from experiments.training.stacked.stack import make_stack
from experiments.training.weights import read_model_weights

TABLES = ("history", "steps", "predictions", "parameters", "points", "split")
SAME_IN_RUN_JSON = (
    "config_hash", "configuration", "seed", "status", "data", "device", "guess", "parameters", "critical_rate", "error",
)  # fmt: skip


class Own(nn.Module):
    """A part that is not trained and a buffer that is saved, both drawn from the seed."""

    chance: Tensor

    def __init__(self, input_shape: tuple[int, ...], output_size: int) -> None:
        super().__init__()
        self.first = nn.Linear(input_shape[0], 3).requires_grad_(False)
        self.register_buffer("chance", torch.rand(3))
        self.last = nn.Linear(3, output_size)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.last(self.first(inputs).tanh() * self.chance)
        return outputs


class Tied(nn.Module):
    """Two layers that share their weights, as an autoencoder or a language model has them."""

    def __init__(self, input_shape: tuple[int, ...], output_size: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Linear(input_shape[0], input_shape[0], bias=False) for _ in range(2))
        self.second.weight = self.first.weight
        self.last = nn.Linear(input_shape[0], output_size)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.last(self.second(self.first(inputs).tanh()).tanh())
        return outputs


def line(*overrides: str) -> Configuration:
    """Ten steps an epoch."""
    return configuration("recipe=line", "dataset.batch_size=10", "schedule.epochs=3", *overrides)


def lines() -> list[Configuration]:
    plain = [varied(line(), seed=seed, lr=lr) for lr in (0.01, 0.1, 0.9) for seed in (0, 1)]
    return [*plain, varied(line(), lr=0.05, momentum=0.8, weight_decay=0.1)]


def diverging_lines() -> list[Configuration]:
    """Those at 15, 1e6 and 1e19 overflow: in the second epoch, in the first, after a single step."""
    return [varied(line(), lr=lr) for lr in (0.1, 15, 1e6, 0.5, 1e19)]


def linear_digits() -> list[Configuration]:
    digits = configuration("model=linear", "schedule.epochs=2", "trainer=cpu")
    return [
        varied(digits, seed=seed, lr=lr, weight_decay=wd)
        for seed, lr, wd in ((0, 1e-3, 0), (1, 0.03, 0.1), (1, 0.3, 0))
    ]


def small_cnns() -> list[Configuration]:
    digits = configuration("model.dropout=0", "model.width=4", "schedule.epochs=2", "trainer=cpu")
    return [varied(digits, seed=seed, lr=lr) for seed, lr in ((0, 1e-3), (0, 0.01), (1, 0.01))]


def own_networks() -> list[Configuration]:
    return [{**varied(line(), seed=seed), "model": {"_target_": f"{__name__}.Own"}} for seed in (0, 1)]


@dataclass(frozen=True)
class Case:
    """Configurations, and how far their numbers may be apart relative to max(1, |value|): sums in another order."""

    make: Callable[[], list[Configuration]]
    tolerance: float = 1e-5


CASES = {
    "lines": Case(lines),
    "diverging lines": Case(diverging_lines, 1e-3),  # differences of numbers near 1e30
    "linear on digits": Case(linear_digits),
    "small_cnn on digits": Case(small_cnns),
    "own networks": Case(own_networks),
}


@dataclass(frozen=True)
class Twins:
    """The folders of the same runs, trained one after the other and together."""

    alone: list[Path]
    together: list[Path]
    tolerance: float
    seconds: float

    @property
    def pairs(self) -> list[tuple[Path, Path]]:
        return list(zip(self.alone, self.together, strict=True))


@pytest.fixture(scope="module", params=CASES)
def twins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Twins:
    case, folder = CASES[request.param], tmp_path_factory.mktemp("twins")
    configurations = case.make()
    one_by_one = alone(configurations, folder / "alone")
    stack = make_stack(configurations)
    began = time.monotonic()
    at_once = together(configurations, folder / "together", stack)
    return Twins(one_by_one, at_once, case.tolerance, time.monotonic() - began)


def test_there_are_the_same_files(twins: Twins) -> None:
    for one, other in twins.pairs:
        assert files(other) == files(one)
        assert {"run.json", "history.csv", "steps.csv", "predictions.csv", "diagnosis.json"} <= set(files(other))


def test_their_tables_have_the_same_numbers(twins: Twins) -> None:
    for one, other in twins.pairs:
        for table in TABLES:
            cells = differing_cells(one / f"{table}.csv", other / f"{table}.csv", tolerance=twins.tolerance)
            assert cells == [], f"{other.name}/{table}.csv"


def test_run_json_says_the_same(twins: Twins) -> None:
    for one, other in twins.pairs:
        expected, found = record(one), record(other)
        assert list(found) == list(expected)
        assert {name: found[name] for name in SAME_IN_RUN_JSON} == {name: expected[name] for name in SAME_IN_RUN_JSON}
        for when in ("final", "best"):
            _same_numbers(found["metrics"][when], expected["metrics"][when], twins.tolerance)
        assert found["expect"]["answer"] == expected["expect"]["answer"]
        assert [d["answer"] for d in found["expect"]["details"]] == [d["answer"] for d in expected["expect"]["details"]]
        for name, numbers in expected.get("coefficients", {}).items():
            _same_numbers(dict(enumerate(found["coefficients"][name])), dict(enumerate(numbers)), twins.tolerance)


def _same_numbers(found: dict[Any, Any] | None, expected: dict[Any, Any] | None, tolerance: float) -> None:
    assert (found or {}).keys() == (expected or {}).keys()
    for name, value in (expected or {}).items():
        nearly = None if value is None else pytest.approx(value, rel=tolerance, abs=tolerance)  # None is not finite
        assert (found or {})[name] == nearly


def test_the_weights_are_the_same(twins: Twins) -> None:
    for one, other in twins.pairs:
        found, expected = (read_model_weights(run / "model") for run in (other, one))
        assert list(found) == list(expected)
        for name, tensor in expected.items():
            torch.testing.assert_close(found[name], tensor, rtol=twins.tolerance, atol=twins.tolerance)
        about = [json.loads((run / "model" / "model.json").read_text()) for run in (one, other)]
        assert about[0]["training"]["epoch"] == about[1]["training"]["epoch"]
        assert about[0]["architecture"] == about[1]["architecture"]


def test_the_doctor_says_the_same(twins: Twins) -> None:
    for one, other in twins.pairs:
        (found,), (expected,) = (json.loads((run / "diagnosis.json").read_text())["runs"] for run in (other, one))
        assert found["verdict"] == expected["verdict"]
        assert [f["symptom"] for f in found["findings"]] == [f["symptom"] for f in expected["findings"]]


def test_a_run_takes_its_share_of_the_time(twins: Twins) -> None:
    shares = [record(run)["seconds"] for run in twins.together]
    assert len(set(shares)) == 1
    assert 0 < sum(shares) <= twins.seconds + 0.001 * len(shares)


def test_tensorboard_reads_the_same_scalars(twins: Twins) -> None:
    for one, other in twins.pairs:
        expected, found = _events(one), _events(other)
        assert sorted(found.Tags()["scalars"]) == sorted(expected.Tags()["scalars"])
        assert sorted(found.Tags()["tensors"]) == sorted(expected.Tags()["tensors"])
        for tag in ("step/train_loss", "step/lr", "step/grad_norm", "epoch/valid_loss", "epoch/train_loss_eval"):
            assert [point.step for point in found.Scalars(tag)] == [point.step for point in expected.Scalars(tag)]
            assert [point.value for point in found.Scalars(tag)] == pytest.approx(
                [point.value for point in expected.Scalars(tag)], rel=twins.tolerance, abs=twins.tolerance, nan_ok=True
            )


def _events(run: Path) -> EventAccumulator:
    (file,) = run.glob("events.out.tfevents.*")
    read = EventAccumulator(str(file), size_guidance={"scalars": 0, "tensors": 0})
    read.Reload()
    return read


@pytest.mark.parametrize("twins", ["diverging lines"], indirect=True)
def test_some_of_them_diverge_and_the_others_do_not(twins: Twins) -> None:
    statuses = ["finished", "diverged", "diverged", "finished", "diverged"]
    assert [record(run)["status"] for run in twins.together] == statuses
    steps = [len(rows(run / "steps.csv")) for run in twins.together]
    assert (steps[0], steps[3]) == (30, 30)
    assert steps[4] < steps[2] < 10 < steps[1] < 20, "the cases are to end in different epochs"


@pytest.mark.parametrize("twins", ["own networks"], indirect=True)
def test_what_is_not_trained_is_each_seeds_own(twins: Twins) -> None:
    first, second = (read_model_weights(run / "model") for run in twins.together)
    assert all(not torch.equal(first[name], second[name]) for name in ("first.weight", "chance"))


def test_layers_that_share_their_weights_are_saved_as_alone(tmp_path: Path) -> None:
    configurations = [{**varied(line(), seed=seed), "model": {"_target_": f"{__name__}.Tied"}} for seed in (0, 1)]
    pairs = zip(alone(configurations, tmp_path / "alone"), together(configurations, tmp_path / "both"), strict=True)
    for one, other in pairs:
        found, expected = (read_model_weights(run / "model") for run in (other, one))
        assert list(found) == list(expected)
        for name, tensor in expected.items():
            torch.testing.assert_close(found[name], tensor, rtol=2e-6, atol=2e-6)


def test_lightnings_csv_logger_writes_the_same_and_does_not_complain(tmp_path: Path) -> None:
    """A warning is an error here; it would be a line on the terminal for each of a thousand runs."""
    configurations = [varied(line("logger=csv"), seed=seed) for seed in (0, 1)]
    pairs = zip(alone(configurations, tmp_path / "alone"), together(configurations, tmp_path / "both"), strict=True)
    for one, other in pairs:
        assert files(other) == files(one)
        names = [name for name in rows(one / "metrics.csv")[0] if name != "epoch/seconds"]
        for a, b in zip(rows(one / "metrics.csv"), rows(other / "metrics.csv"), strict=True):
            assert [float(b[n] or -1) for n in names] == pytest.approx([float(a[n] or -1) for n in names], rel=2e-6)


# What stops a training, in the middle of the second of three epochs of ten steps.


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same runs, not stopped."""
    return together(lines()[:3], tmp_path_factory.mktemp("whole"))


def after(steps: int, stop: Callable[[], None]) -> Callable[..., Any]:
    """Stands in for `counting`, whose answer is called after each step."""

    @contextlib.contextmanager
    def counting(label: str, total: int, what: str) -> Iterator[Callable[[], None]]:
        del label, total
        numbers = itertools.count(1)

        def done() -> None:
            if what == "steps" and next(numbers) == steps:
                stop()

        yield done

    return counting


def ctrl_c() -> None:
    raise KeyboardInterrupt


def sigterm() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.01)  # Python runs the handler at the next opportunity


def boom() -> None:
    raise ArithmeticError("the abacus broke")


@pytest.mark.parametrize(("stop", "raised"), [(ctrl_c, KeyboardInterrupt), (sigterm, SystemExit)])
def test_all_are_interrupted_with_whole_files(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    whole: list[Path],
    stop: Callable[[], None],
    raised: type[BaseException],
) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(stacked_fit, "progress", after(15, stop))
    with pytest.raises(raised) as caught:
        together(lines()[:3], tmp_path)
    assert signal.getsignal(signal.SIGTERM) is handler
    if isinstance(caught.value, SystemExit):
        assert caught.value.code == 128 + signal.SIGTERM
    for number, undisturbed in enumerate(whole):
        run = tmp_path / str(number)
        assert files(run) == files(undisturbed), "all of them, and nothing half-written"
        assert record(run)["status"] == "interrupted"
        assert record(run)["metrics"]["final"]["epoch"] == 1
        assert json.loads((run / "model" / "model.json").read_text())["training"] | {"epoch": 1} == {
            "status": "interrupted", "epoch": 1, **{k: record(run)["metrics"][k] for k in ("final", "best")},
        }  # fmt: skip
        for table, length in {"history": 2, "steps": 15, "parameters": 16}.items():
            found, expected = rows(run / f"{table}.csv"), rows(undisturbed / f"{table}.csv")
            assert len(found) == length
            assert [r | {"seconds": ""} for r in found] == [r | {"seconds": ""} for r in expected[:length]]


@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        (stacked_descent, "_norms", 15),
        (stacked_descent, "metrics", 1),
        (stacked_descent, "metrics", 2),
        (stacked_fit, "begin_recording", 2),
        (stacked_fit, "_log", 2),
    ],
    ids=["in a step", "before the first step", "while validating", "while the folders are made", "while writing"],
)
def test_ctrl_c_at_any_moment_leaves_no_run_that_seems_to_be_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, call: int
) -> None:
    original, calls = getattr(module, name), itertools.count(1)

    def interrupted(*arguments: Any, **more: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return original(*arguments, **more)

    stack, requests = make_stack(lines()[:3]), requested(lines()[:3], tmp_path)
    monkeypatch.setattr(module, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_stack(requests, stack)
    statuses = {path.name: record(path)["status"] for path in tmp_path.iterdir() if (path / "run.json").exists()}
    assert set(statuses.values()) <= {"interrupted", "finished"}, statuses


def test_any_other_error_leaves_all_failed_with_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacked_fit, "progress", after(15, boom))
    with pytest.raises(ArithmeticError, match="the abacus broke"):
        together(lines()[:3], tmp_path)
    for number in range(3):
        run = record(tmp_path / str(number))
        assert run["status"] == "failed"
        assert run["error"] == {"type": "ArithmeticError", "message": "the abacus broke"}
