"""Which of the names in a file feeds which curve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.diagnosis.readers.vocabulary import Meaning, Phase, Quantity, meaning

Known = dict[str, Meaning]


@dataclass(frozen=True)
class Sources:
    """The name (of a column, of a tag) that each curve is read from; None where there is none.

    `error` and `train_error` may name an accuracy: `accuracies` holds those that do. `step_loss` is a training loss
    that says of itself that it is one step's. `regression`: `error` is an rmse.
    """

    train_loss: str | None = None
    train_loss_eval: str | None = None
    train_error: str | None = None
    valid_loss: str | None = None
    error: str | None = None
    step_loss: str | None = None
    gradient_norm: str | None = None
    learning_rates: tuple[str, ...] = ()
    accuracies: frozenset[str] = frozenset()
    regression: bool = False

    @property
    def by_epoch(self) -> tuple[str, ...]:
        """The names of what an epoch has, without its rate."""
        names = (self.train_loss, self.train_loss_eval, self.train_error, self.valid_loss, self.error)
        return tuple(name for name in names if name is not None)

    @property
    def errors(self) -> tuple[str, ...]:
        """The names of errors and accuracies."""
        return tuple(name for name in (self.train_error, self.error) if name is not None)

    @property
    def by_step(self) -> tuple[str, ...]:
        """The names of what only a step has."""
        return tuple(name for name in (self.step_loss, self.gradient_norm) if name is not None)

    @property
    def any_curve(self) -> bool:
        """Whether there is a loss or an error at all."""
        return bool(self.by_epoch or self.step_loss)


def sources_of(names: Iterable[str]) -> Sources:
    """The sources among these names.

    A training accuracy as trained is left out: only in evaluation mode may it be compared. An accuracy that names no
    side is validation's, as fastai writes it; beside a bare `loss` or an accuracy of validation it is training's, as
    Keras writes it. What is called test stands in where nothing is called validation.
    """
    known = {name: found for name in names if (found := meaning(name)) is not None}
    valid_loss = _first(known, "loss", "valid")
    error, regression = _error(known, valid_loss)
    train_error = _score(known, "train_eval", regression)
    rates = tuple(name for name, found in known.items() if found.quantity == "learning_rate")
    return Sources(
        train_loss=_first(known, "loss", "train", ""),
        train_loss_eval=_first(known, "loss", "train_eval"),
        train_error=train_error,
        valid_loss=valid_loss or _first(known, "loss", "test"),
        error=error,
        step_loss=_best(known, "loss", "train", step=True) or _best(known, "loss", "", step=True),
        gradient_norm=_best(known, "gradient_norm", "") or _best(known, "gradient_norm", "", step=True),
        learning_rates=rates,
        accuracies=frozenset(n for n in (error, train_error) if n and known[n].quantity == "accuracy"),
        regression=regression,
    )


def _error(known: Known, valid_loss: str | None) -> tuple[str | None, bool]:
    """The validation error's name, and whether it is an rmse."""
    has_accuracy = any(_first(known, quantity, "valid") for quantity in ("accuracy", "error", "rmse"))
    as_keras = has_accuracy or _first(known, "loss", "") is not None
    phases: list[Phase] = ["valid"]
    if not as_keras:
        phases.append("")
    if valid_loss is None:
        phases.append("test")
    regression = any(_first(known, "rmse", phase) for phase in phases)
    for phase in phases:
        name = _score(known, phase, regression)
        if name is not None:
            return name, regression
    return None, regression


def _score(known: Known, phase: Phase, regression: bool) -> str | None:
    if regression:
        return _first(known, "rmse", phase)
    return _first(known, "error", phase) or _first(known, "accuracy", phase)


def _first(known: Known, quantity: Quantity, *phases: Phase) -> str | None:
    """The plainest name of the first of these phases that has one, by epoch."""
    found = (_best(known, quantity, phase) for phase in phases)
    return next((name for name in found if name is not None), None)


def _best(known: Known, quantity: Quantity, phase: Phase, *, step: bool = False) -> str | None:
    names = [
        name
        for name, found in known.items()
        if (found.quantity, found.phase, found.per == "step") == (quantity, phase, step)
    ]
    # What says that it is the epoch's is surer than what says nothing: Lightning logs both under one name's forms.
    return min(names, key=lambda name: (known[name].per != "epoch", known[name].parts), default=None)
