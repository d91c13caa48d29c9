"""What `lr-find` advises: the same rate in the terms of each phase."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Any

import pytest

from experiments.diagnosis.rate_report import RateReport
from experiments.diagnosis.rate_suggestions import RULES
from experiments.runs.rate_curve import RateCurve

TYPED = ["recipe=bears", "dataset.root='/my bears'", "optimizer.lr=0.003", "experiment=good", "hydra.run.dir=x"]


def curve(*, flat: bool = False) -> RateCurve:
    made = RateCurve()
    for number in range(100):
        rate = 10 ** (number * 8 / 99 - 7)
        made.add(rate, 2.0 if flat else 2.0 - 1.5 / (1 + 1e-4 / rate) + max(0, 1e3 * (rate - 0.1)))
        if made.is_over:
            break
    return made


def report(spread: tuple[float, float] | None = None, *, flat: bool = False, **schedule: Any) -> RateReport:
    phase = "whole" if spread is None else "unfrozen"
    configuration = {"optimizer": {"lr": 0.003}, "schedule": {"unfrozen_epochs": 0, **schedule}}
    return RateReport(curve(flat=flat), phase, spread, configuration, TYPED, "my conf", Path("outputs/x_lr-find"))


def test_with_one_rate_for_all_layers_it_is_the_optimizers() -> None:
    found = report()
    rate = found.suggestions.suggested
    assert found.advised == [f"optimizer.lr={rate:g}"]
    assert found.command is not None
    words = ["experiments", "fit", "--config-dir", "my conf", "recipe=bears", "dataset.root='/my bears'"]
    assert shlex.split(found.command) == [*words, f"optimizer.lr={rate:g}"]


def test_with_spread_rates_the_ratio_is_kept_and_the_head_has_the_suggested_one() -> None:
    found = report((0.01, 0.1))
    key, _, pair = found.advised[0].partition("=")
    low, high = map(float, pair.strip("[]").split(","))
    assert key == "schedule.unfrozen_lr"
    assert found.suggestions.suggested is not None
    assert 0.003 * high == pytest.approx(found.suggestions.suggested, rel=0.05)
    assert low == pytest.approx(high / 10, rel=0.05)
    assert found.advised[1:] == ["schedule.unfrozen_epochs=2"]
    assert report((0.01, 0.1), unfrozen_epochs=3).advised == found.advised[:1]
    assert found.command is not None
    assert "optimizer.lr=0.003" in shlex.split(found.command)
    assert found.notes[-1].startswith("These are rates of the head, 0.0003 now; the first layers have 0.1 of it")


def test_without_a_suggestion_there_is_no_command_but_the_picture() -> None:
    found = report((0.01, 0.1), flat=True)
    assert (found.advised, found.command) == ([], None)
    lines = found.lines()
    assert lines[0].startswith("The curve is flat")
    assert lines[-2:] == ["picture: outputs/x_lr-find/lr_find.png", "look: tensorboard --logdir outputs/x_lr-find"]
    assert not [line for line in lines if line.startswith(("begin", "try", *RULES.values()))]


def test_an_own_optimizer_without_a_rate_of_its_own_gets_no_multiples_of_it() -> None:
    found = report((0.01, 0.1))
    found.configuration["optimizer"].pop("lr")
    assert (found.advised, found.command) == ([], None)
    assert found.suggestions.suggested is not None


def test_numbers_that_json_has_no_word_for_are_null() -> None:
    found = report()
    found.curve.add(1.0, math.inf)
    found.curve.add(2.0, math.nan)
    steps = found.as_json()["steps"]
    assert [(step["loss"], step["smoothed"]) for step in steps[-2:]] == [(None, None)] * 2
