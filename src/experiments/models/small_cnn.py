"""A small convolutional network."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SmallCNN(nn.Module):
    """Convolutions to three widths, pooled by maximum and average side by side, then one linear layer.

    Takes (N, C, H, W) of any C and any H, W of at least 8; returns (N, output_size) logits. Small images
    (below 32 pixels) keep their resolution in the first layer, larger ones are halved there and once more.

    Args:
        input_shape: (C, H, W) of one image.
        output_size: how many classes.
        width: channels of the first layer.
        dropout: before the last layer; 0 leaves it out.
    """

    def __init__(
        self, input_shape: tuple[int, int, int], output_size: int, width: int = 32, dropout: float = 0.5
    ) -> None:
        super().__init__()
        channels, height, _ = input_shape
        large = height >= 32
        stem = [_block(channels, width, stride=2 if large else 1)]
        if large:
            stem.append(_block(width, width, stride=2))
        self.body = nn.Sequential(*stem, _block(width, 2 * width, stride=2), _block(2 * width, 4 * width, stride=2))
        self.head = nn.Sequential(
            *([nn.Dropout(dropout)] if dropout else []),
            nn.Linear(8 * width, output_size),
        )

    def forward(self, images: Tensor) -> Tensor:
        features = self.body(images)
        pooled = torch.cat([features.amax(dim=(2, 3)), features.mean(dim=(2, 3))], dim=1)
        logits: Tensor = self.head(pooled)
        return logits


def _block(inputs: int, outputs: int, *, stride: int) -> nn.Sequential:
    # No batch norm: it would heal a rate that is far too high, and what goes wrong is what this network is to show.
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1), nn.ReLU(inplace=True))
