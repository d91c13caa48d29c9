"""One architecture with many sets of weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from experiments.training.stacked.optimizers import Weights
from experiments.training.task import Evaluation, Task

T = TypeVar("T")

FLOATS_AT_ONCE = 2**27
"""Activations of so many floats (half a GiB) are computed together; more networks go in several parts."""


class CannotBeStacked(Exception):  # noqa: N818 - reads as what it says
    """The network computes something that cannot be computed for many at once; the message says what."""


class Networks:
    """Networks of one architecture, trained and evaluated together.

    Args:
        network: the architecture; its own weights are not used.
        states: each network's weights and buffers, by name.
        task: the loss and the metric.
        device: where to compute.

    Attributes:
        trained: the weights that are trained, (networks, ...) each.

    Raises:
        CannotBeStacked: a layer counts statistics of its own while it trains, as batch norm does.
    """

    def __init__(
        self, network: nn.Module, states: Sequence[dict[str, Tensor]], task: Task, device: torch.device
    ) -> None:
        norms = [name for name, part in network.named_modules() if getattr(part, "track_running_stats", False)]
        if norms:
            raise CannotBeStacked(f"its layer {norms[0]} keeps statistics of its own while it trains")
        self.network = network.to(device)
        self.task = task
        trained = {name for name, p in network.named_parameters() if p.requires_grad}
        stacked = {name: torch.stack([state[name] for state in states]).to(device) for name in states[0]}
        self.trained: Weights = {name: stacked.pop(name) for name in list(stacked) if name in trained}
        self._fixed: Weights = stacked
        # What is saved, by the name under which it is trained: layers may share their weights.
        firsts = {id(tensor): name for name, tensor in (*network.named_parameters(), *network.named_buffers())}
        self._saved = {name: firsts[id(tensor)] for name, tensor in network.state_dict(keep_vars=True).items()}
        self._activations = 0

    def __len__(self) -> int:
        return len(next(iter(self.trained.values())))

    def state_of(self, weights: Weights, number: int) -> dict[str, Tensor]:
        """The `state_dict` of one network with these trained weights."""
        all_of_them = {**self._fixed, **weights}
        return {name: all_of_them[first][number] for name, first in self._saved.items()}

    def gradients(self, inputs: Tensor, targets: Tensor) -> tuple[Weights, Tensor]:
        """Gradients of each network's mean loss on its batch, and the losses: (networks,).

        Args:
            inputs: (networks, batch, ...).
            targets: (networks, batch, ...).

        Raises:
            CannotBeStacked: something in the network has no such gradient; dropout, for one, is random.
        """

        def loss(trained: Weights, fixed: Weights, x: Tensor, y: Tensor) -> Tensor:
            return self.task.loss(functional_call(self.network, {**trained, **fixed}, (x,)), y)

        self.network.train()
        every = vmap(grad_and_value(loss), chunk_size=self._at_once(inputs[0]))
        found: tuple[Weights, Tensor] = _or_refused(lambda: every(self.trained, self._fixed, inputs, targets))
        return found

    def evaluate(self, inputs: Tensor, targets: Tensor) -> Evaluation:
        """All networks' answers to the same batch, in evaluation mode."""

        def answers(trained: Weights, fixed: Weights) -> tuple[Tensor, ...]:
            outputs = functional_call(self.network, {**trained, **fixed}, (inputs,)).float()
            evaluation = self.task.evaluate(outputs, targets)
            return evaluation.losses, evaluation.predicted, evaluation.probability, evaluation.targets

        self.network.eval()
        every = vmap(answers, chunk_size=self._at_once(inputs))
        with torch.no_grad():
            return Evaluation(*_or_refused(lambda: every(self.trained, self._fixed)))

    def _at_once(self, inputs: Tensor) -> int:
        """So many networks fit into memory with this batch."""
        self._activations = self._activations or max(1, _activations(self.network, inputs[:1]))
        return max(1, FLOATS_AT_ONCE // (self._activations * len(inputs)))


def _activations(network: nn.Module, sample: Tensor) -> int:
    """How many floats the layers of a network give for one sample."""
    counted = [0]

    def count(_: nn.Module, __: object, output: object) -> None:
        counted[0] += output.numel() if isinstance(output, Tensor) else 0

    leaves = [part for part in network.modules() if not list(part.children())]
    handles = [leaf.register_forward_hook(count) for leaf in leaves]
    with torch.no_grad():
        network(sample)
    for handle in handles:
        handle.remove()
    return counted[0]


def _or_refused(compute: Callable[[], T]) -> T:
    try:
        return compute()
    except (RuntimeError, NotImplementedError) as error:
        if "memory" in str(error).lower():
            raise
        said = str(error).strip().splitlines()[0]
        raise CannotBeStacked("it draws random numbers, as dropout does" if "random" in said else said) from error
