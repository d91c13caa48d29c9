"""Three groups of layers, which learn at different rates when all are trained."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from math import log2

from torch import nn

from experiments.models.body import block_shapes, blocks, empty_body

SIDE = 224
NAMES = ("stem to second stage", "later stages", "head")


@dataclass(frozen=True)
class LayerGroup:
    """Parameters that share a learning rate, by their names in the network."""

    name: str
    parameters: dict[str, nn.Parameter]


def layer_groups(architecture: str, body: nn.Module, head: nn.Module) -> list[LayerGroup]:
    """Stem to second stage, later stages, head: each parameter of both in exactly one, in the order of definition.

    The first ends with the last block whose map has an eighth of the image's side, which is where fastai 1 cuts a
    resnet (behind layer2).
    """
    parameters = list(body.named_parameters(prefix="body"))
    cut = _cut(architecture)
    parts = (parameters[:cut], parameters[cut:], head.named_parameters(prefix="head"))
    return [LayerGroup(name, dict(part)) for name, part in zip(NAMES, parts, strict=True)]


@functools.cache
def _cut(architecture: str) -> int:
    """How many of the body's parameters belong to the first group.

    The third axis of a map is a side, be its channels before or behind (as in a swin transformer). An eighth is meant
    to the nearest power of 2: without padding, 224 pixels come down to 27 instead of 28.
    """
    shapes = block_shapes(architecture, SIDE, SIDE)
    sizes = [len(list(block.parameters())) for block in blocks(empty_body(architecture))]
    last = max(number for number, shape in enumerate(shapes) if round(log2(SIDE / shape[2])) <= 3)
    return sum(sizes[: last + 1])
