"""Many picture files as uint8 batches: in memory while they fit, else decoded on demand by threads."""

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from experiments.data.images import UnreadableImageError, decode
from experiments.data.pool import Inputs

MEMORY_LIMIT_BYTES = 2 * 2**30


class FilesOnDemand:
    """Pictures that do not fit into memory: `rows` (B,) -> uint8 (B, 3, size, size), decoded at each call."""

    def __init__(self, paths: Sequence[Path], size: int) -> None:
        self.paths = list(paths)
        self.size = size

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        batch = torch.empty(len(rows), 3, self.size, self.size, dtype=torch.uint8)
        if failures := _decode_into(batch, [self.paths[row] for row in rows.tolist()]):
            raise UnreadableImageError("; ".join(failures.values()))
        return batch


def read_pixels(paths: Sequence[Path], size: int) -> tuple[Inputs, dict[int, str]]:
    """Decodes every file once.

    Returns:
        The readable pictures in the order of `paths`, and the reason for each row that was left out.
    """
    if len(paths) * 3 * size * size > MEMORY_LIMIT_BYTES:
        failures = _decode_into(None, paths, size)
        return FilesOnDemand([p for row, p in enumerate(paths) if row not in failures], size), failures
    pixels = torch.empty(len(paths), 3, size, size, dtype=torch.uint8)
    failures = _decode_into(pixels, paths)
    if failures:
        pixels = pixels[[row for row in range(len(paths)) if row not in failures]]
    return pixels, failures


def _decode_into(out: Tensor | None, paths: Sequence[Path], size: int = 0) -> dict[int, str]:
    """Fills `out` (N, 3, S, S), or only tries every file; the reason for each row that failed."""

    def fill(row: int) -> str | None:
        try:
            picture = decode(paths[row], out.shape[-1] if out is not None else size)
        except UnreadableImageError as error:
            return str(error)
        if out is not None:
            out[row] = torch.from_numpy(picture)
        return None

    # Pillow warns of large pictures and odd metadata. Filters are global: set outside the threads.
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as threads:
        warnings.filterwarnings("ignore", module="PIL")
        reasons = list(threads.map(fill, range(len(paths))))
    return {row: reason for row, reason in enumerate(reasons) if reason is not None}
