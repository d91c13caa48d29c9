"""A frozen body in `model/`: its bytes are shared, the folder is complete, and later training changes nothing in it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from toy_transfer import Pictures, ToyTransfer, toy_training
from typed import record

from experiments import Recorder
from experiments.models.transfer import Transfer
from experiments.training.weights import Keeper, read_model_weights

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:Found 5 module.*in eval mode"),  # the frozen body
]

HEAD_AND_BODY = ["body.safetensors", "model.safetensors"]


def frozen(*, train_norm: bool = False) -> ToyTransfer:
    network = ToyTransfer(train_norm=train_norm)
    network.freeze()
    return network


def train(network: nn.Module) -> None:
    """Change whatever is trained, and the statistics of batch norm that is in training mode."""
    network.train()
    network(torch.rand(8, 3, 8, 8)).square().sum().backward()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(1.0)


def copy_of(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def about(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "model.json").read_text())
    return content


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_snapshots_of_the_frozen_phase_have_the_body_in_common_and_heads_of_their_own() -> None:
    keeper, network = Keeper(), frozen()
    keeper.keep(network, 1, best=True)
    first = copy_of(network)
    train(network)
    keeper.keep(network, 2, best=False)
    assert keeper.best is not None
    assert keeper.last is not None
    body = [name for name in first if name.startswith("body.")]
    assert len(body) == 9
    assert all(keeper.best.weights[name] is keeper.last.weights[name] for name in body)
    assert same(keeper.best.weights, first)
    assert same(keeper.last.weights, network.state_dict())
    assert not torch.equal(keeper.best.weights["head.2.weight"], keeper.last.weights["head.2.weight"])


def test_a_snapshot_of_the_frozen_phase_stays_what_it_was_when_the_body_is_trained() -> None:
    keeper, network = Keeper(), frozen()
    keeper.keep(network, 1, best=True)
    before, body_hash = copy_of(network), network.body_hash()
    network.unfreeze()
    train(network)
    keeper.keep(network, 2, best=False)
    assert keeper.best is not None
    assert keeper.best.body is not None
    assert keeper.last is not None
    assert same(keeper.best.weights, before)
    assert keeper.best.body.hash == body_hash != network.body_hash()
    assert same(keeper.last.weights, network.state_dict())
    assert keeper.last.body is None


def test_a_body_that_is_frozen_once_more_is_copied_anew() -> None:
    keeper, network = Keeper(), frozen()
    keeper.keep(network, 1, best=False)
    network.unfreeze()
    train(network)
    keeper.keep(network, 2, best=False)
    network.freeze()
    keeper.keep(network, 3, best=False)
    assert keeper.last is not None
    assert keeper.last.body is not None
    assert same(keeper.last.weights, network.state_dict())
    assert keeper.last.body.hash == network.body_hash()


def test_a_body_whose_batch_norm_goes_on_learning_is_not_shared(tmp_path: Path) -> None:
    keeper, network = Keeper(), frozen(train_norm=True)
    keeper.keep(network, 1, best=True)
    before = copy_of(network)
    train(network)
    keeper.keep(network, 2, best=False)
    keeper.write(tmp_path, {})
    assert not torch.equal(before["body.1.running_mean"], network.state_dict()["body.1.running_mean"])
    assert same(read_model_weights(tmp_path / "model" / "best"), before)
    assert same(read_model_weights(tmp_path / "model"), network.state_dict())
    assert names(tmp_path / "model") == ["best", "model.json", "model.safetensors"]


def test_the_best_epoch_with_a_frozen_body_and_the_last_one_without(tmp_path: Path) -> None:
    keeper, network = Keeper(), frozen()
    keeper.keep(network, 1, best=True)
    before, body_hash = copy_of(network), network.body_hash()
    network.unfreeze()
    train(network)
    keeper.keep(network, 2, best=False)
    keeper.write(tmp_path, {"classes": ["a", "b"], "training": {"status": "finished"}})
    model, best = tmp_path / "model", tmp_path / "model" / "best"
    assert names(model) == ["best", "model.json", "model.safetensors"]
    assert names(best) == ["body.safetensors", "model.json", "model.safetensors"]
    assert same(read_model_weights(model), network.state_dict())
    assert same(read_model_weights(best), before)
    assert (about(model)["weights"], about(model)["body_hash"]) == (["model.safetensors"], None)
    assert (about(best)["weights"], about(best)["body_hash"]) == (HEAD_AND_BODY, body_hash)
    assert about(best)["training"] == {"status": "finished", "epoch": 1}
    assert about(best)["classes"] == ["a", "b"]


def test_both_folders_of_a_run_and_of_another_run_share_the_bytes_of_the_body(tmp_path: Path) -> None:
    torch.manual_seed(8)
    network = frozen()
    for run in ("a", "b"):
        keeper = Keeper()
        keeper.keep(network, 1, best=True)
        train(network)
        keeper.keep(network, 2, best=False)
        keeper.write(tmp_path / run, {})
    folders = [tmp_path / run / folder for run in "ab" for folder in ("model", "model/best")]
    paths = [folder / "body.safetensors" for folder in folders]
    assert len({path.stat().st_ino for path in paths}) == 1
    heads = [(folder / "model.safetensors").read_bytes() for folder in folders]
    assert len(set(heads)) == 3  # b's best is a's last


def test_a_copied_folder_is_complete_by_itself(tmp_path: Path) -> None:
    keeper, network = Keeper(), frozen()
    keeper.keep(network, 1, best=True)
    train(network)
    keeper.keep(network, 2, best=False)
    keeper.write(tmp_path / "run", {})
    shutil.copytree(tmp_path / "run" / "model", tmp_path / "copied", symlinks=True)
    shutil.rmtree(tmp_path / "run")
    other = ToyTransfer()
    other.load_state_dict(read_model_weights(tmp_path / "copied"), strict=True)
    assert same(other.state_dict(), network.state_dict())


def test_a_body_of_torchvisions_is_shared_and_fits_a_network_that_is_built_again(tmp_path: Path) -> None:
    network, other = (Transfer((3, 64, 64), 3, "squeezenet1_1", "none") for _ in range(2))
    keeper = Keeper()
    keeper.keep(network, 1, best=True)
    for run in ("a", "b"):
        keeper.write(tmp_path / run, {})
    first, second = (tmp_path / run / "model" for run in ("a", "b"))
    assert (first / "body.safetensors").samefile(second / "body.safetensors")
    assert (first / "model.safetensors").stat().st_size < (first / "body.safetensors").stat().st_size
    assert about(first)["body_hash"] == network.body_hash() != other.body_hash()
    other.load_state_dict(read_model_weights(first), strict=True)
    assert other.body_hash() == network.body_hash()
    assert same(other.state_dict(), network.state_dict())


def test_the_file_of_a_frozen_phase_goes_when_the_run_is_written_again_unfrozen(tmp_path: Path) -> None:
    network = frozen()
    for unfreeze in (False, True):
        if unfreeze:
            network.unfreeze()
            train(network)
        keeper = Keeper()
        keeper.keep(network, 1 + unfreeze, best=True)
        keeper.write(tmp_path, {})
    assert names(tmp_path / "model") == ["model.json", "model.safetensors"]
    assert same(read_model_weights(tmp_path / "model"), network.state_dict())


def test_weights_of_all_layers_win_over_a_body_that_a_killed_process_left_named(tmp_path: Path) -> None:
    """Killed after the weights were replaced, and before model.json was."""
    network = frozen()
    keeper = Keeper()
    keeper.keep(network, 1, best=True)
    keeper.write(tmp_path, {})
    before = (tmp_path / "model" / "model.json").read_bytes()
    network.unfreeze()
    train(network)
    keeper.keep(network, 2, best=True)
    keeper.write(tmp_path / "whole", {})
    shutil.copy(tmp_path / "whole" / "model" / "model.safetensors", tmp_path / "model")
    assert (tmp_path / "model" / "model.json").read_bytes() == before
    assert same(read_model_weights(tmp_path / "model"), network.state_dict())


def test_a_network_without_a_body_has_one_file(tmp_path: Path) -> None:
    keeper, network = Keeper(), nn.Linear(3, 2)
    keeper.keep(network, 1, best=True)
    keeper.write(tmp_path, {})
    assert names(tmp_path / "model") == ["model.json", "model.safetensors"]
    assert (about(tmp_path / "model")["weights"], about(tmp_path / "model")["body_hash"]) == (
        ["model.safetensors"],
        None,
    )
    assert same(read_model_weights(tmp_path / "model"), network.state_dict())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder of a head and a body."""
    keeper = Keeper()
    keeper.keep(frozen(), 1, best=True)
    keeper.write(tmp_path, {})
    return tmp_path / "model"


def test_a_folder_that_names_no_files_has_one(model: Path) -> None:
    (model / "model.json").write_text("{}")
    assert read_model_weights(model).keys() == {name for name in frozen().state_dict() if name.startswith("head.")}


@pytest.mark.parametrize("name", HEAD_AND_BODY)
def test_a_missing_file_is_named(name: str, model: Path) -> None:
    (model / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        read_model_weights(model)


@pytest.mark.parametrize("name", HEAD_AND_BODY)
@pytest.mark.parametrize("keep", [0, 40, -1], ids=["empty", "half_a_header", "truncated"])
def test_a_damaged_file_is_named(name: str, keep: int, model: Path) -> None:
    content = (model / name).read_bytes()
    (model / name).unlink()
    (model / name).write_bytes(content[:keep])
    with pytest.raises(ValueError, match=rf"{name} is damaged or no safetensors file"):
        read_model_weights(model)


@pytest.mark.parametrize("name", ["../../mine.safetensors", "/etc/passwd", "other.safetensors", 7, None])
def test_a_file_that_is_none_of_ours_is_not_read(name: object, model: Path) -> None:
    (model / "model.json").write_text(json.dumps({"weights": [name]}))
    with pytest.raises(ValueError, match=r"model\.json names a file"):
        read_model_weights(model)


def fitted(folder: Path, frozen_epochs: int, unfrozen_epochs: int) -> ToyTransfer:
    """A training in both phases, from the pictures."""
    module, _ = toy_training(frozen_epochs, unfrozen_epochs)
    loader = DataLoader(Pictures(), batch_size=30)
    silent = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    settings: dict[str, Any] = {"max_epochs": frozen_epochs + unfrozen_epochs, "accelerator": "cpu", "logger": False}
    recorder = Recorder(folder, keep_checkpoint=True)
    pl.Trainer(callbacks=[recorder], num_sanity_val_steps=-1, **settings, **silent).fit(module, loader, [loader] * 2)
    assert isinstance(module.network, ToyTransfer)
    return module.network


def test_a_run_that_ends_frozen_shares_its_body_with_the_next(tmp_path: Path) -> None:
    networks = [fitted(tmp_path / run, 2, 0) for run in "ab"]
    folders = [tmp_path / run / "model" for run in "ab"]
    assert len({(folder / "body.safetensors").stat().st_ino for folder in folders}) == 1
    for folder, network in zip(folders, networks, strict=True):
        assert same(read_model_weights(folder), network.state_dict())
        assert about(folder)["body_hash"] == network.body_hash()


def test_a_run_through_both_phases_has_one_file_at_the_end_and_a_whole_checkpoint(tmp_path: Path) -> None:
    network = fitted(tmp_path, 1, 2)
    assert record(tmp_path)["status"] == "finished"
    assert about(tmp_path / "model")["weights"] == ["model.safetensors"]
    assert same(read_model_weights(tmp_path / "model"), network.state_dict())


def test_a_checkpoint_has_the_frozen_body_too(tmp_path: Path) -> None:
    network = fitted(tmp_path, 1, 0)
    checkpoint = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert same({name.removeprefix("network."): tensor for name, tensor in checkpoint.items()}, network.state_dict())
