"""What may be done seldom only, by a clock that the tests move."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from experiments.runs import throttle
from experiments.runs.throttle import Throttle


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass."""
    now = [1000.0]
    monkeypatch.setattr(throttle, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    return pass_by


def do(one: Throttle, wait: Callable[[float], None], seconds: float) -> None:
    with one.timed():
        wait(seconds)


def test_the_first_time_is_always_due() -> None:
    assert Throttle(0.05).due


@pytest.mark.parametrize(("share", "took", "pause"), [(0.05, 1.0, 20.0), (0.5, 3.0, 6.0), (0.25, 0.5, 2.0)])
def test_it_is_due_again_when_its_time_is_that_share(
    wait: Callable[[float], None], share: float, took: float, pause: float
) -> None:
    one = Throttle(share)
    do(one, wait, took)
    wait(pause - 0.01)
    assert not one.due
    wait(0.02)
    assert one.due


def test_the_pause_is_that_of_the_last_time_alone(wait: Callable[[float], None]) -> None:
    one = Throttle(0.1)
    do(one, wait, 100.0)
    do(one, wait, 1.0)
    wait(10.01)
    assert one.due
    assert one.due, "asking changes nothing"


def test_what_takes_no_time_is_always_due(wait: Callable[[float], None]) -> None:
    one = Throttle(0.05)
    for _ in range(3):
        do(one, wait, 0.0)
        assert one.due


def test_a_long_training_spends_no_more_than_the_share_on_it(wait: Callable[[float], None]) -> None:
    """Epochs of a tenth of a second, and files that take half a second."""
    one, spent = Throttle(0.05), 0.0
    for _ in range(10_000):
        wait(0.1)
        if one.due:
            do(one, wait, 0.5)
            spent += 0.5
    assert 0.9 * 0.05 < spent / 1000.0 <= 0.05 + 0.001
