"""Which layers are trained when, and at which rate."""

from __future__ import annotations

import torch
from toy_transfer import toy_training

from experiments.training.layer_table import layer_lines
from experiments.training.module import SupervisedModule
from experiments.training.schedules import Constant
from experiments.training.task import Classification

RATE = {"optimizer": {"lr": 0.003}}


def test_a_line_a_group_and_a_column_a_phase() -> None:
    module, _ = toy_training(frozen=2, unfrozen=1)
    assert layer_lines(module, RATE) == [
        "layer group  parameters  epochs 1 to 2  epoch 3",
        "stem                120  frozen         rate 3e-05",
        "later               111  frozen         rate 9.5e-05",
        "head                 26  rate 0.003     rate 0.0003",
    ]


def test_batch_norm_that_goes_on_learning_is_named() -> None:
    module, _ = toy_training(frozen=2, unfrozen=0, train_norm=True)
    assert layer_lines(module, RATE)[1] == "stem                120  batch norm alone"


def test_an_optimizer_without_a_rate_of_ours_has_its_own() -> None:
    module, _ = toy_training(frozen=0, unfrozen=2)
    assert layer_lines(module, {"optimizer": {}})[-1] == "head                 26  0.1 of its rate"


def test_a_network_without_a_body_has_no_groups() -> None:
    module = SupervisedModule(torch.nn.Linear(2, 2), Classification(), torch.optim.SGD, Constant(1))
    assert layer_lines(module, RATE) == []
