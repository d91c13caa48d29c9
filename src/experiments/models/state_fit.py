"""Which tensors of a file belong to a body, and what does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torchvision import models

from experiments.config.problems import ConfigurationError, Problem
from experiments.models.body import architectures

BEHIND = ("classifier", "fc", "head", "heads", "aux1", "aux2", "AuxLogits")
"""What torchvision's models have beside a body: classifiers of ImageNet, and further ones for training."""

DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\..*)")
"""The published weights have `denselayer1.norm.1.weight`, the models `denselayer1.norm1.weight`."""

BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "relative_position_index", "relative_coords_table")
SHOWN = 3

PLAIN = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64)
"""The last is that of counters and of indices, which some layers keep beside their weights."""


def body_state(
    state: Mapping[str, Tensor], expected: Mapping[str, Tensor], architecture: str, subject: str
) -> dict[str, Tensor]:
    """The part of a file's state that is the body's, under the body's names and of its types.

    Taken are torchvision's layout, the same below `module.` (as training on several devices writes it), and a run's
    own file with `body.` and `head.`. The classifier is left out; `num_batches_tracked` may be missing.

    Raises:
        ConfigurationError: about `subject`: names are missing or unexpected, or shapes differ.
    """
    found = {
        name: tensor.to(expected[name].dtype) if name in expected else tensor
        for name, tensor in _named_as_in_a_body(_numbers(state, subject)).items()
    }
    missing = [name for name in expected if name not in found and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in found if name not in expected]
    shapes = [
        f"{name} is {_times(found[name])} instead of {_times(tensor)}"
        for name, tensor in expected.items()
        if name in found and found[name].shape != tensor.shape
    ]
    spoilt = [name for name, tensor in found.items() if not tensor.isfinite().all()]
    if missing or unexpected or shapes or spoilt:
        account = [
            *_counted(missing, "missing"),
            *_counted(unexpected, "unexpected"),
            *_counted(shapes, "of another shape"),
            *_counted(spoilt, "with numbers that are not finite"),
        ]
        raise ConfigurationError([_misfit(subject, architecture, account, state)])
    return {name: tensor.contiguous() for name, tensor in found.items()}


def _numbers(state: Mapping[str, Tensor], subject: str) -> Mapping[str, Tensor]:
    """The same, if all of it are plain numbers that a network can compute with.

    Raises:
        ConfigurationError: about `subject`: some are sparse, quantised, complex, or have no values.
    """
    odd = [f"{name} ({_kind(one)})" for name, one in state.items() if not _is_plain(one)]
    if odd:
        wrong = "\n".join(
            ["holds tensors that are no plain numbers:", *(f"  {line}" for line in _counted(odd, "such"))]
        )
        raise ConfigurationError([Problem(subject, wrong, "torch.save(model.float().state_dict(), PATH)")])
    return state


def _is_plain(tensor: Tensor) -> bool:
    return tensor.layout == torch.strided and tensor.device.type == "cpu" and tensor.dtype in PLAIN


def _kind(tensor: Tensor) -> str:
    if tensor.layout != torch.strided:
        return "sparse"
    return str(tensor.dtype).removeprefix("torch.") if tensor.device.type == "cpu" else f"on {tensor.device.type}"


def _named_as_in_a_body(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    named = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    if any(name.startswith("body.") for name in named):
        return {name.removeprefix("body."): one for name, one in named.items() if name.startswith("body.")}
    kept = {name: tensor for name, tensor in named.items() if name.split(".")[0] not in BEHIND}
    return {DENSENET.sub(r"\1\2", name): tensor for name, tensor in kept.items()}


def _counted(names: Sequence[str], what: str) -> list[str]:
    if not names:
        return []
    more = ", ..." if len(names) > SHOWN else ""
    return [f"{len(names)} {what}: {', '.join(names[:SHOWN])}{more}"]


def _misfit(subject: str, architecture: str, account: Sequence[str], state: Mapping[str, Tensor]) -> Problem:
    lines = [f"does not fit the body of {architecture}:", *(f"  {line}" for line in account)]
    seems = _seems_to_be(state)
    if seems:
        lines.append(f"the file has as many parameters as {seems} has")
    instead = f"model=torchvision model.architecture={seems}" if seems and seems != architecture else None
    return Problem(subject, "\n".join(lines), instead)


def _seems_to_be(state: Mapping[str, Tensor]) -> str | None:
    """The architecture that has as many parameters with its classifier, which no two of torchvision's have alike."""
    count = sum(tensor.numel() for name, tensor in state.items() if not name.endswith(BUFFERS))
    sizes = {name: models.get_model_weights(name).DEFAULT.meta["num_params"] for name in architectures()}
    return next((name for name, size in sizes.items() if size == count), None)


def _times(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"
