"""Folders of small pictures for the tests of verify and duplicates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

PAGE = b"<!DOCTYPE html><html></html>"


def picture(seed: int, size: int = 48) -> Image.Image:
    """Coarse patches of colour, unlike those of any other seed, and sharp enough to be compared."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)


def write(folder: Path, *seeds: int) -> list[Path]:
    """A PNG a seed, named by it."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{seed}.png" for seed in seeds]
    for seed, path in zip(seeds, paths, strict=True):
        picture(seed).save(path)
    return paths


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones as well."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
