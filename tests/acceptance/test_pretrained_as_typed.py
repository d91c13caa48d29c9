"""A pretrained network, as it is typed: weights from a file, two phases, what is on disk, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import get_model
from typing_in import Typed, record, rows, type_in

from experiments.models.transfer import Transfer
from experiments.training.weights import read_model_weights

SMALL = ["recipe=bears", "dataset.root=../bears", "model=squeezenet1_1", "dataset.image_size=48", "trainer=cpu"]
WEIGHTS = "model.weights=../weights.pth"
BATCH = "dataset.batch_size=8"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright and dark pictures, and weights that were never trained."""
    folder = tmp_path_factory.mktemp("transfer")
    random = np.random.default_rng(1)
    for label, light in (("bright", 90), ("dark", 0)):
        (folder / "bears" / label).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(0, 160, (48, 48, 3)) + light
            Image.fromarray(pixels.astype(np.uint8)).save(folder / "bears" / label / f"{number}.png")
    torch.manual_seed(5)
    torch.save(get_model("squeezenet1_1", weights=None).state_dict(), folder / "weights.pth")
    return folder


@pytest.fixture(scope="module")
def trained(place: Path) -> Typed:
    words = ["schedule.epochs=2", "schedule.unfrozen_epochs=1", "dataset.test_fraction=0.1"]
    done = type_in(place / "trained", "fit", *SMALL, WEIGHTS, BATCH, *words)
    assert done.code == 0, done.err
    return done


def test_the_layer_groups_are_shown_with_their_rates(trained: Typed) -> None:
    assert "model     squeezenet1_1, 1,251,394 parameters, 528,898 of them trained at first" in trained.err
    assert "1 epoch of" in trained.err
    table = [
        line.split("  ") for line in trained.err.splitlines() if line.strip().startswith(("stem", "later", "head"))
    ]
    assert [cells[-1].strip() for cells in table] == ["rate 3e-05", "rate 9.5e-05", "rate 0.0003"]


def test_run_json_has_both_phases(trained: Typed) -> None:
    run = record(trained.only)
    assert [(phase["name"], phase["first_epoch"], phase["epochs"]) for phase in run["phases"]] == [
        ("frozen", 1, 2),
        ("unfrozen", 3, 1),
    ]
    assert run["phases"][0]["rates"]["head"] == 0.003
    assert run["parameters"]["total"] == run["parameters"]["trained"] == 1_251_394
    assert len(run["weights_hash"]) == 64
    assert [row["epoch"] for row in rows(trained.only / "history.csv")] == ["0", "1", "2", "3"]


def test_predictions_are_those_of_the_model_folder_on_the_pictures(trained: Typed, place: Path) -> None:
    about = json.loads((trained.only / "model/model.json").read_text())
    assert about["architecture"]["weights"] == "none"
    network = Transfer((3, 48, 48), 2, "squeezenet1_1", "none", freeze_body=False).eval()
    network.load_state_dict(read_model_weights(trained.only / "model"))
    for row in rows(trained.only / "predictions.csv"):
        pixels = np.asarray(Image.open(place / "bears" / row["path"]).convert("RGB"), np.float32) / 255
        image = torch.from_numpy((pixels - np.float32(about["mean"])) / np.float32(about["std"])).permute(2, 0, 1)
        with torch.no_grad():
            losses = -network(image[None]).log_softmax(1)[0]
        assert float(losses[about["classes"].index(row["label"])]) == pytest.approx(float(row["loss"]), abs=1e-3)


def test_the_frozen_phase_alone_shares_its_body_and_is_tested_on_what_was_computed(place: Path) -> None:
    words = ["schedule.epochs=1", "schedule.unfrozen_epochs=0", "dataset.test_fraction=0.1", "-m", "seed=0,1"]
    done = type_in(place / "frozen", "fit", *SMALL, WEIGHTS, BATCH, *words)
    assert done.code == 0, done.err
    one, other = (done.only / f"seed={seed}" for seed in (0, 1))
    assert (one / "model/body.safetensors").samefile(other / "model/body.safetensors")
    assert record(one)["metrics"]["test"]["size"] > 0
    assert record(one)["parameters"] == {"total": 1_251_394, "trained": 528_898}
    again = type_in(place / "again", "fit", *SMALL, WEIGHTS, BATCH, *words[:3], "seed=1")
    ours, theirs = (rows(folder / "predictions.csv") for folder in (again.only, other))
    assert ours == theirs, "alone and in a sweep are the same run"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model.weights=../nowhere.pth"], "model.weights=../nowhere.pth\n    there is no such file"),
        (["model.weights=../bears"], "model.weights=../bears\n    this is a folder"),
        (["model=mobilenet_v2", WEIGHTS], "model.weights=../weights.pth\n    does not fit the body of mobilenet_v2:"),
        (
            ["model=torchvision", "model.architecture=resnet81", "model.weights=none"],
            "model.architecture=resnet81\n    torchvision has no classification model of this name",
        ),
        (
            ["model=torchvision", "model.architecture=vit_b_16", "model.weights=none"],
            "model.architecture=vit_b_16\n    has no body that a new head could be put on",
        ),
        ([WEIGHTS, "dataset.batch_size=1"], "dataset.batch_size=1\n    the head normalises over the images"),
        ([WEIGHTS, "dataset=digits", "dataset.views=3"], "dataset.views=3\n    views are augmented variants"),
        ([WEIGHTS, "dataset.image_size=8"], "dataset.image_size"),
    ],
)
def test_refusals_are_said_once_and_leave_nothing(place: Path, tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "bears").symlink_to(place / "bears")
    (tmp_path / "weights.pth").symlink_to(place / "weights.pth")
    done = type_in(tmp_path / "refused", "fit", *SMALL, *words)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("nothing was trained") == 1
    assert "ConfigurationError" not in done.err
    assert not list((tmp_path / "refused").iterdir())


def test_a_sweep_names_the_mistakes_of_all_its_jobs_at_once(place: Path) -> None:
    words = ["-m", "model.weights=none", "model=torchvision", "model.architecture=squeezenet1_1,resnet81,vit_b_16"]
    done = type_in(place / "all", "fit", *SMALL, *words)
    assert done.code == 2
    assert "2 mistakes" in done.err
    assert "resnet81" in done.err
    assert "vit_b_16" in done.err
