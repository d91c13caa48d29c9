"""The range test over any module: what it does to a copy, and that nothing else notices."""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from toy_transfer import toy_training

from experiments.data.batches import Batches
from experiments.training.phases import UNFROZEN, Phase
from experiments.training.range_test import RATES, endless, range_test


class Small(pl.LightningModule):
    """Batch norm, dropout and a frozen layer in evaluation mode; answers with what `spoil` makes of the loss."""

    def __init__(self, spoil: Callable[[Tensor, int], Tensor] = lambda loss, _: loss) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.frozen = nn.Linear(4, 4).requires_grad_(False).eval()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.last = nn.Linear(4, 1)
        self.register_buffer("secret", torch.zeros(1), persistent=False)
        self.spoil = spoil
        self.rates: list[list[float]] = []

    def training_step(self, batch: Tensor, number: int) -> Tensor:
        assert isinstance(self.secret, Tensor)
        self.secret += 1
        random.random(), np.random.rand()
        answers = self.last(self.drop(self.norm(self.frozen(batch))))
        return self.spoil((answers - batch.sum(1, keepdim=True)).square().mean(), number)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        parameters = [{"params": [self.last.weight], "lr": 0.02}, {"params": [self.last.bias, *self.norm.parameters()]}]
        return torch.optim.AdamW(parameters, lr=0.2)


def batches(size: int = 8) -> Iterator[Tensor]:
    draw = torch.Generator().manual_seed(5)
    return (torch.randn(size, 4, generator=draw) for _ in itertools.count())


def everything(module: pl.LightningModule, optimizer: torch.optim.Optimizer) -> list[Any]:
    """All that a test could change, as values that compare bit by bit."""
    tensors = {name: t.detach().numpy().tobytes() for name, t in (*module.named_parameters(), *module.named_buffers())}
    wanted = {name: p.requires_grad for name, p in module.named_parameters()}
    gradients = {name: None if p.grad is None else p.grad.numpy().tobytes() for name, p in module.named_parameters()}
    modes = {name: part.training for name, part in module.named_modules()}
    state = [
        (k, name, t.numpy().tobytes() if isinstance(t, Tensor) else t)
        for k, values in optimizer.state_dict()["state"].items()
        for name, t in values.items()
    ]
    groups = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]
    numpy_state: Any = np.random.get_state()
    states = [torch.get_rng_state().numpy().tobytes(), random.getstate(), numpy_state[1].tobytes(), numpy_state[2:]]
    return [tensors, wanted, gradients, modes, copy.deepcopy(state), copy.deepcopy(groups), states]


def in_use(module: Small) -> torch.optim.Optimizer:
    """An optimizer with moments, and gradients, of a module that is being trained."""
    optimizer = module.configure_optimizers()
    for number, batch in enumerate(itertools.islice(batches(), 3)):
        optimizer.zero_grad()
        module.training_step(batch, number).backward()
        optimizer.step()
    return optimizer


def interrupted(loss: Tensor, number: int) -> Tensor:
    if number == 30:
        raise KeyboardInterrupt
    return loss


def failing(loss: Tensor, number: int) -> Tensor:
    return loss if number < 30 else loss / nn.Linear(1, 2)(torch.ones(3, 2)).sum()


def not_a_number(loss: Tensor, number: int) -> Tensor:
    return loss if number < 30 else loss * torch.nan


@pytest.mark.parametrize(
    ("spoil", "error"),
    [(lambda loss, _: loss, None), (not_a_number, None), (failing, RuntimeError), (interrupted, KeyboardInterrupt)],
)
def test_nothing_is_changed_by_it_bit_by_bit(
    spoil: Callable[[Tensor, int], Tensor], error: type[BaseException] | None
) -> None:
    module = Small(spoil)
    optimizer = in_use(module)
    random.seed(7), np.random.seed(7), torch.manual_seed(7)
    np.random.standard_normal()  # leaves half a pair behind, which is state, too
    before = everything(module, optimizer)
    if error is None:
        assert len(range_test(module, batches())) > 30
    else:
        with pytest.raises(error):
            range_test(module, batches())
    assert everything(module, optimizer) == before
    assert module.secret.item() == 3


def test_it_does_train_a_copy_and_says_when_a_step_is_done() -> None:
    done: list[int] = []
    curve = range_test(Small(), batches(64), stepped=lambda: done.append(1))
    losses = [step.loss for step in curve]
    assert min(losses) < 0.8 * losses[0]
    assert len(done) in (len(curve), len(curve) - 1)
    assert [step.lr for step in curve] == list(RATES[: len(curve)])
    assert (RATES[0], RATES[-1], len(RATES)) == (pytest.approx(1e-7), pytest.approx(10), 100)


def test_the_same_test_twice_is_the_same_curve() -> None:
    module = Small()
    torch.manual_seed(11)
    assert list(range_test(module, batches())) == list(range_test(module, batches()))


def test_it_ends_where_the_loss_is_not_finite_and_keeps_that_step() -> None:
    curve = range_test(Small(not_a_number), batches())
    assert len(curve) == 31
    assert np.isnan(curve.steps[-1].loss)


def test_groups_keep_their_ratio_to_the_highest_which_has_the_rate() -> None:
    seen: list[list[float]] = []

    class Watched(Small):
        def configure_optimizers(self) -> torch.optim.Optimizer:
            made = super().configure_optimizers()
            made.register_step_pre_hook(lambda one, *_: seen.append([g["lr"] for g in one.param_groups]))
            return made

    range_test(Watched(), batches(), rates=[1e-3, 1e-2])
    assert seen == [pytest.approx([1e-4, 1e-3]), pytest.approx([1e-3, 1e-2])]


def test_gradients_are_clipped_as_in_training() -> None:
    norms: list[float] = []

    class Watched(Small):
        def configure_optimizers(self) -> torch.optim.Optimizer:
            made = super().configure_optimizers()
            made.register_step_pre_hook(lambda *_: norms.append(self._norm()))
            return made

        def _norm(self) -> float:
            return float(torch.stack([p.grad.norm() for p in self.parameters() if p.grad is not None]).norm())

    range_test(Watched(), batches(), rates=[1e-7] * 4, clip=0.01)
    assert norms == pytest.approx([0.01] * 4, rel=1e-3)


def test_a_hundred_steps_whatever_the_number_of_batches_each_epoch_in_its_own_order() -> None:
    loader = Batches(torch.arange(6.0).view(6, 1), torch.arange(6), range(6), 2, shuffle_seed=3)
    seen = [batch[1].tolist() for batch in itertools.islice(endless(loader, first_epoch=4), 7)]
    for epoch, start in ((4, 0), (5, 3)):
        loader.sampler.set_epoch(epoch)
        assert seen[start : start + 3] == [batch[1].tolist() for batch in loader]
    assert seen[0:3] != seen[3:6]


def test_a_frozen_body_stays_as_it_is_in_the_copy_too_and_an_unfrozen_one_is_trained_at_spread_rates() -> None:
    module, data = toy_training(lr=0.1)
    pictures = data.data.train_dataloader()
    watched: list[dict[str, float]] = []
    whole = type(module).configure_optimizers

    def configure(self: Any) -> torch.optim.Optimizer:
        made = whole(self)
        made.register_step_pre_hook(lambda one, *_: watched.append({g["name"]: g["lr"] for g in one.param_groups}))
        return made

    module.configure_optimizers = configure.__get__(module)  # type: ignore[method-assign]
    range_test(module, endless(pictures), rates=[1e-3])
    module.enter(Phase(UNFROZEN, 2, 1, (0.01, 0.1)))
    range_test(module, endless(pictures), rates=[1e-3])
    frozen, unfrozen = watched
    assert {name.split(",")[0] for name in frozen} == {"head"}
    assert (unfrozen["stem"], unfrozen["head"]) == (pytest.approx(1e-4), pytest.approx(1e-3))
    assert unfrozen["later"] == pytest.approx(1e-3 / 10**0.5)
