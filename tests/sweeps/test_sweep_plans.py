"""From overrides to jobs: their order, their names, their own values, and nothing of one in another."""

from __future__ import annotations

import re

import pytest

from experiments.config.composition import Composer
from experiments.sweeps.plan import Plan, make_plan

EXPERIMENTS = ["good", "learning_rate_too_high", "learning_rate_too_low", "too_few_epochs", "too_many_epochs"]


def plan(*overrides: str, multirun: bool = False) -> Plan:
    return make_plan(Composer(), overrides, multirun=multirun)


@pytest.mark.parametrize("sweep", ["sweep=what_can_go_wrong", "+sweep=what_can_go_wrong", "sweep='what_can_go_wrong'"])
def test_what_can_go_wrong_is_five_jobs_named_after_the_experiments(sweep: str) -> None:
    found = plan(sweep)
    assert found.name == "what_can_go_wrong"
    assert re.fullmatch(r"multirun/what_can_go_wrong/\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", str(found.folder))
    assert [job.name for job in found.jobs] == EXPERIMENTS
    assert [job.swept for job in found.jobs] == [{"experiment": name} for name in EXPERIMENTS]
    rates = [job.examined.configuration["optimizer"]["lr"] for job in found.jobs]
    assert rates == [3e-3, 0.5, 1e-5, 3e-3, 3e-3]
    epochs = [job.examined.configuration["schedule"]["epochs"] for job in found.jobs]
    assert epochs == [4, 4, 5, 1, 40]


@pytest.mark.parametrize(
    ("sweep", "key", "values"),
    [
        ("learning_rate", "optimizer.lr", [1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 5e-1]),
        ("epochs", "schedule.epochs", [1, 2, 4, 8, 16]),
    ],
)
def test_the_other_sweeps_run_over_values(sweep: str, key: str, values: list[float]) -> None:
    group, _, last = key.partition(".")
    found = plan(f"sweep={sweep}")
    assert [job.examined.configuration[group][last] for job in found.jobs] == values
    assert [job.name for job in found.jobs] == [f"{key}={value}" for value in values]


def test_shares_of_the_training_images_are_run_three_times_each() -> None:
    found = plan("sweep=training_images")
    shares = [0.05, 0.1, 0.2, 0.4, 0.7, 1.0]
    assert [job.name for job in found.jobs] == [
        f"dataset.subset_fraction={share},seed={seed}" for share in shares for seed in (0, 1, 2)
    ]
    trained = [(job.examined.configuration["dataset"], job.examined.configuration["seed"]) for job in found.jobs]
    assert [(data["subset_fraction"], seed) for data, seed in trained] == [(s, n) for s in shares for n in (0, 1, 2)]


def test_class_balance_trains_what_its_experiments_say() -> None:
    found = plan("sweep=class_balance")
    assert [job.name for job in found.jobs[::3]] == [
        "good,seed=0",
        "unbalanced,seed=0",
        "unbalanced_oversampled,seed=0",
    ]
    trained = [job.examined.configuration["dataset"] for job in found.jobs[::3]]
    assert [(data["rare_fraction"], data["oversample"]) for data in trained] == [
        (1, False),
        (0.25, False),
        (0.25, True),
    ]


def test_a_product_of_values_in_the_order_in_which_they_were_typed() -> None:
    found = plan("optimizer.lr=1e-4,1e-3,1e-2", "seed=0,1", multirun=True)
    assert found.name == "optimizer.lr,seed"
    assert [job.name for job in found.jobs] == [
        f"optimizer.lr={lr},seed={seed}" for lr in (0.0001, 0.001, 0.01) for seed in (0, 1)
    ]
    assert [
        (job.examined.configuration["optimizer"]["lr"], job.examined.configuration["seed"]) for job in found.jobs
    ] == [(lr, seed) for lr in (1e-4, 1e-3, 1e-2) for seed in (0, 1)]
    assert found.jobs[3].swept == {"optimizer.lr": "0.001", "seed": "1"}


@pytest.mark.parametrize(
    ("override", "names"),
    [
        ("experiment=glob(*)", [*EXPERIMENTS, "unbalanced", "unbalanced_oversampled", "wrong_labels_by_heart"]),
        ("experiment=glob(too*)", ["too_few_epochs", "too_many_epochs"]),
        ("experiment=glob(*,exclude=[too*,learning*,un*])", ["good", "wrong_labels_by_heart"]),
        ("seed=range(0,3)", ["seed=0", "seed=1", "seed=2"]),
        ("seed=choice(3,1)", ["seed=3", "seed=1"]),
        ("seed=1,1,2,1", ["seed=1", "seed=2"]),
        ("optimizer.lr=0.1,1e-1", ["optimizer.lr=0.1"]),
        ("model=small_cnn,linear", ["small_cnn", "linear"]),
        ("optimizer.betas=[0.9,0.99],[0.8,0.99]", ["optimizer.betas=_0.9,0.99_", "optimizer.betas=_0.8,0.99_"]),
    ],
)
def test_values_are_given_as_hydra_gives_them(override: str, names: list[str]) -> None:
    assert [job.name for job in plan(override, multirun=True).jobs] == names


def test_a_sweep_crossed_with_more_values() -> None:
    found = plan("sweep=seeds", "optimizer.lr=0.1,0.2")
    assert len(found.jobs) == 10
    assert [job.name for job in found.jobs[:3]] == [
        "seed=0,optimizer.lr=0.1",
        "seed=0,optimizer.lr=0.2",
        "seed=1,optimizer.lr=0.1",
    ]
    assert found.name == "seeds"


def test_multirun_without_values_is_a_sweep_of_one() -> None:
    found = plan(multirun=True)
    assert (found.name, [job.name for job in found.jobs], found.size) == ("single", ["0"], "1 job")


def test_without_a_sweep_there_is_one_run() -> None:
    found = plan("sweep=null")
    assert (found.name, len(found.jobs)) == (None, 1)
    assert re.fullmatch(r"outputs/\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", str(found.folder))


@pytest.mark.parametrize(("typed", "folder"), [("mine", "mine"), ("a/b", "a_b"), ("../up", ".._up")])
def test_a_sweeps_own_name_is_one_plain_folder(typed: str, folder: str) -> None:
    found = plan(f"name={typed}", "seed=0,1", multirun=True)
    assert found.folder.parts[:2] == ("multirun", folder)
    assert len(found.folder.parts) == 3


def test_what_has_no_meaning_in_one_job_is_said_once_and_stays_out_of_it() -> None:
    found = plan("model=small_cnn,linear", "model.dropout=0.2", "seed=0,1", multirun=True)
    assert found.notices == ["model.dropout=0.2 has no meaning for model=linear and is ignored"]
    dropouts = {job.name: job.examined.configuration["model"].get("dropout") for job in found.jobs}
    assert dropouts == {
        "small_cnn,seed=0": 0.2,
        "small_cnn,seed=1": 0.2,
        "linear,seed=0": None,
        "linear,seed=1": None,
    }
