"""The test set is looked at once, at the end, and decides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_digits
from stacked_runs import alone, configuration, together, varied
from test_run_files import network_of
from torch.nn import functional as F  # noqa: N812
from typed import SMALL, Typed, fit_typed, learned, record, rows

TESTED = [*SMALL, "dataset.subset_fraction=1", "dataset.test_fraction=0.1"]


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    return fit_typed(tmp_path_factory.mktemp("tested"), *TESTED)


def split_of(run: Path, side: str) -> list[str]:
    return [row["path"] for row in rows(run / "split.csv") if row["split"] == side]


def test_it_scores_the_weights_of_the_model_folder(tested: Typed) -> None:
    bunch = load_digits()
    numbers = [int(path.removeprefix("digits/")) for path in split_of(tested.run, "test")]
    pixels = torch.tensor(bunch.images[numbers] / 16, dtype=torch.float32).unsqueeze(1)
    with torch.no_grad():
        logits = network_of(tested.run / "model")((pixels - 0.3053) / 0.3760)
    labels = torch.tensor(bunch.target[numbers])
    test = record(tested.run)["metrics"]["test"]
    assert test["size"] == len(numbers) == record(tested.run)["data"]["test_size"] > 100
    assert test["test_loss"] == pytest.approx(float(F.cross_entropy(logits, labels)), rel=1e-4)
    assert test["error_rate"] == pytest.approx(float((logits.argmax(1) != labels).double().mean()))
    assert f"test error rate {100 * test['error_rate']:.1f}% of {len(numbers)}, looked at once" in tested.out
    assert f" validation, {len(numbers)} test images" in tested.err


def test_nothing_else_has_seen_it(tested: Typed) -> None:
    test = set(split_of(tested.run, "test"))
    assert {row["path"] for row in rows(tested.run / "predictions.csv")} == set(split_of(tested.run, "valid"))
    assert test.isdisjoint(split_of(tested.run, "train"))
    for name in ("history.csv", "steps.csv"):
        assert "test" not in (tested.run / name).read_text()
    assert "test_loss" not in (tested.run / "model" / "model.json").read_text()


def test_looking_changes_nothing(tmp_path: Path, tested: Typed) -> None:
    assert learned(fit_typed(tmp_path, *TESTED).run) == learned(tested.run)


def test_a_run_without_a_test_set_says_nothing_of_one(small: Typed) -> None:
    assert "test" not in record(small.run)["metrics"]
    assert record(small.run)["data"]["test_size"] == 0
    assert "test error" not in small.out


def test_runs_that_are_trained_together_are_tested_alike(tmp_path: Path) -> None:
    one = configuration(*TESTED, "model.dropout=0")
    both = [one, varied(one, seed=1)]
    separate, stacked = alone(both, tmp_path / "alone"), together(both, tmp_path / "together")
    tests = [[record(run)["metrics"]["test"] for run in runs] for runs in (separate, stacked)]
    for expected, found in zip(*tests, strict=True):
        assert found == {key: pytest.approx(value, rel=1e-4) for key, value in expected.items()}
    assert tests[0][0] != tests[0][1]


def test_a_diverged_run_tests_its_last_finite_weights(tmp_path: Path) -> None:
    typed = fit_typed(tmp_path, "model=linear", "optimizer=sgd", "schedule=constant", "optimizer.lr=1e38", *TESTED[2:])
    assert record(typed.run)["status"] == "diverged"
    assert 0 <= record(typed.run)["metrics"]["test"]["error_rate"] <= 1


def test_held_out_twice_over_is_refused(tmp_path: Path) -> None:
    typed = fit_typed(tmp_path, "dataset.test_fraction=0.5", "dataset.valid_fraction=0.5")
    assert typed.code == 2
    assert "with dataset.valid_fraction=0.5 nothing is left to train on" in typed.err
    assert not (tmp_path / "outputs").exists()
