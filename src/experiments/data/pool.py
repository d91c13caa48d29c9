"""What a source yields (`Pool`) and what a run remembers of it (`SampleTable`). Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256 as digest
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


class Inputs(Protocol):
    """N samples, indexed by many rows at once; a plain tensor is one."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        """Rows (B,) of long -> batch (B, *input_shape), uint8 or float."""
        ...


@dataclass(frozen=True)
class SampleTable:
    """One row a sample, as `split.csv` has them; all four lists are equally long.

    Attributes:
        paths: relative to the source's root, with forward slashes.
        sha256: of the content, in hexadecimal.
        labels: class name, or the number as text for regression.
        splits: `train`, `valid`, `test` or `unused`.
    """

    paths: list[str]
    sha256: list[str]
    labels: list[str]
    splits: list[str]

    def indices(self, split: str) -> list[int]:
        """Rows of one split, in table order."""
        return [row for row, name in enumerate(self.splits) if name == split]

    def split_hash(self) -> str:
        """SHA-256 over the sorted (sha256, label, split) rows: neither file names nor order matter."""
        rows = sorted(zip(self.sha256, self.labels, self.splits, strict=True))
        return digest(json.dumps(rows).encode()).hexdigest()


@dataclass(frozen=True)
class Pool:
    """All samples of a source before splitting, ordered by `sample_order`.

    Attributes:
        inputs: N samples of `input_shape`; uint8 means 0 to 255 and is divided by 255 in the batch.
        targets: (N,) long class indices, or (N, width) float for regression.
        paths: relative to the source's root.
        sha256: of each sample's content.
        classes: names in index order; empty for regression.
        splits: given by the source, or None. Where none is `valid`, the `train` rows are still to be split.
        input_shape: of one sample, such as (3, 64, 64).
        mean: per channel, after scaling to 0..1; None means no normalisation.
        std: as `mean`.
        resize: one line on how images were brought to size, for `model.json`.
        groups: one name for all samples that are to stay on one side of the split; None: equal contents alone.
        photographs: whether augmentation keeps the meaning (a mirrored digit is another sign).
        notices: what the user should know about the loading, a sentence each.
    """

    inputs: Inputs
    targets: Tensor
    paths: list[str]
    sha256: list[str]
    classes: list[str]
    splits: list[str] | None
    input_shape: tuple[int, ...]
    mean: list[float] | None = None
    std: list[float] | None = None
    resize: str | None = None
    groups: list[str] | None = None
    photographs: bool = False
    notices: list[str] = field(default_factory=list)

    def labels(self) -> list[str]:
        """Class name of every sample; for regression the (first) target as text that reads back exactly."""
        if self.classes:
            return [self.classes[target] for target in self.targets.tolist()]
        return [format(row[0], ".9g") for row in self.targets.tolist()]


def sample_order(labels: Sequence[str], sha256: Sequence[str], paths: Sequence[str]) -> list[int]:
    """Rows sorted by (label, sha256, path), so that the order of files on disk never matters."""
    return sorted(range(len(paths)), key=lambda row: (labels[row], sha256[row], paths[row]))
