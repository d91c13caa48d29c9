"""The device that a configuration asks for, and whether it is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from experiments.config.problems import Problem
from experiments.training.distributed import processes


def check_device(configuration: Mapping[str, Any]) -> list[Problem]:
    """A GPU that is asked for, by the trainer or by its precision, and not there."""
    wanted, precision = configuration["trainer"].get("accelerator"), configuration["trainer"].get("precision")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    there = {"gpu": cuda or mps, "cuda": cuda, "mps": mps}
    if not there.get(wanted, True):
        return [Problem(f"trainer.accelerator={wanted}", "this machine has no such device", "trainer=auto")]
    if precision == "16-mixed" and not (cuda or mps):
        wrong = "16-mixed needs a GPU and this machine has none"
        return [Problem("trainer.precision=16-mixed", wrong, "trainer.precision=32-true")]
    return _too_few(configuration)


def _too_few(configuration: Mapping[str, Any]) -> list[Problem]:
    """Several processes are to train, and there is not a device for each; a CPU is one for any number."""
    count, device = processes(configuration), device_for(configuration).type
    if count == 1 or device == "cpu":
        return []
    there = torch.cuda.device_count() if device == "cuda" else 1
    if count <= there and device == "cuda":
        return []
    wrong = f"this machine has {there} GPU{'s' if there > 1 else ''}, and each process needs one of its own"
    return [Problem(f"trainer.devices={count}", wrong, "trainer=auto, or trainer.accelerator=cpu")]


def device_for(configuration: Mapping[str, Any]) -> torch.device:
    """Where to compute without Lightning, which would choose the same."""
    wanted = configuration["trainer"]["accelerator"]
    if wanted in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        return torch.device("cuda")
    if wanted in ("auto", "gpu", "mps") and torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
