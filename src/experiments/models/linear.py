"""One linear layer."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn


class Linear(nn.Module):
    """Every input to every output: a line on (N, F) inputs, softmax regression on (N, C, H, W) images.

    Args:
        input_shape: of one sample.
        output_size: classes, or values to predict.
        bias: add a constant to every output.
        initial: the weights to start from, as many as there are inputs times outputs; None draws them.

    Raises:
        ValueError: `initial` has another length.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        output_size: int,
        bias: bool = True,
        initial: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        inputs = prod(input_shape)
        self.layer = nn.Linear(inputs, output_size, bias=bias)
        if initial is not None:
            if len(initial) != inputs * output_size:
                raise ValueError(
                    f"model.initial={list(initial)} must have {inputs} x {output_size} numbers here, or be null"
                )
            with torch.no_grad():
                self.layer.weight.copy_(torch.tensor(initial).view(output_size, inputs))

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.layer(inputs.flatten(1))
        return outputs
