"""What a checkpoint says of the weights that are worth keeping, and the folders that come of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from toy_transfer import toy_training

from experiments.data.cache_folder import VARIABLE
from experiments.training.weights import Keeper, read_model_weights


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))


def moved(network: nn.Module, *, body: bool) -> None:
    """As a step of training does."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if body or name.startswith("head."):
                parameter.add_(1.0)


def folders(keeper: Keeper, folder: Path) -> dict[str, Any]:
    """The weights of both folders, and the names of their files."""
    keeper.write(folder, {})
    found: dict[str, Any] = {}
    for place in ("model", "model/best"):
        if (folder / place).exists():
            weights = {name: tensor.tolist() for name, tensor in read_model_weights(folder / place).items()}
            files = {path.name: sorted(load_file(path)) for path in (folder / place).glob("*.safetensors")}
            found[place] = (weights, files)
    return found


@pytest.mark.parametrize("unfrozen", [False, True], ids=["frozen", "trained_since"])
@pytest.mark.parametrize("best_last", [False, True])
def test_the_same_folders_after_a_checkpoint(tmp_path: Path, unfrozen: bool, best_last: bool) -> None:
    module, _ = toy_training(frozen=2, unfrozen=1)
    network, keeper = module.network, Keeper()
    keeper.keep(network, 1, best=True)
    moved(network, body=False)
    if unfrozen:
        network.unfreeze()  # type: ignore[operator]
        moved(network, body=True)
    keeper.keep(network, 2, best=best_last)
    state, restored = copy.deepcopy(keeper.state()), Keeper()
    restored.go_on_from(network, state)
    expected = folders(keeper, tmp_path / "before")
    assert folders(restored, tmp_path / "after") == expected
    assert ("model/best" in expected) is not best_last


def test_a_frozen_body_is_not_in_the_checkpoint_twice() -> None:
    module, _ = toy_training(frozen=2, unfrozen=0)
    keeper = Keeper()
    keeper.keep(module.network, 1, best=True)
    moved(module.network, body=False)
    keeper.keep(module.network, 2, best=False)
    best = keeper.state()["best"]
    assert best["epoch"] == 1
    assert best["weights"].keys() == {name for name in module.network.state_dict() if name.startswith("head.")}
