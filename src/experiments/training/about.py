"""What a run's files say about it, from its configuration and its data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.data.datamodule import DataModule
from experiments.runs.config_hash import config_hash
from experiments.runs.files import write_csv
from experiments.runs.names import model_name
from experiments.training.run_record import package_version


def about_run(configuration: Mapping[str, Any], data: DataModule, *, weights_hash: str | None = None) -> dict[str, Any]:
    """The fields of run.json that are known before training; `weights_hash` is of the file of pretrained weights."""
    expect = configuration.get("expect")
    return {
        "seed": configuration["seed"],
        "configuration": dict(configuration),
        "config_hash": config_hash(
            configuration, split_hash=data.split_hash, weights_hash=weights_hash, package_version=package_version()
        ),
        "data": {
            "kind": data.kind,
            "classes": data.classes,
            "train_size": data.train_size,
            "valid_size": data.valid_size,
            "test_size": data.test_size,
            "split_hash": data.split_hash,
        },
        "weights_hash": weights_hash,
        "guess": data.guess,
        "expect": {"declared": expect, "answer": None, "details": []} if expect else None,
    }


def about_model(configuration: Mapping[str, Any], data: DataModule) -> dict[str, Any]:
    """What model.json needs to build the network again and to bring an image before it."""
    shape = {"input_shape": list(data.input_shape), "output_size": data.output_size}
    architecture = {**configuration["model"], **shape}
    if "weights" in architecture:
        architecture["weights"] = "none"  # they lie beside it: where they once came from is not needed again
    return {"schema": 1, "architecture": architecture, "classes": data.classes, **data.preprocessing}


def write_split(folder: Path, data: DataModule) -> None:
    """Write split.csv: where every image went."""
    table = data.table
    rows = zip(table.paths, table.sha256, table.labels, table.splits, strict=True)
    write_csv(folder / "split.csv", ["path", "sha256", "label", "split"], list(rows))


def main_parameters(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """What the HParams tab shows of every run.

    TensorBoard takes the list of columns from one run that it finds, so all of them have these.
    """
    return {
        "model": model_name(configuration["model"]),
        "optimizer.lr": configuration["optimizer"].get("lr", 0.0),
        "optimizer.weight_decay": configuration["optimizer"].get("weight_decay", 0.0),
        "schedule.epochs": configuration["schedule"]["epochs"],
        "dataset.subset_fraction": configuration["dataset"].get("subset_fraction", 1.0),
        "seed": configuration["seed"],
    }
