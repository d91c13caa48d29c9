"""The body of a torchvision classification model: all that stands before its pooling."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator

import torch
from torch import nn
from torchvision import models

from experiments.config.problems import ConfigurationError, Problem, listed, nearest

AFTER_THE_BODY = ("avgpool", "classifier", "fc")
"""What torchvision calls the first layer behind the body; vision transformers have none of them."""

AUXILIARY = ("googlenet", "inception_v3")
"""These come with further heads for training them from nothing, which fine-tuning leaves out."""


def architectures() -> list[str]:
    """torchvision's names of its classification models."""
    names: list[str] = models.list_models(module=models)
    return names


def empty_body(architecture: str) -> nn.Sequential:
    """The body of an architecture on the meta device: shapes and names, no numbers.

    Raises:
        ConfigurationError: torchvision has no such model, or it has no recognisable body.
    """
    try:
        with torch.device("meta"):
            return _body(architecture, init_weights=False)
    except NotImplementedError:  # regnet computes its widths with tensors, which the meta device cannot
        with torch.random.fork_rng(devices=[]):
            return _body(architecture, init_weights=False).to("meta")


def random_body(architecture: str) -> nn.Sequential:
    """The body of an architecture as torchvision draws it from the current random state.

    Raises:
        ConfigurationError: as for `empty_body`.
    """
    return _body(architecture, init_weights=True)


def _body(architecture: str, init_weights: bool) -> nn.Sequential:
    if architecture not in architectures():
        raise ConfigurationError([_unknown(architecture)])
    keys = {"aux_logits": False, "init_weights": init_weights} if architecture in AUXILIARY else {}
    body = cut_body(models.get_model(architecture, weights=None, **keys))
    if body is None:
        raise ConfigurationError([_bodiless(architecture)])
    return body


def cut_body(model: nn.Module) -> nn.Sequential | None:
    """The part of a torchvision classifier before its pooling, its output an (N, C, H, W) map; None if it has none.

    Every such model but the vision transformers is a chain of its children, so the body is a chain of the first of
    them, under their own names: its state dict is a part of torchvision's. The weights are the model's own, not copied.
    A model with auxiliary heads must be built without them.
    """
    body = nn.Sequential()
    for name, child in model.named_children():
        if name in AFTER_THE_BODY:
            if isinstance(model, models.DenseNet):  # the one layer that is no child but a function in forward()
                body.add_module("relu", nn.ReLU(inplace=True))
            return body
        body.add_module(name, nn.Sequential(*child) if isinstance(child, nn.ModuleList) else child)
    return None


def blocks(chain: nn.Sequential) -> Iterator[nn.Module]:
    """What a body is a chain of, in its order: residual blocks and the like, and single layers between them."""
    for child in chain:
        if type(child) is nn.Sequential:  # a subclass is a block of its own: it says what belongs together
            yield from blocks(child)
        else:
            yield child


@functools.lru_cache(maxsize=16)
def block_shapes(architecture: str, height: int, width: int) -> list[tuple[int, ...]]:
    """What each of the body's blocks puts out for one image of this size, as a shape; the last is the body's map.

    Computed on the meta device, in some hundredths of a second.

    Raises:
        RuntimeError: the body cannot take images of this size.
    """
    body = empty_body(architecture).eval()
    _leave_out_batch_norm(body)
    shapes, maps = [], torch.zeros(1, 3, height, width, device="meta")
    with torch.no_grad():
        for block in blocks(body):
            maps = block(maps)
            shapes.append(tuple(maps.shape))
    return shapes


def _leave_out_batch_norm(module: nn.Module) -> None:
    """It changes no shape, and takes most of the time on the meta device."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, nn.Identity())
        else:
            _leave_out_batch_norm(child)


def body_channels(architecture: str) -> int:
    """How many channels the body's map has."""
    return block_shapes(architecture, 224, 224)[-1][1]


def body_stride(architecture: str) -> float:
    """Pixels of the image for each pixel of the body's map, along a side: 32 for a resnet."""
    return 224 / block_shapes(architecture, 224, 224)[-1][2]


def content_hash(body: nn.Module) -> str:
    """SHA-256 over names, types, shapes and bytes of a module's state, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, tensor in body.state_dict().items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _unknown(architecture: str) -> Problem:
    near = nearest(architecture, architectures())
    wrong = f"torchvision has no classification model of this name; it has {listed(_families())}"
    return Problem(f"model.architecture={architecture}", wrong, near and f"model.architecture={near}")


def _bodiless(architecture: str) -> Problem:
    families = [family for family in _families() if not architecture.startswith(family)]
    wrong = (
        "has no body that a new head could be put on: there is no map of the image before its classifier\n"
        f"these have one: {listed(families)}"
    )
    return Problem(f"model.architecture={architecture}", wrong, "model=resnet34")


def _families() -> list[str]:
    """`resnet` for resnet18, resnet34 and so on."""
    found = (re.match(r"(wide_)?[a-z]+", name) for name in architectures())
    return list(dict.fromkeys(match[0] for match in found if match))
