"""Small pictures on disk for the tests of this folder."""

from pathlib import Path

import numpy as np
from PIL import Image


def noise(seed: int, size: tuple[int, int] = (12, 10)) -> Image.Image:
    """A picture unlike that of any other seed."""
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values)


def write(folder: Path, seeds: range, form: str = "PNG", suffix: str = "png") -> list[Path]:
    """One picture a seed, named by it."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{seed:03d}.{suffix}" for seed in seeds]
    for seed, path in zip(seeds, paths, strict=True):
        noise(seed).save(path, form)
    return paths
