"""A run that was interrupted goes on from its checkpoint, and ends as one that was not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from killing import learned, typed

from experiments import compose, fit
from experiments.data.batches import Batches
from experiments.runs.lock import alone_in
from experiments.runs.run import Run
from experiments.runs.throttle import Throttle
from experiments.training.recording import Recording

WORDS = {
    "digits": ["dataset.subset_fraction=0.2", "model.width=4", "schedule.epochs=6"],
    "line": ["recipe=line", "schedule.epochs=8", "optimizer.lr=0.3"],
    "diverging": ["recipe=line", "schedule.epochs=40", "optimizer.lr=1.05"],
}


@pytest.fixture(autouse=True)
def _saved_after_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Throttle, "due", True)


@pytest.mark.parametrize("name", list(WORDS))
@pytest.mark.parametrize("after", [1, 3])
def test_it_ends_as_one_that_was_not_interrupted(
    name: str, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = compose(WORDS[name])
    whole = fit(configuration, folder=tmp_path / "whole", quiet=True)
    served, train = 0, Batches.__iter__

    def interrupted(self: Batches) -> Any:
        nonlocal served
        for batch in train(self):
            if self.sampler.seed is not None:
                served += 1
                if served > after * len(self) + 1:
                    raise KeyboardInterrupt
            yield batch

    with monkeypatch.context() as patch:
        patch.setattr(Batches, "__iter__", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fit(configuration, folder=tmp_path / "cut", quiet=True)
    cut = Run(tmp_path / "cut")
    assert cut.status == "interrupted"
    assert (cut.path / "checkpoints" / "last.ckpt").exists()
    begun = cut.record["started"]
    again = typed(tmp_path, "fit", "--resume", "cut")
    assert again.code == 0, again.err
    assert learned(tmp_path / "cut") == learned(whole.path)
    record = Run(cut.path).record
    assert record["status"] == whole.status
    assert record["started"] == begun
    assert len(record["resumed"]) == 1
    assert not (cut.path / "checkpoints").exists()


def interrupted_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """After two of six epochs."""
    run = folder / "cut"
    end = Recording.end_epoch

    def stop(self: Recording, epoch: int, *rest: Any) -> bool:
        if epoch == 3:
            raise KeyboardInterrupt
        return end(self, epoch, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Recording, "end_epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            fit(compose(WORDS["digits"]), folder=run, quiet=True)
    return run


def test_a_damaged_checkpoint_is_said_to_be_so_and_the_run_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupted_run(tmp_path, monkeypatch)
    checkpoint = run / "checkpoints" / "last.ckpt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    assert typed(tmp_path, "fit", "--resume", "cut").code == 0
    assert "its checkpoint is damaged, the run begins anew" in (run / "fit.log").read_text()
    whole = fit(compose(WORDS["digits"]), folder=tmp_path / "whole", quiet=True)
    assert learned(run) == learned(whole.path)


def test_a_checkpoint_of_other_data_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = interrupted_run(tmp_path, monkeypatch)
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "config_hash": "0" * 64}))
    assert typed(tmp_path, "fit", "--resume", "cut").code == 0
    assert "of other data, weights or code: the run begins anew" in (run / "fit.log").read_text()
    assert Run(run).status == "finished"
    assert list(Run(run).history["epoch"]) == list(range(7))


def test_a_finished_run_has_nothing_left(tmp_path: Path) -> None:
    run = fit(compose(WORDS["line"]), folder=tmp_path / "run", quiet=True)
    before = {path: path.read_bytes() for path in run.path.iterdir() if path.is_file()}
    again = typed(tmp_path, "fit", "--resume", "run")
    assert (again.code, again.err) == (0, "run is finished: there is nothing left to do\n")
    assert {path: path.read_bytes() for path in before} == before


def test_a_run_that_somebody_trains_is_not_trained_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = interrupted_run(tmp_path, monkeypatch)
    monkeypatch.setattr("experiments.training.fit.PATIENCE_SECONDS", 0.1)
    before = (run / "run.json").stat().st_mtime_ns
    with alone_in(run):
        again = typed(tmp_path, "fit", "--resume", "cut")
    assert again.code == 2
    assert "another process is at work in" in again.err
    assert (run / "run.json").stat().st_mtime_ns == before
