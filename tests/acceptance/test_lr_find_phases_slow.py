"""`experiments lr-find` of a model with a body; slow, since torchvision has none that is small."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from test_lr_find import FILES
from typing_in import record, rows, type_in

BEARS = Path(__file__).parents[3] / "shared" / "data" / "bears"
WEIGHTS = Path(__file__).parents[3] / "shared" / "weights" / "squeezenet1_1.pth"


BODY = (
    "recipe=bears", "dataset=toy_bears", "dataset.images_per_class=8", "dataset.image_size=32",
    "dataset.batch_size=8", "dataset.augment=none", "model=squeezenet1_1", "model.weights=none",
    "model.freeze_body=true", "schedule=constant", "schedule.epochs=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """The losses of the steps of `fit` in both phases, the second at a rate that changes nothing."""
    rates = ("optimizer.lr=1e-3", "schedule.unfrozen_epochs=1", "schedule.unfrozen_lr=[1e-5,1e-4]")
    done = type_in(tmp_path_factory.mktemp("trained"), "fit", *BODY, *rates)
    return [float(row["train_loss"]) for row in rows(done.only / "steps.csv")]


@pytest.mark.parametrize("phase", ["frozen", "unfrozen"])
def test_a_phase_begins_where_fit_would_begin_it(phase: str, trained: list[float], tmp_path: Path) -> None:
    done = type_in(tmp_path, "lr-find", *BODY, "optimizer.lr=1e-3", "--phase", phase, "--json")
    found = json.loads(done.out)
    assert (done.code, found["phase"]) == (0, phase)
    of_each = len(trained) // 3
    first = trained[0 if phase == "frozen" else 2 * of_each :][:1]
    assert [step["loss"] for step in found["steps"]][:1] == pytest.approx(first, rel=1e-3)
    assert sorted(path.name for path in done.only.iterdir() if "tfevents" not in path.name) == FILES


def test_the_head_comes_first_where_the_body_is_frozen(tmp_path: Path) -> None:
    assert json.loads(type_in(tmp_path, "lr-find", *BODY, "--json").out)["phase"] == "frozen"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model.freeze_body=false",), "model.freeze_body=false\n    try: model.freeze_body=true"),
        (("schedule.epochs=0", "schedule.unfrozen_epochs=1"), "schedule.epochs=0"),
    ],
)
def test_a_phase_that_there_is_not_is_refused_with_the_reason(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = type_in(tmp_path, "lr-find", *BODY, *words, "--phase", "frozen")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(f"\n\n  --phase frozen\n    the body is not frozen: {said}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.real_data
@pytest.mark.skipif(not (BEARS.is_dir() and WEIGHTS.is_file()), reason="no photographs or no weights here")
def test_the_suggested_rate_reaches_the_error_of_the_best_ones(tmp_path: Path) -> None:
    words = ("recipe=bears", f"dataset.root={BEARS}", "model=squeezenet1_1", f"model.weights={WEIGHTS}")
    found = json.loads(type_in(tmp_path, "lr-find", *words, "schedule.unfrozen_epochs=0", "--json").out)
    assert 1e-3 <= found["suggested"] <= 3e-2
    done = type_in(tmp_path / "trained", *shlex.split(found["command"])[1:])
    assert record(done.only)["metrics"]["final"]["error_rate"] <= 0.06
