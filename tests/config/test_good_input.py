"""What may be typed, and what it means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from answers import Answer, Typed
from omegaconf import OmegaConf

from experiments.api import compose
from experiments.config.composition import Composer
from experiments.sweeps.plan import make_plan


def configuration(*overrides: str) -> dict[str, Any]:
    """The checked configuration of a single run."""
    return make_plan(Composer(), overrides).jobs[0].examined.configuration


def value_of(tree: Any, key: str) -> object:
    """The value of a dotted key."""
    for part in key.split("."):
        tree = tree[part]
    return tree


# The defaults that CONTRACT.md names.
CONTRACT: list[tuple[str, object]] = [
    ("seed", 42),
    ("keep_checkpoint", False),
    ("dataset._target_", "experiments.data.digits.Digits"),
    ("dataset.valid_fraction", 0.2),
    ("dataset.split_seed", 42),
    ("dataset.subset_fraction", 1.0),
    ("dataset.batch_size", 64),
    ("dataset.augment", "default"),
    ("model._target_", "experiments.models.small_cnn.SmallCNN"),
    ("model.dropout", 0.5),
    ("optimizer._target_", "torch.optim.AdamW"),
    ("optimizer.lr", 3e-3),
    ("optimizer.weight_decay", 1e-2),
    ("schedule._target_", "experiments.training.schedules.OneCycle"),
    ("schedule.epochs", 4),
    ("trainer.accelerator", "auto"),
    ("logger._target_", "pytorch_lightning.loggers.TensorBoardLogger"),
    ("expect.verdict", "healthy"),
]


@pytest.mark.parametrize(("key", "value"), CONTRACT, ids=[key for key, _ in CONTRACT])
def test_a_default_is_what_the_contract_says(key: str, value: object) -> None:
    found = value_of(configuration(), key)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("experiment", "changes"),
    [
        ("good", {}),
        ("learning_rate_too_high", {"optimizer.lr": 0.5}),
        ("learning_rate_too_low", {"optimizer.lr": 1e-5, "schedule.epochs": 5}),
        ("too_few_epochs", {"schedule.epochs": 1}),
        (
            "too_many_epochs",
            {
                "schedule.epochs": 40,
                "dataset.subset_fraction": 0.1,
                "dataset.augment": "none",
                "model.dropout": 0.0,
                "optimizer.weight_decay": 0.0,
            },
        ),
    ],
)
def test_an_experiment_changes_the_base_in_nothing_else(experiment: str, changes: dict[str, object]) -> None:
    base = OmegaConf.create(configuration())
    for key, value in changes.items():
        OmegaConf.update(base, key, value)
    changed = configuration(f"experiment={experiment}")
    for one in (base, changed):
        one.pop("expect")
        one.pop("fits", None)
    assert changed == base


def test_a_folder_of_pictures_has_the_pixels_of_the_contract() -> None:
    dataset = configuration("dataset=folder", "dataset.root=pictures")["dataset"]
    assert (dataset["image_size"], dataset["batch_size"], dataset["root"]) == (224, 64, "pictures")


@pytest.mark.parametrize("prefix", ["", "+", "++"])
def test_no_key_needs_a_plus_and_none_minds_one(prefix: str) -> None:
    assert configuration(f"{prefix}optimizer.lr=0.1")["optimizer"]["lr"] == 0.1


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("dataset.batch_size=all", "dataset.batch_size", "all"),
        ("seed=null", "seed", None),
        ("optimizer.lr=1", "optimizer.lr", 1.0),
        ("optimizer.lr=1e-3", "optimizer.lr", 1e-3),
        ("trainer.gradient_clip_val=1", "trainer.gradient_clip_val", 1.0),
        ("optimizer.betas=[0,0.5]", "optimizer.betas", [0.0, 0.5]),
        ("fits=classification", "fits", "classification"),
        ("sweep=null", "name", None),
        ("name=2024", "name", "2024"),
        ("optimizer={lr:0.25}", "optimizer.lr", 0.25),
    ],
)
def test_a_value_has_its_keys_type(override: str, key: str, value: object) -> None:
    found = value_of(configuration(override), key)
    assert (found, type(found)) == (value, type(value))


def test_a_regression_may_expect_what_no_file_names() -> None:
    assert configuration("recipe=line", "expect.rmse='< 0.4'")["expect"]["rmse"] == "< 0.4"


def test_another_option_goes_with_an_experiment_that_sets_keys_below_it() -> None:
    found = configuration("experiment=learning_rate_too_high", "optimizer=sgd", "dataset.split_seed=1")
    assert found["optimizer"] == {"_target_": "torch.optim.SGD", "lr": 0.5, "momentum": 0.9, "weight_decay": 0.0}


def test_the_same_value_that_the_experiment_sets_is_no_clash() -> None:
    assert configuration("experiment=learning_rate_too_high", "optimizer.lr=5e-1")["optimizer"]["lr"] == 0.5


def test_one_composition_leaves_nothing_to_the_next() -> None:
    composer = Composer()
    make_plan(composer, ["experiment=learning_rate_too_high", "optimizer.lr=0.5", "seed=7", "optimizer.weight_decay=1"])
    make_plan(composer, ["experiment=too_many_epochs", "optimizer.betas=[0,0]"])
    assert make_plan(composer, []).jobs[0].examined.configuration == configuration()


def test_a_key_without_meaning_is_ignored_with_a_notice(typed: Typed) -> None:
    answer = typed("fit model=linear model.dropout=0.2 +optimizer.momentum=0.8 dataset.root=x --dry-run")
    assert answer.code == 0
    assert answer.err == (
        "note: model.dropout=0.2 has no meaning for model=linear and is ignored\n"
        "note: optimizer.momentum=0.8 has no meaning for optimizer=adamw and is ignored\n"
        "note: dataset.root=x has no meaning for dataset=digits and is ignored\n"
    )
    assert answer.out.endswith("    model=linear\n")


def test_what_an_experiment_sets_without_meaning_for_the_model_is_ignored_too(typed: Typed) -> None:
    answer = typed("fit experiment=too_many_epochs model=linear --dry-run")
    assert answer.err == ""  # no dropout is what a line has anyway
    assert "dropout" not in configuration("experiment=too_many_epochs", "model=linear")["model"]


def test_a_folder_at_home(typed: Typed, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here / "me"))
    for number, name in enumerate(("bears", "wolves")):
        (here / "me" / "pictures" / name).mkdir(parents=True)
        (here / "me" / "pictures" / name / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    answer = typed("fit --cfg job -p dataset dataset=folder dataset.root=~/pictures")
    assert yaml.safe_load(answer.out)["root"] == str(here / "me" / "pictures")
    quoted = typed("fit dataset=folder \"dataset.root='~/pictures'\" --dry-run")
    assert (quoted.code, quoted.err) == (0, "")
    two = typed("fit -m dataset=folder dataset.root=~/pictures,~/other --dry-run")
    assert f"dataset.root={here}/me/pictures\n" in two.out
    assert f"dataset.root={here}/me/other\n" in two.out


def test_dry_run_shows_where_the_run_would_go(typed: Typed, here: Path) -> None:
    answer = typed("fit hydra.run.dir=out/mine optimizer.lr=0.1 --dry-run")
    assert answer == Answer(0, "out/mine    hydra.run.dir=out/mine optimizer.lr=0.1\n", "")
    assert list(here.iterdir()) == []


def test_dry_run_of_a_sweep_shows_its_jobs(typed: Typed) -> None:
    answer = typed("fit -m optimizer.lr=1e-4,1e-3,1e-2 seed=0,1 hydra.sweep.dir=here --dry-run")
    jobs = [(lr, seed) for lr in ("0.0001", "0.001", "0.01") for seed in (0, 1)]
    assert answer.err == ""
    assert answer.out.splitlines() == [
        "sweep optimizer.lr,seed: 6 jobs below here",
        *(f"optimizer.lr={lr},seed={seed}    optimizer.lr={lr} seed={seed} hydra.sweep.dir=here" for lr, seed in jobs),
    ]


def test_cfg_job_is_yaml_of_what_would_be_trained(typed: Typed) -> None:
    answer = typed("fit --cfg job optimizer.lr=0.1 model=linear model.dropout=0.2")
    shown = yaml.safe_load(answer.out)
    assert answer.code == 0
    assert shown == configuration("optimizer.lr=0.1", "model=linear")
    assert shown["optimizer"]["lr"] == 0.1


def test_cfg_of_a_sweep_shows_its_first_job(typed: Typed) -> None:
    answer = typed("fit --cfg job sweep=learning_rate")
    assert answer.err == "note: 8 jobs; this is the first, optimizer.lr=1e-05\n"
    shown = yaml.safe_load(answer.out)
    assert (shown["name"], shown["optimizer"]["lr"]) == ("learning_rate", 1e-5)


def test_cfg_hydra_and_info_are_hydras_own(typed: Typed) -> None:
    hydra = yaml.safe_load(typed("fit --cfg hydra").out)["hydra"]
    assert hydra["run"]["dir"] == "outputs/${now:%Y-%m-%d_%H-%M-%S}"
    assert hydra["job"]["name"] == "fit"
    defaults = typed("fit --info defaults model=linear").out
    assert "| model/linear" in defaults
    assert "| model/small_cnn" not in defaults


def test_python_composes_what_the_command_line_would_train() -> None:
    composed = compose(["recipe=line", "optimizer.lr=0.2"])
    assert OmegaConf.to_container(composed) == configuration("recipe=line", "optimizer.lr=0.2")
