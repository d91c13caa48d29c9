"""A stranger's own classes, by new YAML files and a module of theirs, without touching the package."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_in import Typed, record, rows, type_in

MODULE = '''
import torch
from torch import nn
from torch.utils.data import Dataset


class Stripes(Dataset):
    """Images of 3 x 8 x 8 that are brighter on the left or on the right: a child tells them apart."""

    classes = ["left", "right"]

    def __init__(self, count, contrast=1.0):
        generator = torch.Generator().manual_seed(0)
        self.targets = torch.arange(count) % 2
        self.images = torch.rand(count, 3, 8, 8, generator=generator)
        for image, target in zip(self.images, self.targets):
            image[:, :, (0 if target == 0 else 4) : (4 if target == 0 else 8)] += contrast

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, index):
        return self.images[index], int(self.targets[index])


class OneLayer(nn.Module):
    def __init__(self, num_classes, scale=1.0):
        super().__init__()
        self.layer = nn.Linear(192, num_classes)
        self.scale = scale

    def forward(self, images):
        return self.scale * self.layer(images.flatten(1))


class SignDescent(torch.optim.Optimizer):
    """Steps of equal length, along the sign of the gradient; raises at a step that one may name."""

    def __init__(self, params, lr=0.01, raise_at=None):
        super().__init__(params, {"lr": lr})
        self.raise_at, self.steps = raise_at, 0

    def step(self, closure=None):
        loss = closure() if closure is not None else None
        self.steps += 1
        if self.steps == self.raise_at:
            raise ArithmeticError(f"no step {self.steps} for me")
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        parameter -= group["lr"] * parameter.grad.sign()
        return loss
'''

FILES = {
    "dataset/stripes.yaml": "_target_: strangers_lab.Stripes\ncount: 60\ncontrast: 1.0\nbatch_size: 8\n",
    "model/one_layer.yaml": "_target_: strangers_lab.OneLayer\nscale: 0.5\n",
    "optimizer/sign.yaml": "_target_: strangers_lab.SignDescent\nlr: 0.01\n",
    "optimizer/typo.yaml": "_target_: strangers_lab.SignDescent\nlr: 0.01\nspeed: 3\n",
    "optimizer/nowhere.yaml": "_target_: nowhere_at_all.Optimizer\nlr: 0.01\n",
    "optimizer/missing.yaml": "_target_: strangers_lab.Signs\n",
    "model/number.yaml": "_target_: math.pi\n",
    "recipe/stripes.yaml": (
        "# @package _global_\n"
        "defaults: [/dataset: stripes, /model: one_layer, /optimizer: sign, /schedule: constant, /trainer: cpu, "
        "/logger: csv, _self_]\nschedule: {epochs: 1}\n"
    ),
    "experiment/faint.yaml": (
        "# @package _global_\n# What if one hardly sees it?\n#   experiments fit experiment=faint\n"
        'dataset: {contrast: 0.5}\nexpect: {error_rate: "< 0.25"}\n'
    ),
    "sweep/steps.yaml": (
        "# @package _global_\n# How long a step?\n#   experiments fit sweep=steps\nname: steps\n"
        'hydra:\n  mode: MULTIRUN\n  sweeper: {params: {optimizer.lr: "0.001,0.01"}}\n'
    ),
}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stranger's folder, with the module where Python finds it."""
    for name, text in FILES.items():
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_text(text)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "strangers_lab.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path / "code"))
    yield tmp_path
    sys.modules.pop("strangers_lab", None)


def fit(lab: Path, *words: str) -> Typed:
    return type_in(lab, "fit", "--config-dir", "mine", *words)


def test_own_recipe_data_model_optimizer_and_experiment_are_trained(lab: Path) -> None:
    done = fit(lab, "recipe=stripes", "experiment=faint", "optimizer.lr=0.02", "model.scale=2")
    assert done.code == 0, done.err
    run = record(done.only)
    assert run["status"] == "finished"
    assert run["data"]["classes"] == ["left", "right"]
    assert run["data"]["train_size"] + run["data"]["valid_size"] == 60
    assert run["expect"] == {
        "declared": {"error_rate": "< 0.25"},
        "answer": "confirmed",
        "details": run["expect"]["details"],
    }
    assert run["metrics"]["final"]["error_rate"] < 0.25
    assert run["guess"]["valid_loss"] == math.log(2)
    assert {float(row["lr"]) for row in rows(done.only / "steps.csv")} == {0.02}
    assert "model     OneLayer, 386 parameters, 386 of them trained\n" in done.err
    assert "training  SignDescent at 0.02, Constant, 1 epoch of" in done.err
    assert (done.only / "metrics.csv").is_file()


def test_own_keys_of_own_classes_need_no_plus(lab: Path) -> None:
    # raise_at stands in no file: the class's signature is its schema.
    done = fit(lab, "recipe=stripes", "optimizer.raise_at=1000000")
    assert done.code == 0, done.err
    hydra = (done.only / ".hydra" / "config.yaml").read_text()
    assert "raise_at: 1000000" in hydra


def test_an_own_sweep_runs(lab: Path) -> None:
    done = fit(lab, "recipe=stripes", "sweep=steps")
    assert done.code == 0, done.err
    assert [row["optimizer.lr"] for row in sorted(rows(done.only / "runs.csv"), key=lambda row: row["folder"])] == [
        "0.001",
        "0.01",
    ]
    assert sorted(path.name for path in done.only.iterdir() if path.is_dir()) == [
        "optimizer.lr=0.001",
        "optimizer.lr=0.01",
    ]


def test_a_job_that_raises_costs_that_job_only(lab: Path) -> None:
    done = fit(lab, "-m", "recipe=stripes", "optimizer.raise_at=null,3,1000000")
    assert done.code == 1
    sweep = record(done.only, "sweep.json")
    assert [job["status"] for job in sweep["jobs"]] == ["finished", "failed", "finished"]
    broken = done.only / "optimizer.raise_at=3"
    run = record(broken)
    assert run["status"] == "failed"
    assert run["error"] == {"type": "ArithmeticError", "message": "no step 3 for me"}
    log = (broken / "fit.log").read_text()
    assert "Traceback (most recent call last):" in log
    assert "strangers_lab.py" in log
    assert "ArithmeticError: no step 3 for me" in log
    assert "Traceback" not in done.out + done.err
    assert "[2/3] optimizer.raise_at=3: failed: ArithmeticError: no step 3 for me\n" in done.err
    table = rows(done.only / "runs.csv")
    assert [row["status"] for row in table] == ["finished", "finished", "failed"]
    assert table[2]["error"] == "ArithmeticError: no step 3 for me"
    printed = done.out.partition("picture: ")[0].splitlines()
    listed = [line.split()[0] for line in printed if line.startswith("optimizer.raise_at=") and ": " not in line]
    assert listed == [row["folder"] for row in table]
    assert "failed: ArithmeticError: no step 3 for me" in " ".join(" ".join(printed).split())
    assert (done.only / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_single_run_that_raises_says_where_to_look(lab: Path) -> None:
    done = fit(lab, "recipe=stripes", "optimizer.raise_at=2")
    assert (done.code, done.err.splitlines()[-2:]) == (
        1,
        ["error: the run failed: ArithmeticError: no step 2 for me", "its fit.log has the traceback"],
    )
    assert record(done.only)["status"] == "failed"
    assert "Traceback" in (done.only / "fit.log").read_text()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ["optimizer=typo"],
            "optimizer.speed=3\n    strangers_lab.SignDescent takes: lr, raise_at",
        ),
        (
            ["optimizer=sign", "optimizer.speed=3"],
            "optimizer.speed=3\n    strangers_lab.SignDescent takes: lr, raise_at",
        ),
        (
            ["optimizer=nowhere"],
            "optimizer._target_=nowhere_at_all.Optimizer\n    cannot be imported: No module named 'nowhere_at_all'",
        ),
        (
            ["optimizer=missing"],
            "optimizer._target_=strangers_lab.Signs\n"
            "    cannot be imported: No module named 'strangers_lab.Signs'; 'strangers_lab' is not a package",
        ),
        (["model=number"], "model._target_=math.pi\n    is no class or function"),
    ],
    ids=["key in the file", "key typed", "no such module", "no such class", "no class"],
)
def test_a_class_that_cannot_be_built_is_refused(lab: Path, words: list[str], problem: str) -> None:
    done = fit(lab, *words)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: 1 mistake, nothing was trained\n\n  {problem}\n"
    assert not (lab / "outputs").exists()
