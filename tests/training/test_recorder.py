"""The recorder on a module that is not ours: its own steps, its own logging, its own loaders."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from typed import column, record, rows

from experiments import Recorder, Run

pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers")


class Own(pl.LightningModule):
    """Two parts, one of them called `network`; an attribute `metrics` that is not what ours has."""

    def __init__(self, nan_from_step: int | None = None) -> None:
        super().__init__()
        self.network, self.head = nn.Linear(4, 8), nn.Linear(8, 3)
        self.metrics = nn.ModuleDict({"accuracy": nn.Identity()})
        self.valid_evaluation = "something else"
        self.nan_from_step = nan_from_step
        self.used: list[float] = []

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.head(self.network(inputs).relu())
        return logits

    def training_step(self, batch: list[Tensor], batch_idx: int) -> dict[str, Tensor]:
        loss = nn.functional.cross_entropy(self(batch[0]), batch[1])
        if self.nan_from_step is not None and self.global_step >= self.nan_from_step:
            loss = loss * float("nan")
        return {"loss": loss}

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        logits = self(batch[0])
        self.log("val_loss", nn.functional.cross_entropy(logits, batch[1]))
        self.log("val_acc", (logits.argmax(dim=1) == batch[1]).float().mean())

    def optimizer_step(self, *arguments: Any, **more: Any) -> None:
        super().optimizer_step(*arguments, **more)
        self.used.append(self.trainer.optimizers[0].param_groups[0]["lr"])

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def loaders() -> tuple[DataLoader[Any], DataLoader[Any]]:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(48, 4, generator=generator)
    samples = TensorDataset(inputs, inputs[:, :3].argmax(dim=1))
    return DataLoader(samples, batch_size=16), DataLoader(samples, batch_size=48)


def trained(folder: Path, module: Own, recorder: Recorder | None = None, **more: Any) -> Run:
    recorder = recorder or Recorder(folder)
    settings: dict[str, Any] = {"num_sanity_val_steps": -1, "max_epochs": 2, "accelerator": "cpu", **more}
    silent = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    pl.Trainer(callbacks=[recorder], logger=False, **silent, **settings).fit(module, *loaders())
    return Run(folder)


def evaluated(module: Own) -> tuple[float, float]:
    ((inputs, labels),) = loaders()[1]
    with torch.no_grad():
        logits = module(inputs)
        return float(nn.functional.cross_entropy(logits, labels)), float((logits.argmax(1) != labels).float().mean())


def test_the_run_folder_is_complete(tmp_path: Path) -> None:
    module = Own()
    run = trained(tmp_path / "run", module)
    assert run.status == "finished"
    assert run.record["parameters"] == {"total": 67, "trained": 67}
    history = rows(run.path / "history.csv")
    assert [row["epoch"] for row in history] == ["0", "1", "2"]
    assert (history[0]["lr"], history[0]["train_loss"], history[0]["seconds"]) == ("", "", "")
    loss, error = evaluated(module)
    assert float(history[-1]["valid_loss"]) == pytest.approx(loss)
    assert float(history[-1]["error_rate"]) == pytest.approx(error)
    assert run.metrics["final"]["error_rate"] == pytest.approx(error)
    steps = rows(run.path / "steps.csv")
    assert [step["epoch"] for step in steps] == ["1"] * 3 + ["2"] * 3
    assert float(history[1]["train_loss"]) == pytest.approx(sum(float(s["train_loss"]) for s in steps[:3]) / 3)
    assert not (run.path / "checkpoints").exists()
    assert len(run.history) == 3


def test_the_model_has_all_of_the_modules_weights(tmp_path: Path) -> None:
    from experiments.training.weights import read_model_weights

    module = Own()
    run = trained(tmp_path / "run", module)
    weights = read_model_weights(run.path / "model")
    assert weights.keys() == module.state_dict().keys()
    assert all(torch.equal(weights[name], tensor) for name, tensor in module.state_dict().items())


def test_the_rate_is_the_one_that_the_step_used_and_not_the_schedulers_next(tmp_path: Path) -> None:
    module = Own()
    run = trained(tmp_path / "run", module)
    assert module.used == pytest.approx([0.1 * 0.5**n for n in range(6)])
    assert column(run.path / "steps.csv", "lr") == pytest.approx(module.used)


def test_without_the_whole_sanity_check_there_is_no_epoch_0(tmp_path: Path) -> None:
    for number in (0, 1):
        run = trained(tmp_path / str(number), Own(), num_sanity_val_steps=number)
        assert [row["epoch"] for row in rows(run.path / "history.csv")] == ["1", "2"]


def test_an_epoch_without_validation_has_no_metrics_and_is_not_the_best(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", Own(), max_epochs=3, check_val_every_n_epoch=2)
    history = rows(run.path / "history.csv")
    assert [bool(row["valid_loss"]) for row in history] == [True, False, True, False]
    assert run.metrics["best"]["epoch"] == 2
    assert run.metrics["final"] == {"epoch": 3, "valid_loss": None, "error_rate": None}


def test_a_batch_that_only_gathers_gradients_has_no_gradient_norm_of_its_own(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", Own(), max_epochs=1, accumulate_grad_batches=3)
    steps = rows(run.path / "steps.csv")
    assert [bool(step["grad_norm"]) for step in steps] == [False, False, True]


def test_it_stops_a_diverging_module(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", Own(nan_from_step=4), max_epochs=9)
    assert run.status == "diverged"
    assert [step["train_loss"] == "nan" for step in rows(run.path / "steps.csv")] == [False] * 4 + [True]
    assert record(run.path)["metrics"]["best"]["epoch"] == 1


def test_it_records_a_failure_and_lets_it_through(tmp_path: Path) -> None:
    class Failing(Own):
        def on_train_epoch_end(self) -> None:
            raise LookupError("no such drawer")

    with pytest.raises(LookupError, match="no such drawer"):
        trained(tmp_path / "run", Failing())
    assert record(tmp_path / "run")["status"] == "failed"
    assert record(tmp_path / "run")["error"] == {"type": "LookupError", "message": "no such drawer"}


def test_a_checkpoint_that_is_kept_goes_on_in_lightning(tmp_path: Path) -> None:
    """Without a recorder, too; Lightning says then that one was there."""
    trained(tmp_path / "run", Own(), Recorder(tmp_path / "run", keep_checkpoint=True))
    module = Own()
    silent = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    trainer = pl.Trainer(max_epochs=3, accelerator="cpu", logger=False, num_sanity_val_steps=0, **silent)
    checkpoint = tmp_path / "run" / "checkpoints" / "last.ckpt"
    with pytest.warns(UserWarning, match=r"add the following callbacks: \['Recorder'\]"):
        trainer.fit(module, *loaders(), ckpt_path=checkpoint, weights_only=True)
    assert module.used == pytest.approx([0.1 * 0.5**n for n in range(6, 9)])
