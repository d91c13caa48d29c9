"""First the head on a frozen body, then every layer: one training, one optimizer a phase."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor
from toy_transfer import ToyTransfer, toy_training

from experiments.training.module import SupervisedModule
from experiments.training.phased_data import PhasedData
from experiments.training.phases import multiples, parameter_groups, phase_at
from experiments.training.recorder import Recorder
from experiments.training.threads import OneThreadForHeads

pytestmark = pytest.mark.filterwarnings("ignore:Found .* in eval mode at the start of training")  # as a frozen body is


class Watch(pl.Callback):
    """Weights at the end of each epoch, and the rates of each step."""

    def __init__(self) -> None:
        self.weights: list[dict[str, Tensor]] = []
        self.rates: list[dict[str, float]] = []
        self.momenta: list[float] = []
        self.optimizers: list[int] = []

    def on_before_optimizer_step(self, trainer: pl.Trainer, module: pl.LightningModule, optimizer: Any) -> None:
        self.rates.append({group["name"]: group["lr"] for group in optimizer.param_groups})
        self.momenta.append(optimizer.param_groups[0]["betas"][0])
        self.optimizers.append(id(optimizer))

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        assert isinstance(module, SupervisedModule)
        self.weights.append({name: tensor.clone() for name, tensor in module.network.state_dict().items()})


def trained(
    module: SupervisedModule, data: PhasedData, *callbacks: pl.Callback, resume: Path | None = None, epochs: int = 0
) -> pl.Trainer:
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=epochs or module.phases[-1].end,
        reload_dataloaders_every_n_epochs=1,
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=-1,
        use_distributed_sampler=False,
        log_every_n_steps=0,
    )
    trainer.fit(module, datamodule=data, ckpt_path=resume, weights_only=False if resume else None)
    return trainer


def same(one: dict[str, Tensor], other: dict[str, Tensor], part: str) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one if name.startswith(part))


def test_the_body_stays_as_it_is_until_it_is_unfrozen() -> None:
    module, data = toy_training(frozen=2, unfrozen=2)
    before = {name: tensor.clone() for name, tensor in module.network.state_dict().items()}
    watch = Watch()
    trained(module, data, watch)
    assert [same(before, after, "body.") for after in watch.weights] == [True, True, False, False]
    assert not same(watch.weights[0], watch.weights[1], "head.")
    running = [after["body.1.running_mean"] for after in watch.weights]
    assert torch.equal(running[1], before["body.1.running_mean"])
    assert not torch.equal(running[2], running[1])


def test_train_norm_lets_the_norm_layers_of_a_frozen_body_learn_and_nothing_else() -> None:
    module, data = toy_training(frozen=2, unfrozen=0, train_norm=True)
    before = {name: tensor.clone() for name, tensor in module.network.state_dict().items()}
    watch = Watch()
    trained(module, data, watch)
    after = watch.weights[-1]
    assert {name for name in before if not torch.equal(before[name], after[name])} >= {
        "body.1.weight",
        "body.1.bias",
        "body.1.running_mean",
    }
    assert same(before, after, "body.0.")
    assert same(before, after, "body.3.")


def test_a_frozen_body_computes_each_picture_once_however_many_epochs_there_are() -> None:
    module, data = toy_training(frozen=5, unfrozen=0, seed=17)  # a body that no other test has computed
    assert isinstance(module.network, ToyTransfer)
    data.prepare_features()
    computed = module.network.body_calls
    trained(module, data)
    assert module.network.body_calls == computed > 0


def test_head_inputs_computed_once_train_the_head_as_pictures_do(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    for once in (True, False):
        module, data = toy_training(frozen=3, unfrozen=0)
        if not once:
            monkeypatch.setattr(data, "_is_fixed", lambda phase: False)
        watch = Watch()
        trained(module, data, watch)
        ends.append((watch.weights[-1], module.metrics))
    (cached, metrics), (plain, plain_metrics) = ends
    for name in cached:
        torch.testing.assert_close(cached[name], plain[name], rtol=1e-4, atol=1e-5)
    assert metrics == pytest.approx(plain_metrics, rel=1e-4)


def test_rates_spread_geometrically_over_the_layer_groups() -> None:
    module, data = toy_training(frozen=2, unfrozen=3, lr=0.1)
    watch = Watch()
    trained(module, data, watch)
    each = len(watch.rates) // 5
    frozen, unfrozen = watch.rates[: 2 * each], watch.rates[2 * each :]
    assert {name.split(",")[0] for name in frozen[0]} == {"head"}
    highest = {name: max(rates[name] for rates in unfrozen) for name in unfrozen[0]}
    # No step of so few lies on the very top of the cycle.
    for name, multiple in {"stem": 0.01, "later": 0.01 * 10**0.5, "head": 0.1}.items():
        assert highest[name] == pytest.approx(0.1 * multiple, rel=0.05)
        assert highest[name] / highest["head"] == pytest.approx(multiple / 0.1, rel=1e-9)
    assert max(rates["head"] for rates in frozen) == pytest.approx(0.1, rel=0.05)


def test_each_phase_has_a_cycle_and_an_optimizer_of_its_own() -> None:
    module, data = toy_training(frozen=2, unfrozen=3)
    watch = Watch()
    trained(module, data, watch)
    each = len(watch.rates) // 5
    heads = [rates["head"] for rates in watch.rates]
    for part, top in ((heads[: 2 * each], 0.1), (heads[2 * each :], 0.01)):
        assert part[0] == pytest.approx(top / 25)
        assert part[-1] == pytest.approx(top / 250_000)
    assert watch.momenta[0] == watch.momenta[2 * each] == 0.95
    assert len(set(watch.optimizers[: 2 * each])) == 1
    assert watch.optimizers[0] != watch.optimizers[-1]


def test_weight_decay_leaves_biases_and_norm_layers_alone() -> None:
    module, _ = toy_training(frozen=0, unfrozen=1, weight_decay=0.3)
    optimizer = module.configure_optimizers()
    decayed = {id(p) for group in optimizer.param_groups if group["weight_decay"] for p in group["params"]}
    names = {name for name, p in module.network.named_parameters() if id(p) in decayed}
    assert names == {"body.0.weight", "body.3.weight", "head.2.weight"}
    every = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert sorted(every) == sorted(id(p) for p in module.network.parameters())


def test_one_group_of_layers_gets_the_lowest_rate() -> None:
    module, _ = toy_training(frozen=0, unfrozen=1)
    assert multiples(module.phases[0], 1) == [0.01]
    assert multiples(module.phases[0], 3) == pytest.approx([0.01, 0.1**1.5, 0.1])
    groups = parameter_groups(module.network, module.phases[0])
    assert isinstance(groups, list)
    assert all(group["params"] for group in groups)
    assert all(group["fused"] for group in module.configure_optimizers().param_groups)


def test_phases_follow_each_other() -> None:
    module, _ = toy_training(frozen=2, unfrozen=3)
    assert [phase_at(module.phases, epoch).name for epoch in range(7)] == ["frozen"] * 2 + ["unfrozen"] * 5


class SavedEveryEpoch(pl.Callback):
    """What a run's checkpoints/last.ckpt is after each epoch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        trainer.save_checkpoint(self.folder / f"{trainer.current_epoch}.ckpt", weights_only=False)


@pytest.mark.parametrize("epoch", [0, 1, 2, 3], ids=["frozen", "last_frozen", "unfrozen", "last_but_one"])
def test_resuming_in_either_phase_ends_with_the_very_same_weights(epoch: int, tmp_path: Path) -> None:
    module, data = toy_training(frozen=2, unfrozen=3)
    watch = Watch()
    trained(module, data, watch, SavedEveryEpoch(tmp_path))
    again, data = toy_training(frozen=2, unfrozen=3)
    torch.manual_seed(99)  # another process begins elsewhere
    later = Watch()
    trained(again, data, later, resume=tmp_path / f"{epoch}.ckpt")
    assert len(later.weights) == 4 - epoch
    assert all(torch.equal(watch.weights[-1][name], later.weights[-1][name]) for name in watch.weights[-1])
    assert later.rates == watch.rates[-len(later.rates) :]


def test_one_history_of_both_phases(tmp_path: Path) -> None:
    module, data = toy_training(frozen=2, unfrozen=2)
    recorder = Recorder(tmp_path)
    trained(module, data, recorder)
    rows = recorder.history.epochs
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3, 4]
    assert [step.epoch for step in recorder.history.steps] == sorted(step.epoch for step in recorder.history.steps)
    assert all(row["lr"] == step.lr for row, step in zip(rows[1:], _last_of_each_epoch(recorder), strict=True))


def _last_of_each_epoch(recorder: Recorder) -> list[Any]:
    return list({step.epoch: step for step in recorder.history.steps}.values())


class Threads(pl.Callback):
    """How many there are at each step."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def on_train_batch_end(self, *_: Any) -> None:
        self.seen.append(torch.get_num_threads())


def test_a_head_is_trained_in_one_thread_and_a_body_in_all() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        module, data = toy_training(frozen=2, unfrozen=1)
        threads = Threads()
        trained(module, data, OneThreadForHeads(data), threads)
        each = len(threads.seen) // 3
        assert threads.seen == [1] * (2 * each) + [3] * each
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_all_threads_are_back_after_a_training_that_failed() -> None:
    class Fails(pl.Callback):
        def on_train_batch_end(self, *_: Any) -> None:
            raise RuntimeError("spilt coffee")

    before = torch.get_num_threads()
    module, data = toy_training(frozen=2, unfrozen=0)
    with pytest.raises(RuntimeError, match="spilt coffee"):
        trained(module, data, OneThreadForHeads(data), Fails())
    assert torch.get_num_threads() == before
