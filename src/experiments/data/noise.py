"""Noise on the targets of data that are drawn, uniform or normal, of the same variance."""

import math
from random import Random
from typing import Literal

Noise = Literal["uniform", "normal"]


def draw_noise(random: Random, noise: Noise, width: float) -> float:
    """One value: uniform of this full width, or normal with the same standard deviation, width / sqrt(12)."""
    if noise == "uniform":
        return random.uniform(-width / 2, width / 2)
    return random.gauss(0, width / math.sqrt(12))
