"""`trainer=ddp`: one run in two processes that exchange gradients by gloo. Seconds each: every process loads torch."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import torch
from processes import Child, Nursery, eventually
from ranks_of_a_toy import ToyRank, train_toy
from typed import LAB, Typed, fit_typed, learned, record, rows

from experiments.data.batches import Batches
from experiments.runs.lock import alone_in
from experiments.sweeps.ranks import _free_port
from experiments.sweeps.supervision import Crew
from experiments.sweeps.worker_life import Done
from experiments.sweeps.workforce import Work
from experiments.training.distributed import _interleaved
from experiments.training.task import Evaluation
from experiments.training.weights import read_model_weights

TWO = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
LINEAR = ["model=linear", "schedule.epochs=2", "dataset.batch_size=33", "dataset.subset_fraction=0.3"]
CNN = ["model.width=4", "schedule.epochs=60", "dataset.subset_fraction=0.3"]
"""With batch norm and dropout."""
DYING = ["--config-dir", LAB, "model=second_process_dies_after", "schedule.epochs=4", "dataset.subset_fraction=0.3"]


@pytest.fixture
def killed(nursery: Nursery) -> Child:
    """By SIGKILL, once it has something to go on from."""
    child = nursery.start("ddp_killed", "fit", *CNN, *TWO, "hydra.run.dir=run")
    eventually(lambda: (child.folder / "run" / "checkpoints" / "last.ckpt").exists() or None)
    child.signal(signal.SIGKILL)
    child.wait()
    return child


@pytest.fixture(scope="module", autouse=True)
def ctrl_c(nursery: Nursery) -> Child:
    return nursery.start("ddp_ctrl_c", "fit", CNN[0], "schedule.epochs=100000", *TWO, "hydra.run.dir=run")


@pytest.fixture(scope="module")
def alone(places: Path) -> Typed:
    return fit_typed(places / "ddp_alone", *LINEAR, "trainer=cpu")


@pytest.fixture(scope="module")
def linear(places: Path) -> Typed:
    return fit_typed(places / "ddp_linear", *LINEAR, *TWO)


def numbers(run: Path, name: str, *columns: str) -> torch.Tensor:
    return torch.tensor([[float(row[c] or "nan") for c in columns] for row in rows(run / name)], dtype=torch.float64)


def test_it_trains_as_one_process_does(alone: Typed, linear: Typed) -> None:
    """Without dropout and batch norm, all is the same but for rounding: every sample counts once, in its place."""
    assert (alone.code, linear.code) == (0, 0), linear.err
    one, two = alone.run, linear.run
    for name, columns in {
        "steps.csv": ["step", "epoch", "lr", "train_loss", "grad_norm"],
        "history.csv": ["epoch", "lr", "train_loss", "train_loss_eval", "valid_loss", "error_rate"],
    }.items():
        torch.testing.assert_close(
            numbers(two, name, *columns), numbers(one, name, *columns), rtol=1e-5, atol=1e-6, equal_nan=True
        )
    for name in ("predictions.csv", "split.csv"):
        assert [row["path"] for row in rows(two / name)] == [row["path"] for row in rows(one / name)]
    predicted = [[row["predicted"] for row in rows(run / "predictions.csv")] for run in (one, two)]
    assert predicted[0] == predicted[1]
    mine, its = read_model_weights(two / "model"), read_model_weights(one / "model")
    torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-5)


def test_one_writes(alone: Typed, linear: Typed) -> None:
    names = [{path.name for path in typed.run.iterdir() if "tfevents" not in path.name} for typed in (alone, linear)]
    assert names[0] == names[1]
    assert len(list(linear.run.glob("events.*"))) == 1
    assert record(linear.run)["status"] == "finished"
    assert "MEMBER: 1/2" in (linear.run / "fit.log").read_text()


def test_if_one_dies_the_run_has_failed_and_says_which(tmp_path: Path) -> None:
    dying = fit_typed(tmp_path, *DYING, *TWO)
    assert dying.code == 1
    assert record(dying.run)["status"] == "failed"
    said = f"process 2 of 2 ended with signal {signal.SIGKILL:d}"
    assert record(dying.run)["error"] == {"type": "ProcessDiedError", "message": said}
    assert said in dying.err
    assert "Traceback" not in dying.err


def test_ctrl_c_leaves_it_interrupted(ctrl_c: Child) -> None:
    ctrl_c.until(2, "run/history.csv")
    ctrl_c.signal(signal.SIGINT)
    assert ctrl_c.wait() == 130
    assert record(ctrl_c.folder / "run")["status"] == "interrupted"
    assert "Traceback" not in ctrl_c.err
    assert "Initializing distributed" not in ctrl_c.out + ctrl_c.err


def test_killed_and_resumed_it_ends_as_one_that_was_not(
    killed: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = killed.folder / "run"
    assert record(run)["status"] == "running"
    with alone_in(run, 30.0), monkeypatch.context() as patch:  # its own processes end soon
        patch.setattr("experiments.sweeps.ranks.PATIENCE_SECONDS", 0.1)
        busy = fit_typed(killed.folder, "--resume", "run")
    assert busy.code == 2
    assert "another process is at work in" in busy.err
    assert record(run)["status"] == "running", "it is somebody else's"
    again = fit_typed(killed.folder, "--resume", "run")
    assert again.code == 0, again.err
    whole = fit_typed(tmp_path, *CNN, *TWO)
    assert whole.code == 0
    assert len(record(run)["resumed"]) == 1
    assert learned(run) == learned(whole.run)
    assert rows(run / "predictions.csv") == rows(whole.run / "predictions.csv")


def test_what_is_unfrozen_later_is_trained_by_all_alike(tmp_path: Path) -> None:
    port, found = _free_port(), {}
    with Crew() as crew:
        ranks = [ToyRank(number, 2, port, tmp_path / "run") for number in (0, 1)]
        crew.run(ranks, Work(train_toy, lambda rank, outcome: found.update({rank.number: outcome}), at_once=2))
    assert isinstance(found[0], Done), found
    assert isinstance(found[1], Done), found
    (folder, weights), (elsewhere, same) = found[0].value, found[1].value
    torch.testing.assert_close(weights, same, rtol=0, atol=0)
    assert (folder, folder.parent) == (tmp_path / "run", tmp_path)
    assert elsewhere != folder, "of two recorders that were given the same folder, one writes there"
    assert record(folder)["status"] == "finished"
    assert [row["epoch"] for row in rows(folder / "history.csv")] == ["0", "1", "2", "3", "4"]


def test_the_parts_of_a_batch_are_put_together_in_its_order() -> None:
    batches = Batches(torch.arange(7.0), torch.arange(7), range(7), 7)
    shares = [next(iter(batches.part(rank, 3)))[1] for rank in range(3)]
    assert sorted(torch.cat(shares).tolist()) == list(range(7))
    found = _interleaved([Evaluation(share.float(), share, share.float(), share) for share in shares])
    assert found.targets.tolist() == found.losses.tolist() == list(range(7))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "-m seed=0,1 trainer=ddp",
            "trainer=ddp\n    it trains one run in several processes, and the jobs of a sweep have a process each"
            " already\n    try: trainer=auto hydra/launcher=parallel",
        ),
        ("trainer.devices=2", "trainer.devices=2\n    one process trains on one device\n    try: trainer=ddp"),
        (
            "trainer=ddp trainer.accelerator=cpu dataset.batch_size=1",
            "trainer.devices=2\n    a batch of 1 cannot be shared out to 2 processes; at least 2 are needed"
            "\n    try: dataset.batch_size=2",
        ),
        ("trainer=ddp trainer.accelerator=mps", "trainer=auto, or trainer.accelerator=cpu"),
    ],
)
def test_what_cannot_be_shared_out_is_refused(words: str, said: str, tmp_path: Path) -> None:
    found = fit_typed(tmp_path, *words.split())
    assert found.code == 2
    assert said in found.err
    assert not list(tmp_path.iterdir())
