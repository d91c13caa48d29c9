"""What was expected, answered: confirmed, within noise or refuted."""

from __future__ import annotations

import math

import pytest

from experiments.config.expectation import METRICS, VERDICTS, Bound, Seen, answer, check_expectation
from experiments.config.problems import Problem


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("< 0.05", Bound(True, 0.05, False)),
        (">0.05", Bound(False, 0.05, False)),
        ("  <  5e-2 ", Bound(True, 0.05, False)),
        ("> -1", Bound(False, -1.0, False)),
        ("> guessing", Bound(False, 1.0, True)),
        ("< 0.2 * guessing", Bound(True, 0.2, True)),
        ("<0.2*guessing", Bound(True, 0.2, True)),
    ],
)
def test_a_bound_is_read(text: str, bound: Bound) -> None:
    assert Bound.parse(text) == bound


@pytest.mark.parametrize(
    "text", ["0.05", "<= 0.05", "= 1", "<", "< x", "< 5 %", "< 1 2", "< 1e", "< guessing * 2", "> 2 guessing", None, 3]
)
def test_what_is_no_bound(text: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the caller's
        Bound.parse(text)
    assert check_expectation({"valid_loss": text}) == [
        Problem(f"expect.valid_loss={text}", 'must be a bound such as "< 0.05", "> guessing" or "< 0.2 * guessing"')
    ]


def test_every_metric_and_verdict_can_be_expected() -> None:
    assert check_expectation(None) == []
    assert check_expectation(dict.fromkeys(METRICS, "< 1")) == []
    assert [check_expectation({"verdict": verdict}) for verdict in VERDICTS] == [[]] * len(VERDICTS)


@pytest.mark.parametrize(
    ("bound", "value", "said"),
    [
        # A standard error of 0.01: the noise reaches exactly 0.02 beyond the bound.
        ("< 0.25", 0.249, "confirmed"),
        ("< 0.25", 0.25, "within noise"),
        ("< 0.25", 0.28125, "within noise"),
        ("< 0.25", 0.28126, "refuted"),
        ("> 0.25", 0.251, "confirmed"),
        ("> 0.25", 0.25, "within noise"),
        ("> 0.25", 0.21875, "within noise"),
        ("> 0.25", 0.21874, "refuted"),
        # Not a number misses every upper bound and meets every lower one.
        ("< 0.25", math.nan, "refuted"),
        ("< 0.25", math.inf, "refuted"),
        ("< 0.25", -math.inf, "refuted"),
        ("> 0.25", math.nan, "confirmed"),
        ("> 0.25", math.inf, "confirmed"),
    ],
)
def test_a_bound_is_answered(bound: str, value: float, said: str) -> None:
    # 1/64 is exact in binary, so that "exactly two standard errors" is exact too: 0.25 +- 0.03125.
    found = answer({"error_rate": bound}, {"error_rate": Seen(value, standard_error=1 / 64)})
    assert found is not None
    assert (found["answer"], found["details"][0]["answer"]) == (said, said)
    assert found["details"][0]["bound"] == bound


def test_without_a_standard_error_there_is_no_noise() -> None:
    assert answer({"error_rate": "< 0.25"}, {"error_rate": Seen(0.250001)})["answer"] == "refuted"  # type: ignore[index]


def test_guessing_is_the_metrics_own() -> None:
    seen = {"valid_loss": Seen(0.5, guess=2.0), "error_rate": Seen(0.5, guess=0.9)}
    found = answer({"valid_loss": "< 0.3 * guessing", "error_rate": "< 0.3 * guessing"}, seen)
    assert found is not None
    assert [detail["answer"] for detail in found["details"]] == ["confirmed", "refuted"]
    assert found["answer"] == "refuted"


def test_the_worst_answer_counts() -> None:
    seen = {"error_rate": Seen(0.06, 0.01), "valid_loss": Seen(0.1), "train_loss": Seen(1.0)}
    both = answer({"valid_loss": "< 1", "error_rate": "< 0.05"}, seen)
    assert both is not None
    assert both["answer"] == "within noise"
    all_three = answer({"valid_loss": "< 1", "error_rate": "< 0.05", "train_loss": "< 0.5"}, seen)
    assert all_three is not None
    assert all_three["answer"] == "refuted"


def test_what_a_run_does_not_have_is_left_out() -> None:
    expect = {"verdict": "healthy", "error_rate": "< 0.05", "valid_loss": "< 0.2 * guessing", "rmse": "< 1"}
    found = answer(expect, {"rmse": Seen(0.5), "valid_loss": Seen(0.25)})
    assert found == {
        "declared": expect,
        "answer": "confirmed",
        "details": [{"metric": "rmse", "bound": "< 1", "value": 0.5, "answer": "confirmed"}],
    }


def test_nothing_expected_and_nothing_to_answer() -> None:
    assert answer(None, {"rmse": Seen(0.5)}) is None
    assert answer({}, {"rmse": Seen(0.5)}) is None
    assert answer({"verdict": "healthy"}, {}) == {"declared": {"verdict": "healthy"}, "answer": None, "details": []}
