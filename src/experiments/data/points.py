"""Drawn points (x, y) as a pool."""

from collections.abc import Sequence
from hashlib import sha256

import torch

from experiments.data.pool import Pool, sample_order


def pool_of_points(
    name: str, train: Sequence[tuple[float, float]], valid: Sequence[tuple[float, float]], *, ones: bool
) -> Pool:
    """Inputs (N, 1), or (N, 2) with a column of ones; targets (N, 1).

    `name/0007` is the eighth point drawn, training points first.
    """
    rows = [*train, *valid]
    contents = [sha256(f"{x!r} {y!r}".encode()).hexdigest() for x, y in rows]
    paths = [f"{name}/{number:04d}" for number in range(len(rows))]
    splits = ["train"] * len(train) + ["valid"] * len(valid)
    targets = torch.tensor([[y] for _, y in rows])
    order = sample_order([format(float(y), ".9g") for y in targets], contents, paths)
    return Pool(
        inputs=torch.tensor([[x, 1.0] if ones else [x] for x, _ in rows])[order],
        targets=targets[order],
        paths=[paths[row] for row in order],
        sha256=[contents[row] for row in order],
        classes=[],
        splits=[splits[row] for row in order],
        input_shape=(2 if ones else 1,),
    )
