"""The same configuration and seed give the same run, wherever it is trained."""

import random
from pathlib import Path

import numpy as np
import torch
from processes import Nursery
from typed import SMALL, Typed, column, fit_typed, learned, record


def test_again_in_the_same_process_after_other_random_work(small: Typed, diverged: Typed, tmp_path: Path) -> None:
    assert diverged.run.exists()  # another run in between
    torch.rand(7), np.random.rand(7), random.random()
    again = fit_typed(tmp_path, *SMALL)
    assert learned(again.run) == learned(small.run)


def test_as_a_job_of_a_sweep(small: Typed, sweep: Path) -> None:
    assert learned(sweep / "optimizer.lr=0.003") == learned(small.run)
    assert learned(sweep / "optimizer.lr=0.03") != learned(small.run)
    hashes = [record(sweep / job)["config_hash"] for job in ("optimizer.lr=0.003", "optimizer.lr=0.03")]
    assert hashes[0] == record(small.run)["config_hash"]
    assert hashes[1] != hashes[0]


def test_from_python(small: Typed, tmp_path: Path) -> None:
    from experiments import compose, fit

    run = fit(compose(SMALL), folder=tmp_path / "run", quiet=True)
    assert learned(run.path) == learned(small.run)
    assert run.record["config_hash"] == record(small.run)["config_hash"]


def test_in_a_process_of_its_own_and_the_terminal_shows_the_same(small: Typed, nursery: Nursery) -> None:
    """Slow by an import of Lightning. File descriptors are caught here, so nothing can slip past sys.stdout."""
    child = nursery.start("alone", "fit", *SMALL)
    assert child.wait() == 0
    (run,) = (child.folder / "outputs").iterdir()
    assert learned(run) == learned(small.run)
    lines = child.out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["epoch", "0", "1", "2"]
    said = [line.split(":")[0].split(" ")[0] for line in lines[4:] if not line.startswith("  ")]
    assert said[:5] == ["", "error", "expected", "expected", "expected"]
    assert said[5] == "diagnosis"
    assert said[-2:] == ["run", "look"]
    assert [line.split()[0] for line in child.err.splitlines()] == ["data", "model", "training"]


def test_seed_zero_is_a_seed(small: Typed, tmp_path: Path) -> None:
    first, second = (fit_typed(tmp_path / name, *SMALL, "seed=0").run for name in "ab")
    assert record(first)["seed"] == 0
    assert learned(first) == learned(second)
    assert learned(first) != learned(small.run)


def test_without_a_seed_one_is_drawn_recorded_and_repeats_the_run(tmp_path: Path) -> None:
    first, second = (fit_typed(tmp_path / name, *SMALL, "seed=null").run for name in "ab")
    seeds = [record(run)["seed"] for run in (first, second)]
    assert all(type(seed) is int for seed in seeds)
    assert seeds[0] != seeds[1]
    assert column(first / "history.csv", "valid_loss") != column(second / "history.csv", "valid_loss")
    again = fit_typed(tmp_path / "again", *SMALL, f"seed={seeds[0]}").run
    assert learned(again) == learned(first)
    assert record(again)["config_hash"] == record(first)["config_hash"]


def test_the_seed_changes_training_and_not_what_is_held_out(small: Typed, tmp_path: Path) -> None:
    other = fit_typed(tmp_path, *SMALL, "seed=1").run
    assert (other / "split.csv").read_bytes() == (small.run / "split.csv").read_bytes()
    assert column(other / "history.csv", "valid_loss")[0] != column(small.run / "history.csv", "valid_loss")[0]


def test_showing_nothing_changes_nothing(small: Typed, tmp_path: Path) -> None:
    """The contact sheet of TensorBoard is drawn from a training batch: it must not use up random numbers."""
    run = fit_typed(tmp_path, *SMALL, "logger=csv").run
    assert learned(run) == learned(small.run)
