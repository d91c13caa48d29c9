"""What can be refused before anything is loaded: the data's folder, a missing device, a user's own classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.config.problems import ConfigurationError, Problem, nearest
from experiments.config.schema import NAMED_WEIGHTS, SCHEMAS
from experiments.data.scan import check_root


def preflight(configurations: Iterable[Mapping[str, Any]], *, devices: bool = True) -> None:
    """Check each configuration against this machine; torch is imported only if one of them makes it necessary.

    Args:
        configurations: of the jobs.
        devices: whether the devices that they ask for must be here; not where other machines train.

    Raises:
        ConfigurationError: with every problem of all of them.
    """
    problems: list[Problem] = []
    seen: list[object] = []
    for configuration in configurations:
        asked = [configuration[group] for group in ("dataset", "trainer", *SCHEMAS)]
        if asked not in seen:  # the jobs of a sweep mostly ask the same
            seen.append(asked)
            problems += _problems(configuration, devices=devices)
    if problems:
        raise ConfigurationError(problems)


def _problems(configuration: Mapping[str, Any], *, devices: bool) -> list[Problem]:
    found: list[Problem] = []
    root = configuration["dataset"].get("root")
    schema = SCHEMAS["dataset"].get(configuration["dataset"]["_target_"])
    if root is not None and getattr(schema, "root_is_there", False):
        wrong = check_root(root)
        subject = f"dataset.root={root}"
        found += [Problem(subject, wrong.removeprefix(subject).lstrip(": "))] if wrong else []
    found += _weights_file(configuration["model"])
    if any(configuration[group]["_target_"] not in schemas for group, schemas in SCHEMAS.items()):
        from experiments.training.build import check_targets

        found += check_targets(configuration)
    trainer = configuration["trainer"]
    on_gpu = trainer.get("accelerator") in ("gpu", "cuda", "mps") or trainer.get("precision") == "16-mixed"
    if devices and (on_gpu or trainer.get("strategy") == "ddp"):
        from experiments.training.device import check_device

        found += check_device(configuration)
    return found


def _weights_file(model: Mapping[str, Any]) -> list[Problem]:
    weights = model.get("weights") if getattr(SCHEMAS["model"].get(model["_target_"]), "has_body", False) else None
    if weights is None or weights in NAMED_WEIGHTS or Path(weights).expanduser().is_file():
        return []
    wrong = "this is a folder" if Path(weights).expanduser().is_dir() else "there is no such file"
    allowed = f"{wrong}; it must be imagenet, none, or the path of a state dict (.pth, .safetensors)"
    better = nearest(weights, NAMED_WEIGHTS)
    return [Problem(f"model.weights={weights}", allowed, f"model.weights={better or 'imagenet'}")]
