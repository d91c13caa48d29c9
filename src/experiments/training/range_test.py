"""The learning-rate range test: some steps at rising rates, to see where the loss falls and where it climbs.

Sources: Smith, Cyclical Learning Rates for Training Neural Networks, 2015 (arXiv 1506.01186), 3.3, raises the rate
along a line over some epochs. The rate that rises by the same factor at every step, from 1e-7 to 10 in 100 of them,
the smoothing and the end at four times the best loss are those of fastai (`LRFinder`), which Lightning's `lr_find`
follows. Unlike Lightning's the test is not cut short by the number of epochs, and unlike both it works on a copy, so
that nothing has to be put back.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from lightning_fabric import Fabric

from experiments.data.batches import Batches
from experiments.runs.rate_curve import RateCurve
from experiments.training.random_state import random_states_kept

RATES: tuple[float, ...] = tuple(float(rate) for rate in np.geomspace(1e-7, 10, 100))


def range_test(
    module: pl.LightningModule,
    batches: Iterable[Any],
    *,
    fabric: Fabric | None = None,
    clip: float | None = None,
    rates: Sequence[float] = RATES,
    stepped: Callable[[], None] = lambda: None,
) -> RateCurve:
    """The loss at each rate, one step each; ends early where the loss has risen or is not finite.

    The module stays as it is, and so do all random states, even if a step raises or is interrupted.

    Args:
        module: gives `training_step` and one optimizer; of its parameter groups the one with the highest rate gets
            the rates of the test, the others keep their ratios to it.
        batches: at least one for each rate.
        fabric: the device and the precision; None: the CPU.
        clip: bound of the gradient's norm.
        rates: rising.
        stepped: called after each step.
    """
    fabric = fabric or Fabric(accelerator="cpu", devices=1)
    curve = RateCurve()
    with random_states_kept():
        probe = copy.deepcopy(module)
        fabric.to_device(probe.train())
        made = probe.configure_optimizers()
        assert isinstance(made, torch.optim.Optimizer)
        optimizer: Any = fabric.setup_optimizers(made)
        highest = max(group["lr"] for group in made.param_groups)
        shares = [group["lr"] / highest for group in made.param_groups]
        for number, (rate, batch) in enumerate(zip(rates, batches, strict=False)):
            for group, share in zip(made.param_groups, shares, strict=True):
                group["lr"] = rate * share
            with fabric.autocast():
                loss = probe.training_step(fabric.to_device(batch), number)
            assert isinstance(loss, torch.Tensor)
            curve.add(rate, loss.item())
            if curve.is_over:
                break
            optimizer.zero_grad()
            fabric.backward(loss)
            if clip is not None:
                fabric.clip_gradients(probe, made, max_norm=clip)
            optimizer.step()
            stepped()
    return curve


def endless(loader: Batches, first_epoch: int = 0) -> Generator[Any]:
    """Batches without end: each epoch has the order that it has in a training."""
    for epoch in itertools.count(first_epoch):
        loader.sampler.set_epoch(epoch)
        yield from loader
