"""What an experiment expects to see, declared before the run and answered after it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.config.problems import Problem, listed, nearest

VERDICTS = (
    "learning_rate_too_high",
    "learning_rate_too_low",
    "too_few_epochs",
    "too_many_epochs",
    "late_collapse",
    "not_enough_data",
    "noisy_labels",
    "schedule_error",
    "healthy",
    "inconclusive",
)
METRICS = ("error_rate", "valid_loss", "train_loss", "train_loss_eval", "train_error_rate_eval", "rmse")

STANDARD_ERRORS = 2.0
"""A bound missed by less than so many standard errors is missed within noise: 95 % of the time, chance."""

_BOUND = re.compile(
    r"^\s*(?P<sign>[<>])\s*(?:(?P<number>[0-9.eE+-]+)\s*(?P<times>\*\s*guessing)?|(?P<alone>guessing))\s*$"
)


@dataclass(frozen=True)
class Bound:
    """`below` or above `number`, which counts in guessing's own value if `of_guessing`."""

    below: bool
    number: float
    of_guessing: bool

    @classmethod
    def parse(cls, text: object) -> Bound:
        """Read `< 0.05`, `> guessing` or `< 0.2 * guessing`.

        Raises:
            ValueError: it is none of these.
        """
        match = _BOUND.match(str(text))
        if match is None:
            raise ValueError
        number = 1.0 if match["alone"] else float(match["number"])
        return cls(match["sign"] == "<", number, bool(match["alone"] or match["times"]))

    def level(self, guess: float | None) -> float | None:
        """The bound as a number; None where it needs guessing's value and that is unknown."""
        if not self.of_guessing:
            return self.number
        return None if guess is None else self.number * guess


def check_expectation(expect: Mapping[str, Any] | None) -> list[Problem]:
    """What is wrong with a declared expectation."""
    found = []
    for name, text in (expect or {}).items():
        if name == "verdict":
            if text not in VERDICTS:
                better = nearest(str(text), VERDICTS)
                wrong = f"a verdict is one of: {listed(VERDICTS)}"
                found.append(Problem(f"expect.verdict={text}", wrong, better and f"expect.verdict={better}"))
        elif name not in METRICS:
            better = nearest(name, METRICS)
            wrong = f"can be expected: verdict, {listed(METRICS)}"
            found.append(Problem(f"expect.{name}", wrong, better and f"expect.{better}"))
        else:
            try:
                Bound.parse(text)
            except ValueError:
                wrong = 'must be a bound such as "< 0.05", "> guessing" or "< 0.2 * guessing"'
                found.append(Problem(f"expect.{name}={text}", wrong))
    return found


@dataclass(frozen=True)
class Seen:
    """A metric as it ended: its value, its standard error (0 if unknown), what guessing would give."""

    value: float
    standard_error: float = 0.0
    guess: float | None = None


def answer(
    expect: Mapping[str, Any] | None, seen: Mapping[str, Seen], verdict: str | None = None
) -> dict[str, Any] | None:
    """The expectation as declared, answered for each bound and as a whole by the worst of them.

    A verdict is `confirmed` or `refuted` by the diagnosis, and left out without one. A bound that is met is
    `confirmed`; missed by less than two standard errors of the validation set it is `within noise`; else `refuted`.
    A metric that this run does not have (an error rate in a regression) is left out. Not a number misses every upper
    bound and meets every lower one: it is what a diverged run shows.
    """
    if not expect:
        return None
    details = []
    for name, text in expect.items():
        if name == "verdict" and verdict is not None:
            judged = "confirmed" if verdict == text else "refuted"
            details.append({"metric": name, "bound": text, "value": verdict, "answer": judged})
        if name == "verdict" or name not in seen:
            continue
        bound, metric = Bound.parse(text), seen[name]
        level = bound.level(metric.guess)
        if level is not None:
            details.append(
                {"metric": name, "bound": text, "value": metric.value, "answer": _judge(bound, level, metric)}
            )
    order = ("refuted", "within noise", "confirmed")
    worst = min((d["answer"] for d in details), key=order.index, default=None)
    return {"declared": dict(expect), "answer": worst, "details": details}


def _judge(bound: Bound, level: float, metric: Seen) -> str:
    value = metric.value if math.isfinite(metric.value) else math.inf
    excess = value - level if bound.below else level - value
    if excess < 0:
        return "confirmed"
    return "within noise" if excess <= STANDARD_ERRORS * metric.standard_error else "refuted"
