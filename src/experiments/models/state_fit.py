"""Which tensors of a file belong to a body, and what does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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


def body_state(
    state: Mapping[str, Tensor], expected: Mapping[str, Tensor], architecture: str, subject: str
) -> dict[str, Tensor]:
    """The part of a file's state that is the body's, under the body's names and of its types.

    Taken are torchvision's layout, the same below `module.` (as training on several devices writes it), and a run's
    own file with `body.` and `head.`. The classifier is left out; `num_batches_tracked` may be missing.

    Raises:
        ConfigurationError: about `subject`: names are missing or unexpected, or shapes differ.
    """
    found = _named_as_in_a_body(state)
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
    return {name: tensor.to(expected[name].dtype).contiguous() for name, tensor in found.items()}


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
