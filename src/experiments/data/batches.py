"""Batches by indexing tensors: what a DataLoader does, without its cost on data that lies in memory."""

import copy
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Self

import torch
from torch import Generator, Tensor

from experiments.data.pool import Inputs
from experiments.data.preparation import Preparation, Transform


class EpochOrder:
    """The order of n samples in an epoch: a function of (seed, epoch) alone, so that resuming repeats it.

    Lightning calls `set_epoch` on a loader's `sampler` before each epoch. Without a seed the order stays.
    """

    def __init__(self, size: int, seed: int | None) -> None:
        self.size = size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Epochs count from 0."""
        self.epoch = epoch

    def order(self) -> Tensor:
        """A permutation (size,) of long."""
        if self.seed is None:
            return torch.arange(self.size)
        return torch.randperm(self.size, generator=seeded(f"{self.seed}:{self.epoch}"))

    def generator(self, batch: int, rank: int = 0) -> Generator:
        """Random numbers for the batch of this number in the epoch (or a part of it), whatever was drawn before."""
        return seeded(f"{self.seed}:{self.epoch}:{batch}" + (f":{rank}" if rank else ""))


def seeded(text: str) -> Generator:
    """Random numbers that this text alone decides."""
    # Hashed, so that epoch 1 of seed 42 is not epoch 0 of seed 43.
    return torch.Generator().manual_seed(int.from_bytes(sha256(text.encode()).digest()[:7], "big"))


class Batches:
    """Pairs (x, y) of `batch_size` samples; goes to Lightning as a dataloader.

    Args:
        inputs: N samples; uint8 becomes float 0 to 1.
        targets: (N, ...), in the same order.
        indices: the rows of inputs and targets to use.
        batch_size: samples a batch.
        shuffle_seed: a new order every epoch; None keeps the order of `indices`.
        drop_last: leave out a last short batch, unless it is the only one.
        transform: what to do to a batch of inputs instead of scaling uint8 (a `Preparation` does that too). What
            it draws is a function of (seed, epoch, number of the batch) alone; the global random state stays.
    """

    batch_sampler = None  # Lightning asks whatever has a sampler for it

    def __init__(
        self,
        inputs: Inputs,
        targets: Tensor,
        indices: Sequence[int] | Tensor,
        batch_size: int,
        *,
        shuffle_seed: int | None = None,
        drop_last: bool = False,
        transform: Transform | None = None,
    ) -> None:
        self.inputs = inputs
        self.targets = targets
        self.indices = torch.as_tensor(indices, dtype=torch.long)
        self.batch_size = batch_size
        self.drop_last = drop_last and len(self.indices) >= batch_size
        self.transform = transform or Preparation()
        self.sampler = EpochOrder(len(self.indices), shuffle_seed)
        self._rank, self._of = 0, 1

    def part(self, rank: int, of: int) -> Self:
        """The same batches, of each only every `of`-th sample from number `rank` on; `batch_size` stays the whole's."""
        part = copy.copy(self)
        part._rank, part._of = rank, of
        return part

    def __len__(self) -> int:
        full, rest = divmod(len(self.indices), self.batch_size)
        return full + bool(rest and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = self.indices[self.sampler.order()]
        for number, batch in enumerate(torch.split(order, self.batch_size)[: len(self)]):
            rows = batch[self._rank :: self._of]
            yield self.transform(self.inputs[rows], self.sampler.generator(number, self._rank)), self.targets[rows]
