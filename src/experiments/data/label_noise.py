"""Wrong labels on purpose: which images get one, and which, is decided by a hash of (seed, content)."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from experiments.data.pool import Pool
from experiments.data.split import position


def with_wrong_labels(pool: Pool, share: float, seed: int) -> Pool:
    """The same samples in the same order, about `share` of them with the target of another class."""
    targets = wrong_labels(pool.targets.tolist(), pool.sha256, len(pool.classes), share, seed)
    return replace(pool, targets=torch.tensor(targets))


def wrong_labels(targets: Sequence[int], sha256: Sequence[str], classes: int, share: float, seed: int) -> list[int]:
    """The class indices after replacing some by another class, each of the others equally likely.

    An image keeps its label unless its position is below `share`: a larger share only adds wrong labels, and
    other images coming or going, or another order, change none.
    """

    def label(target: int, content: str) -> int:
        if position(f"label_noise:{seed}", content) >= share:
            return target
        others = classes - 1
        return (target + 1 + int(others * position(f"wrong_label:{seed}", content))) % classes

    return [label(target, content) for target, content in zip(targets, sha256, strict=True)]
