"""What is trained on a body: pooling and the lesson's head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from experiments.models.dropout import Dropout

HIDDEN = 512


def concat_pool(maps: Tensor) -> Tensor:
    """Maximum and average over each channel, side by side: (N, C, H, W) -> (N, 2C)."""
    return torch.cat([maps.amax(dim=(2, 3)), maps.mean(dim=(2, 3))], dim=1)


def make_head(inputs: int, output_size: int, dropout: float) -> nn.Sequential:
    """The head of fastai 1: (N, inputs) -> (N, output_size) logits, through 512 hidden units.

    Its weights begin as torch draws them. fastai 1 drew them by He's rule (kaiming_normal_), which on real photographs
    came to the same error at a validation loss half again as high: the larger weights are surer of their mistakes.

    Args:
        inputs: numbers that the pooling puts out.
        output_size: how many classes.
        dropout: before the last layer; half of it before the first; 0 leaves both out.
    """
    return nn.Sequential(
        nn.BatchNorm1d(inputs),
        *([Dropout(dropout / 2)] if dropout else []),
        nn.Linear(inputs, HIDDEN),
        nn.ReLU(inplace=True),
        nn.BatchNorm1d(HIDDEN),
        *([Dropout(dropout)] if dropout else []),
        nn.Linear(HIDDEN, output_size),
    )
