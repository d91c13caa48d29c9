"""Which layers are trained when, and at which rate."""

from __future__ import annotations

import pytest
import torch
from toy_transfer import toy_training

from experiments.training.layer_table import about_phases, layer_lines
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


def test_the_record_has_the_rates_of_each_phase() -> None:
    module, _ = toy_training(frozen=2, unfrozen=1)
    frozen, unfrozen = about_phases(module, RATE) or []
    assert frozen == {
        "name": "frozen",
        "first_epoch": 1,
        "epochs": 2,
        "rates": {"stem": None, "later": None, "head": 0.003},
    }
    assert (unfrozen["name"], unfrozen["first_epoch"], unfrozen["epochs"]) == ("unfrozen", 3, 1)
    assert unfrozen["rates"] == pytest.approx({"stem": 3e-5, "later": 3e-5 * 10**0.5, "head": 3e-4})


def test_a_network_without_a_body_has_no_groups() -> None:
    module = SupervisedModule(torch.nn.Linear(2, 2), Classification(), torch.optim.SGD, Constant(1))
    assert layer_lines(module, RATE) == []
    assert about_phases(module, RATE) is None
