"""What of a network is trained when: first the head on a frozen body, then every layer at rates of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

WHOLE, FROZEN, UNFROZEN = "whole", "frozen", "unfrozen"

LESSONS_SPREAD = (0.01, 0.1)


class Group(Protocol):
    """Some layers of a network: a name, and their parameters by name."""

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]: ...


@runtime_checkable
class WithBody(Protocol):
    """A network whose body can be frozen."""

    def freeze(self) -> None: ...

    def unfreeze(self) -> None: ...

    def layer_groups(self) -> Sequence[Group]: ...


@dataclass(frozen=True)
class Phase:
    """Epochs with one optimizer and one cycle of the schedule.

    Attributes:
        name: `whole` (all layers, at one rate), `frozen` (the head alone) or `unfrozen` (all layers, at spread rates).
        first_epoch: counted from 0.
        epochs: how many.
        spread: lowest and highest rate over the layer groups, as multiples of the optimizer's; None: one for all.
    """

    name: str
    first_epoch: int
    epochs: int
    spread: tuple[float, float] | None = None

    @property
    def end(self) -> int:
        """The first epoch after it."""
        return self.first_epoch + self.epochs


def plan_phases(configuration: Mapping[str, Any], network: nn.Module) -> list[Phase]:
    """The phases of a training, in their order."""
    schedule = configuration["schedule"]
    epochs = int(schedule["epochs"])
    if not isinstance(network, WithBody):
        return [Phase(WHOLE, 0, epochs)]
    first = Phase(FROZEN if configuration["model"].get("freeze_body") else WHOLE, 0, epochs)
    unfrozen = int(schedule.get("unfrozen_epochs", 0))
    return [
        *([first] if epochs else []),
        *([Phase(UNFROZEN, epochs, unfrozen, _spread(configuration))] if unfrozen else []),
    ]


def unfrozen_phase(configuration: Mapping[str, Any]) -> Phase:
    """The phase with every layer trained, one epoch of it, where the configuration may have none."""
    return Phase(UNFROZEN, 0, 1, _spread(configuration))


def phase_at(phases: Sequence[Phase], epoch: int) -> Phase:
    """The phase that an epoch, counted from 0, belongs to; the last one for those beyond."""
    return next((phase for phase in phases if epoch < phase.end), phases[-1])


def enter(network: nn.Module, phase: Phase) -> None:
    """Freeze the body, or unfreeze it; a network without one stays as it is."""
    if isinstance(network, WithBody):
        network.freeze() if phase.name == FROZEN else network.unfreeze()


def parameter_groups(network: nn.Module, phase: Phase) -> Iterator[Tensor] | list[dict[str, Any]]:
    """What an optimizer is made from: for a network with a body a group for each layer group.

    Each has its `name` and the `multiple` of the optimizer's rate that it is trained at; biases and norm layers are
    groups of their own, without weight decay, which would only pull scales and shifts to 0 (He et al. 2019, Bag of
    Tricks for Image Classification, 3.1). torch's optimizers compute them fused: on a CPU the step of AdamW takes a
    tenth of its time with a loop over the parameters, torch's default there, which was nearly half of a head's step.
    """
    if not isinstance(network, WithBody):
        return (p for p in network.parameters() if p.requires_grad)
    groups = network.layer_groups()
    return [
        {"params": chosen, "name": name, "multiple": multiple, "fused": True}
        for group, multiple in zip(groups, multiples(phase, len(groups)), strict=True)
        for name, chosen in _by_decay(group)
        if chosen
    ]


def multiples(phase: Phase, groups: int) -> list[float]:
    """The rate of each layer group over the optimizer's, from the first layers to the head."""
    if phase.spread is None:
        return [1.0] * groups
    lowest, highest = phase.spread
    return [float(lowest * (highest / lowest) ** (n / max(1, groups - 1))) for n in range(groups)]


def settle_groups(optimizer: torch.optim.Optimizer) -> None:
    """Give each group of `parameter_groups` its rate, and take the weight decay from those that shall have none."""
    for group in optimizer.param_groups:
        group["lr"] *= group.get("multiple", 1.0)
        if str(group.get("name", "")).endswith(NO_DECAY) and "weight_decay" in group:
            group["weight_decay"] = 0.0


NO_DECAY = ", biases and norm layers"


def _by_decay(group: Group) -> list[tuple[str, list[nn.Parameter]]]:
    trained = [p for p in group.parameters.values() if p.requires_grad]
    return [
        (group.name, [p for p in trained if p.ndim > 1]),
        (f"{group.name}{NO_DECAY}", [p for p in trained if p.ndim <= 1]),
    ]


def _spread(configuration: Mapping[str, Any]) -> tuple[float, float]:
    lowest, highest = configuration["schedule"].get("unfrozen_lr", LESSONS_SPREAD)
    return float(lowest), float(highest)
