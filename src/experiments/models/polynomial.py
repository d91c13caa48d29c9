"""A polynomial, fitted like any network."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Polynomial(nn.Module):
    """A polynomial of x in -1..1 as a weighted sum of scaled Legendre polynomials, P_0 and P_k / sqrt(k).

    Plain powers of x are so alike that gradient descent would need millions of steps to tell them apart; Legendre
    polynomials are orthogonal on -1..1. Scaled down with their degree, the same weight decay holds back the wiggles
    more than the shape: what a network's regularisation does by its nature. Begins as the constant 0.

    Source of the recurrence: Abramowitz and Stegun, Handbook of Mathematical Functions, 22.7.10.

    Args:
        input_shape: must be (1,).
        output_size: values to predict.
        degree: the highest power; there are degree + 1 weights for each value.

    Raises:
        ValueError: there is more than one input.
    """

    scale: Tensor

    def __init__(self, input_shape: tuple[int, ...], output_size: int, degree: int = 3) -> None:
        super().__init__()
        if tuple(input_shape) != (1,):
            raise ValueError(f"a polynomial takes one number x, and these data have inputs of shape {input_shape}")
        self.degree = degree
        self.coefficients = nn.Parameter(torch.zeros(output_size, degree + 1))
        scale = torch.arange(degree + 1).clamp(min=1).float().rsqrt()
        self.register_buffer("scale", scale, persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.features(inputs) @ self.coefficients.T
        return outputs

    def features(self, inputs: Tensor) -> Tensor:
        """The scaled Legendre polynomials of (N, 1) inputs: (N, degree + 1), each within -1..1 where x is."""
        x = inputs[:, 0]
        legendre = [torch.ones_like(x), x]
        for k in range(1, self.degree):
            legendre.append(((2 * k + 1) * x * legendre[k] - k * legendre[k - 1]) / (k + 1))
        return torch.stack(legendre[: self.degree + 1], dim=1) * self.scale
