"""The files of a run, field by field as the contract has them."""

import importlib
import json
import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from sklearn.datasets import load_digits
from torch.nn import functional as F  # noqa: N812
from typed import SMALL, Typed, column, fit_typed, record, rows, strict_json

from experiments import compose
from experiments.data.line import Line
from experiments.runs.config_hash import config_hash
from experiments.training.weights import read_model_weights

ADVERTISEMENTS = re.compile(r"tip:|litlogger|lightning\.ai|upgrade|💡|⚡", re.IGNORECASE)


def network_of(model: Path) -> torch.nn.Module:
    """A network from what a model folder says, in evaluation mode."""
    about = json.loads((model / "model.json").read_text())
    target = about["architecture"].pop("_target_")
    module, _, name = target.rpartition(".")
    network: torch.nn.Module = getattr(importlib.import_module(module), name)(**about["architecture"])
    network.load_state_dict(read_model_weights(model))
    return network.eval()


def evaluate(model: Path, run: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and labels of the run's validation digits, prepared as model.json says and straight from scikit-learn."""
    about = json.loads((model / "model.json").read_text())
    bunch = load_digits()
    numbers = [int(row["path"].removeprefix("digits/")) for row in rows(run / "predictions.csv")]
    pixels = torch.tensor(bunch.images[numbers] / 16, dtype=torch.float32).unsqueeze(1)
    images = (pixels - about["mean"][0]) / about["std"][0]
    with torch.no_grad():
        return network_of(model)(images), torch.tensor(bunch.target[numbers])


def test_run_json_has_every_field(digits: Typed) -> None:
    run = record(digits.run)
    assert list(run) == [
        "schema", "status", "command", "overrides", "variation", "config_dir", "configuration", "config_hash", "seed",
        "versions", "code", "pid", "host", "heartbeat", "started", "resumed", "seconds", "device", "parameters",
        "data", "weights_hash", "phases", "guess", "critical_rate",
        "metrics", "expect", "parent", "reason", "error",
    ]  # fmt: skip
    assert (run["schema"], run["status"], run["seed"], run["overrides"]) == (1, "finished", 42, [])
    assert re.fullmatch("[0-9a-f]{64}", run["config_hash"])
    assert {"python", "torch", "pytorch-lightning", "hydra-core"} <= run["versions"].keys()
    assert run["versions"]["torch"] in torch.__version__
    assert run["parameters"] == {"total": 95_242, "trained": 95_242}
    assert run["device"] in ("cpu", "cuda:0", "mps:0")
    assert run["parent"] is run["reason"] is run["error"] is None
    started, heartbeat = (datetime.fromisoformat(run[name]) for name in ("started", "heartbeat"))
    assert started <= heartbeat <= datetime.now(UTC)
    assert 0 < run["seconds"] < 120
    assert set(run["code"]) == {"version", "commit", "dirty"}
    assert run["code"]["commit"] is None or re.fullmatch("[0-9a-f]{40}", run["code"]["commit"])


def test_run_json_describes_the_data(digits: Typed) -> None:
    data, split = record(digits.run)["data"], rows(digits.run / "split.csv")
    assert data["kind"] == "classification"
    assert data["classes"] == list("0123456789")
    sides = [row["split"] for row in split]
    assert (data["train_size"], data["valid_size"]) == (sides.count("train"), sides.count("valid")) == (1437, 360)
    assert re.fullmatch("[0-9a-f]{64}", data["split_hash"])


def test_the_configuration_hash_is_of_the_resolved_configuration_and_the_split(digits: Typed) -> None:
    run = record(digits.run)
    configuration: Any = OmegaConf.to_container(compose())
    known = {"split_hash": run["data"]["split_hash"], "weights_hash": None}
    version = run["code"]["version"]
    assert config_hash(configuration, **known, package_version=version) == run["config_hash"]
    configuration["optimizer"]["lr"] = 0.004
    assert config_hash(configuration, **known, package_version=version) != run["config_hash"]


def test_metrics_are_the_last_and_the_best_epoch(digits: Typed) -> None:
    metrics, history = record(digits.run)["metrics"], rows(digits.run / "history.csv")
    best = min(history[1:], key=lambda row: (float(row["error_rate"]), float(row["valid_loss"]), int(row["epoch"])))
    for name, row in (("final", history[-1]), ("best", best)):
        assert metrics[name] == {
            "epoch": int(row["epoch"]),
            "valid_loss": float(row["valid_loss"]),
            "error_rate": float(row["error_rate"]),
        }


def test_the_expectation_is_declared_and_answered(digits: Typed) -> None:
    expect = record(digits.run)["expect"]
    assert expect["declared"] == {
        "verdict": "healthy",
        "error_rate": "< 0.15 * guessing",
        "valid_loss": "< 0.2 * guessing",
    }
    assert expect["answer"] == "confirmed"
    assert [detail["metric"] for detail in expect["details"]] == ["verdict", "error_rate", "valid_loss"]
    assert expect["details"][0] | {"answer": None} == {
        "metric": "verdict", "bound": "healthy", "value": "healthy", "answer": None,
    }  # fmt: skip


def test_run_json_holds_the_configuration_and_how_to_vary_it(digits: Typed) -> None:
    run = record(digits.run)
    assert run["configuration"]["optimizer"]["lr"] == 0.003
    assert run["configuration"]["schedule"]["epochs"] == 4
    assert (run["variation"], run["config_dir"]) == ([], None)


def test_history_has_a_row_an_epoch_and_the_first_is_before_training(digits: Typed) -> None:
    text = (digits.run / "history.csv").read_text()
    head = "epoch,lr,train_loss,train_loss_eval,train_error_rate_eval,valid_loss,error_rate,seconds"
    assert text.splitlines()[0] == head
    history = rows(digits.run / "history.csv")
    assert [row["epoch"] for row in history] == ["0", "1", "2", "3", "4"]
    assert (history[0]["lr"], history[0]["train_loss"], history[0]["seconds"]) == ("", "", "")
    assert float(history[0]["valid_loss"]) == pytest.approx(math.log(10), abs=0.1)
    assert all(cell for row in history[1:] for cell in row.values())


def test_history_of_a_regression_has_rmse_instead_of_error_rates(line: Typed) -> None:
    history = rows(line.run / "history.csv")
    assert list(history[0])[-1] == "rmse"
    assert {row["error_rate"] + row["train_error_rate_eval"] for row in history} == {""}
    for row in history:
        assert float(row["rmse"]) ** 2 == pytest.approx(float(row["valid_loss"]))


def test_training_loss_is_the_mean_of_its_steps_and_not_the_one_in_evaluation_mode(digits: Typed) -> None:
    history, steps = rows(digits.run / "history.csv"), rows(digits.run / "steps.csv")
    for row in history[1:]:
        losses = [float(step["train_loss"]) for step in steps if step["epoch"] == row["epoch"]]
        assert float(row["train_loss"]) == pytest.approx(np.mean(losses))
        # Dropout is on while training, and the network gets better during the epoch.
        assert float(row["train_loss_eval"]) < float(row["train_loss"])
        assert float(row["lr"]) == next(float(s["lr"]) for s in reversed(steps) if s["epoch"] == row["epoch"])


def test_training_loss_in_evaluation_mode_is_of_training_images(digits: Typed) -> None:
    """The last row's can be recomputed: at most as many training images as there are for validation."""
    bunch, about = load_digits(), json.loads((digits.run / "model" / "model.json").read_text())
    train = [int(r["path"].removeprefix("digits/")) for r in rows(digits.run / "split.csv") if r["split"] == "train"]
    pixels = torch.tensor(bunch.images[train] / 16, dtype=torch.float32).unsqueeze(1)
    with torch.no_grad():
        logits = network_of(digits.run / "model")((pixels - about["mean"][0]) / about["std"][0])
        losses = F.cross_entropy(logits, torch.tensor(bunch.target[train]), reduction="none")
    # A quarter of the training images were taken, so their mean is near the mean of all.
    error = float(losses.std()) / 360**0.5
    assert column(digits.run / "history.csv", "train_loss_eval")[-1] == pytest.approx(
        float(losses.mean()), abs=4 * error
    )


def test_steps_have_a_row_a_step(digits: Typed) -> None:
    steps = rows(digits.run / "steps.csv")
    assert list(steps[0]) == ["step", "epoch", "lr", "train_loss", "grad_norm"]
    assert [int(step["step"]) for step in steps] == list(range(4 * 22))
    assert [int(step["epoch"]) for step in steps] == [1 + n // 22 for n in range(4 * 22)]
    assert all(float(step["grad_norm"]) > 0 for step in steps)


def test_recorded_gradient_norm_is_that_of_the_loss(line: Typed) -> None:
    """By hand, for the first step of the line at (-1, 1): the gradient of the mean squared error."""
    pool = Line().load()
    train = [n for n, side in enumerate(pool.splits or []) if side == "train"]
    x, y = pool.inputs[train].double(), pool.targets[train].double()
    residual = x @ torch.tensor([[-1.0], [1.0]], dtype=torch.float64) - y
    gradient = 2 * (x * residual).mean(dim=0)
    assert column(line.run / "steps.csv", "grad_norm")[0] == pytest.approx(float(gradient.norm()), rel=1e-5)


def test_predictions_agree_with_the_last_row_of_history(digits: Typed) -> None:
    predictions, last = rows(digits.run / "predictions.csv"), rows(digits.run / "history.csv")[-1]
    assert list(predictions[0]) == ["path", "sha256", "label", "predicted", "probability", "loss"]
    wrong = [row for row in predictions if row["label"] != row["predicted"]]
    assert len(wrong) / len(predictions) == pytest.approx(float(last["error_rate"]), abs=1e-12)
    assert np.mean([float(row["loss"]) for row in predictions]) == pytest.approx(float(last["valid_loss"]), rel=1e-6)
    for row in predictions:
        if row["label"] == row["predicted"]:
            assert float(row["loss"]) == pytest.approx(-math.log(float(row["probability"])), abs=1e-5)


def test_predictions_of_a_regression_have_no_probability(line: Typed) -> None:
    predictions, last = rows(line.run / "predictions.csv"), rows(line.run / "history.csv")[-1]
    errors = [(float(row["predicted"]) - float(row["label"])) ** 2 for row in predictions]
    assert np.mean(errors) == pytest.approx(float(last["valid_loss"]), rel=1e-4)
    assert {row["probability"] for row in predictions} == {""}


def test_split_names_every_image_once(digits: Typed) -> None:
    split = rows(digits.run / "split.csv")
    assert list(split[0]) == ["path", "sha256", "label", "split"]
    assert sorted(row["path"] for row in split) == [f"digits/{n:04d}" for n in range(1797)]
    assert all(re.fullmatch("[0-9a-f]{64}", row["sha256"]) for row in split)
    valid = {row["path"]: row["label"] for row in split if row["split"] == "valid"}
    assert {row["path"]: row["label"] for row in rows(digits.run / "predictions.csv")} == valid


def test_the_model_folder_reproduces_the_predictions(digits: Typed) -> None:
    model = digits.run / "model"
    about = strict_json((model / "model.json").read_text())
    assert about["classes"] == list("0123456789")
    assert (about["size"], about["mean"], about["std"]) == ([8, 8], [0.3053], [0.376])
    assert about["training"]["epoch"] == 4
    logits, labels = evaluate(model, digits.run)
    probability, predicted = logits.softmax(dim=1).max(dim=1)
    predictions = rows(digits.run / "predictions.csv")
    assert [int(row["label"]) for row in predictions] == labels.tolist()
    assert [int(row["predicted"]) for row in predictions] == predicted.tolist()
    np.testing.assert_allclose([float(row["probability"]) for row in predictions], probability, rtol=1e-4)
    losses = F.cross_entropy(logits, labels, reduction="none")
    np.testing.assert_allclose([float(row["loss"]) for row in predictions], losses, rtol=1e-3, atol=1e-6)


def test_an_earlier_better_epoch_is_kept_beside_the_last(line: Typed) -> None:
    """The best line for the validation points is passed on the way to the best one for the training points."""
    metrics, model = record(line.run)["metrics"], line.run / "model"
    assert 0 < metrics["best"]["epoch"] < metrics["final"]["epoch"] == 100
    pool = Line().load()
    valid = [n for n, side in enumerate(pool.splits or []) if side == "valid"]
    for folder, name in ((model / "best", "best"), (model, "final")):
        about = json.loads((folder / "model.json").read_text())
        assert about["training"]["epoch"] == metrics[name]["epoch"]
        with torch.no_grad():
            rmse = (network_of(folder)(pool.inputs[valid]) - pool.targets[valid]).square().mean().sqrt()
        assert float(rmse) == pytest.approx(metrics[name]["rmse"], rel=1e-6)
    assert metrics["best"]["rmse"] < 0.9995 * metrics["final"]["rmse"]


def test_no_second_model_where_the_last_epoch_is_the_best(digits: Typed) -> None:
    assert record(digits.run)["metrics"]["best"]["epoch"] == 4
    assert not (digits.run / "model" / "best").exists()


def test_fit_log_has_what_lightning_says_and_the_terminal_has_not(digits: Typed) -> None:
    text = (digits.run / "fit.log").read_text()
    assert "GPU available" in text
    assert "`max_epochs=4` reached" in text
    assert not ADVERTISEMENTS.search(text)
    assert "log_every_n_steps" not in text
    for said in (digits.out, digits.err):
        assert "GPU" not in said
        assert "max_epochs" not in said
        assert "Warning" not in said
        assert not ADVERTISEMENTS.search(said)


def test_hydra_records_what_was_asked(digits: Typed) -> None:
    assert {path.name for path in (digits.run / ".hydra").iterdir()} == {"config.yaml", "hydra.yaml", "overrides.yaml"}


def test_nothing_else_is_left_in_a_run(digits: Typed) -> None:
    names = {re.sub(r"tfevents\..*", "tfevents", path.name) for path in digits.run.iterdir()}
    assert names - {"hparams.yaml", "diagnosis.json"} == {
        "run.json", "history.csv", "steps.csv", "predictions.csv", "split.csv", "model", "events.out.tfevents",
        ".hydra", "fit.log",
    }  # fmt: skip
    assert sorted(path.name for path in digits.folder.iterdir()) == ["outputs"]


def test_a_kept_checkpoint_is_of_the_last_epoch_and_holds_no_code(line: Typed) -> None:
    """A line's epochs are shorter than saving is: most are not saved, and the last must be."""
    (path,) = (line.run / "checkpoints").iterdir()
    assert path.name == "last.ckpt"
    checkpoint = torch.load(path, weights_only=True)
    assert checkpoint["global_step"] == 100
    weights = read_model_weights(line.run / "model")
    assert torch.equal(checkpoint["state_dict"]["network.layer.weight"], weights["layer.weight"])
    assert checkpoint["optimizer_states"]


def test_a_run_without_tensorboard_has_all_the_other_files(tmp_path: Path) -> None:
    run = fit_typed(tmp_path, *SMALL, "logger=csv").run
    assert not list(run.glob("events*"))
    assert len(rows(run / "history.csv")) == 3
    metrics = rows(run / "metrics.csv")
    losses = [row["epoch/valid_loss"] for row in metrics]
    assert [float(loss) for loss in losses] == pytest.approx(column(run / "history.csv", "valid_loss"))
