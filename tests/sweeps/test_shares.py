"""How the cores of a machine are shared out among the jobs of a sweep."""

from __future__ import annotations

import os
from typing import Any

import pytest

from experiments.config.composition import Composer
from experiments.config.examination import examine
from experiments.sweeps.shares import Shares, share, trains_head_alone


@pytest.fixture(autouse=True)
def _four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)


def configuration(*overrides: str) -> dict[str, Any]:
    words = ["recipe=bears", "dataset.root=bears", "model=squeezenet1_1", "schedule.unfrozen_epochs=0"]
    return examine(Composer(), [*words, *overrides]).configuration


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], True),
        (["dataset.views=4"], True),
        (["schedule.unfrozen_epochs=1"], False),
        (["model.freeze_body=false"], False),
        (["model.train_norm=true"], False),
    ],
)
def test_whether_a_head_alone_is_trained(overrides: list[str], expected: bool) -> None:
    assert trains_head_alone(configuration(*overrides)) is expected


def test_a_network_without_a_body_is_no_head() -> None:
    assert not trains_head_alone(examine(Composer(), []).configuration)


def test_heads_are_trained_on_every_core_after_the_first_has_computed_their_inputs() -> None:
    heads = [configuration()] * 12
    assert share(heads, None, on_cpu=True) == Shares(4, 1, first_alone=True)
    assert share(heads[:7], None, on_cpu=True) == Shares(2, 1, first_alone=True)
    assert share(heads[:5], None, on_cpu=True) == Shares(), "another worker must pay"
    assert share(heads, None, on_cpu=False) == Shares()
    assert share([*heads, configuration("schedule.unfrozen_epochs=1")], None, on_cpu=True) == Shares()


@pytest.mark.parametrize("recipe", ["line", "polynomial"])
def test_curves_are_fitted_on_every_core(recipe: str) -> None:
    curves = [examine(Composer(), [f"recipe={recipe}"]).configuration] * 9
    assert share(curves, None, on_cpu=True) == Shares(3, 1)
    assert share(curves[:5], None, on_cpu=True) == Shares()
    assert share([*curves, examine(Composer(), []).configuration], None, on_cpu=True) == Shares()


@pytest.mark.parametrize(("workers", "threads"), [(1, None), (2, 2), (3, 1), (4, 1), (9, 1)])
def test_what_was_asked_for_is_done_and_the_threads_are_shared(workers: int, threads: int | None) -> None:
    assert share([configuration()] * 3, workers, on_cpu=True) == Shares(workers, threads)
