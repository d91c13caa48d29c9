"""A network during whose training a disk fills up, also in a process of its own."""

from __future__ import annotations

import os
from math import prod
from pathlib import Path

from disks import fill
from torch import Tensor, nn

DISK, STEP = "EXPERIMENTS_TEST_DISK", "EXPERIMENTS_TEST_STEP"
"""Environment variables: which disk is filled, and at which training step of the process; none without them."""

steps = 0


class Fills(nn.Module):
    def __init__(self, input_shape: tuple[int, ...], output_size: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Dropout(0.2), nn.Linear(prod(input_shape), output_size))

    def forward(self, inputs: Tensor) -> Tensor:
        global steps
        if self.training:
            steps += 1
            if DISK in os.environ and steps == int(os.environ[STEP]):
                fill(Path(os.environ[DISK]))
        outputs: Tensor = self.layers(inputs.flatten(1))
        return outputs
