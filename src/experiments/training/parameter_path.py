"""Where a small network's parameters went, step by step, and the points that they were fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from experiments.data.datamodule import DataModule
from experiments.runs.files import write_csv
from experiments.training.linear_in_parameters import design_matrix
from experiments.training.module import SupervisedModule

CURVE_POINTS = 201


class ParameterPath(pl.Callback):
    """Writes parameters.csv: row n has the parameters before step n, the last row those after the last step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[list[float]] = []
        self._names: list[str] = []

    def state_dict(self) -> dict[str, Any]:
        """For the checkpoint."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.rows = state_dict["rows"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._names = parameter_names(_network(pl_module))
        if not self.rows:
            self._keep(pl_module)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._keep(pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        write_parameters(self.folder, self._names, self.rows)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        if self.rows:
            write_parameters(self.folder, self._names, self.rows)

    def _keep(self, module: pl.LightningModule) -> None:
        self.rows.append(torch.cat([p.detach().flatten() for p in _trained(_network(module)).values()]).tolist())


def write_parameters(folder: Path, names: Sequence[str], rows: Sequence[Sequence[float]]) -> None:
    """parameters.csv from the parameters before each step and after the last."""
    write_csv(folder / "parameters.csv", ["step", *names], [[step, *row] for step, row in enumerate(rows)])


def parameter_names(network: nn.Module) -> list[str]:
    """`layer.weight.0`, `layer.weight.1`, ...: each number by the name of its tensor and its place in it."""
    return [f"{name}.{place}" for name, p in _trained(network).items() for place in range(p.numel())]


def write_points(folder: Path, module: SupervisedModule, data: DataModule) -> None:
    """points.csv: `split,x,y` and what each parameter is multiplied with there, so that y can be computed by anybody.

    Rows of split `curve` have no y: they are a fine grid of x to draw the fit on. Nothing is written unless the
    inputs are one number x (beside constants) and the network is linear in its parameters.
    """
    train, valid = (_all(data, split) for split in ("train", "valid"))
    inputs = torch.cat([train[0], valid[0]])
    if inputs.ndim != 2 or not torch.equal(inputs[:, 1:], inputs[:1, 1:].expand(len(inputs), -1)):
        return
    grid = inputs[:1].repeat(CURVE_POINTS, 1)
    grid[:, 0] = torch.linspace(float(inputs[:, 0].min()), float(inputs[:, 0].max()), CURVE_POINTS)
    rows: list[list[Any]] = []
    for split, (x, y) in {"train": train, "valid": valid, "curve": (grid, None)}.items():
        design = design_matrix(module.network, x)
        if design is None:
            return
        targets = [None] * len(x) if y is None else y[:, 0].tolist()
        features = design.tolist()
        rows += [[split, x[n, 0].item(), target, *features[n]] for n, target in enumerate(targets)]
    write_csv(folder / "points.csv", ["split", "x", "y", *parameter_names(module.network)], rows)


def _all(data: DataModule, split: str) -> tuple[Tensor, Tensor]:
    inputs, targets = zip(*data.evaluation(data.table.indices(split)), strict=True)
    return torch.cat(inputs), torch.cat(targets)


def _network(module: pl.LightningModule) -> nn.Module:
    assert isinstance(module, SupervisedModule)
    return module.network


def _trained(network: nn.Module) -> dict[str, nn.Parameter]:
    return {name: p for name, p in network.named_parameters() if p.requires_grad}
