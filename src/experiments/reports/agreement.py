"""Learning rate by epochs: what went wrong in each cell by outcome, and how often single runs say the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.diagnosis.outcome import Cell, Outcome, Score, outcomes, score
from experiments.reports import wording
from experiments.runs.ending import OVER
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep

RATE, EPOCHS, SEED = "optimizer.lr", "schedule.epochs", "seed"

WORDS = {
    "learning_rate_too_high": "rate too high",
    "learning_rate_too_low": "rate too low",
    "too_few_epochs": "too few epochs",
    "too_many_epochs": "too many epochs",
    "healthy": "fine",
    "inconclusive": "cannot tell",
}
"""What an outcome is called on the map; other verdicts read as they are written."""


@dataclass(frozen=True)
class MapCell:
    """The runs at one rate and number of epochs that came to an end, of which `diverged` did not finish.

    `verdicts` are those of its single runs, in the order of the jobs, as far as they were diagnosed.
    """

    score: Score
    outcome: Outcome
    runs: int
    diverged: int
    verdicts: tuple[str, ...]

    @property
    def agreeing(self) -> int:
        """How many single runs say what the outcome is."""
        return self.verdicts.count(self.outcome)


@dataclass(frozen=True)
class Map:
    """A sweep over rates and epochs.

    Attributes:
        cells: those in which a run came to an end, by rate and epochs.
        rates: every planned rate, rising, with its label as it was typed.
        epochs: every planned number of epochs, rising.
        score: `error_rate` or `rmse`.
    """

    cells: Mapping[Cell, MapCell]
    rates: Mapping[float, str]
    epochs: tuple[int, ...]
    score: str

    @property
    def agreeing(self) -> int:
        """Single runs whose verdict is the outcome of their cell."""
        return sum(cell.agreeing for cell in self.cells.values())

    @property
    def judged(self) -> int:
        """Single runs that have a verdict."""
        return sum(len(cell.verdicts) for cell in self.cells.values())

    @property
    def differing(self) -> list[Cell]:
        """The cells in which a single run says something else."""
        return [place for place, cell in self.cells.items() if cell.agreeing < len(cell.verdicts)]

    @property
    def best(self) -> Cell | None:
        """The cell with the lowest error; of equal ones that with the fewest epochs, then with the lowest rate."""
        return min(self.cells, key=lambda place: (self.cells[place].score.error, place[1], place[0]), default=None)


def agreement(sweep: Sweep) -> Map | None:
    """The map of a sweep over `optimizer.lr`, `schedule.epochs` and perhaps `seed`; None of any other."""
    swept = [job["swept"] for job in sweep.jobs]
    varied = {key for key in set().union(*swept) if len({one.get(key) for one in swept}) > 1}
    if varied - {SEED} != {RATE, EPOCHS}:
        return None
    try:
        rates = {float(one[RATE]): str(one[RATE]) for one in reversed(swept)}
        epochs = sorted({int(one[EPOCHS]) for one in swept})
    except (KeyError, ValueError):  # a rate for each layer group, a null: nothing that has a place on an axis
        return None
    if len(rates) < 2 or len(epochs) < 2:
        return None
    return Map(_cells(sweep), dict(sorted(rates.items())), tuple(epochs), _score(sweep))


def map_lines(chart: Map) -> list[str]:
    """What the map says, for the terminal: its regions, its best cell, what single runs make of it."""
    best = chart.best
    if best is None:
        return ["map: no run has finished yet"]
    counts = Counter(WORDS[cell.outcome] for cell in chart.cells.values())
    fine = counts.pop(WORDS["healthy"], 0)
    regions = [f"{count} {words}" for words, count in counts.most_common()]
    blank = len(chart.rates) * len(chart.epochs) - len(chart.cells)
    regions += [f"{blank} without a finished run"] if blank else []
    lines = [", ".join([f"map: {fine} of {len(chart.cells)} cells are fine", *regions])]
    error = wording.score(chart.score, chart.cells[best].score.error)
    error = error if chart.score == "error_rate" else f"{chart.score} {error}"
    lines.append(f"best {error} at {RATE}={chart.rates[best[0]]} {EPOCHS}={best[1]}")
    return [*lines, _agreement_line(chart)] if chart.judged else lines


def in_words(verdict: str) -> str:
    """`rate too low`, `late collapse`."""
    return WORDS.get(verdict, verdict.replace("_", " "))


def _agreement_line(chart: Map) -> str:
    share = chart.agreeing / chart.judged
    line = f"single runs agree with the map in {chart.agreeing} of {chart.judged} ({share:.0%})"
    pairs = ((cell.outcome, verdict) for cell in chart.cells.values() for verdict in cell.verdicts)
    others = Counter((outcome, verdict) for outcome, verdict in pairs if outcome != verdict)
    for (outcome, verdict), count in others.most_common(1):
        line += f"; most often they say {in_words(verdict)!r} where it is {in_words(outcome)!r} ({count})"
    return line


def _score(sweep: Sweep) -> str:
    return "rmse" if sweep.is_regression else "error_rate"


def _cells(sweep: Sweep) -> dict[Cell, MapCell]:
    """The finished and the diverged runs by place; what failed, waits or still runs is not on the map."""
    name = _score(sweep)
    swept = {Path(job["folder"]).name: job["swept"] for job in sweep.jobs}
    runs = sweep.runs
    by_place: dict[Cell, list[Run]] = {}
    for run in runs:
        if run.status in OVER:
            values = swept[run.name]
            by_place.setdefault((float(values[RATE]), int(values[EPOCHS])), []).append(run)
    # Rate, epochs and seed change nothing about the validation set: one size holds for all.
    sizes = [(run.record.get("data") or {}).get("valid_size") for run in runs]
    size = next((size for size in sizes if size), None)
    scores = {
        place: score([_error(run, name) for run in ended], size, regression=name == "rmse")
        for place, ended in by_place.items()
    }
    named = outcomes(scores)
    return {place: _cell(scores[place], named[place], by_place[place]) for place in sorted(by_place)}


def _cell(found: Score, outcome: Outcome, runs: Sequence[Run]) -> MapCell:
    diverged = sum(run.status == "diverged" for run in runs)
    verdicts = tuple(verdict for run in runs if (verdict := _verdict_alone(run)))
    return MapCell(found, outcome, len(runs), diverged, verdicts)


def _error(run: Run, name: str) -> float:
    error = (run.metrics.get("final") or {}).get(name)
    return math.inf if run.status == "diverged" or error is None else float(error)


def _verdict_alone(run: Run) -> str | None:
    """What the run said of itself. What the sweep made of it is no second opinion: it, too, looked at the outcome."""
    found = (run.diagnosis or {}).get("runs")
    return found[0].get("verdict") if found else None
