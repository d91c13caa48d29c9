"""Does following the advice help? From random bad configurations on the digits, the printed command, three times.

python benchmarks/advice.py [--count 20] [--best 0.011] [--folder DIR]

A configuration is a rate, log-uniform from 1e-5 to 1, and 1, 2, 4 or 8 epochs, seeded; it is bad if its error is more
than twice the best. The best is the lowest mean error of a cell of `experiments fit sweep=map`.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path
from statistics import median

from experiments import Run, compose, fit
from experiments.diagnosis.commands import next_overrides
from experiments.diagnosis.readers.run_folder import read_run
from experiments.diagnosis.report import diagnose

RUNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--best", type=float, default=0.011)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.mkdtemp()))
    arguments = parser.parse_args()
    draw = random.Random(0)
    reached: list[float] = []
    while len(reached) < arguments.count:
        rate, epochs = 10 ** draw.uniform(-5, 0), draw.choice([1, 2, 4, 8])
        overrides = [f"optimizer.lr={rate:.2g}", f"schedule.epochs={epochs}"]
        folder = arguments.folder / str(len(list(arguments.folder.iterdir())))
        trail = follow(overrides, folder)
        if trail[0][1] <= 2 * arguments.best:
            continue
        reached.append(min(error for _, error in trail[1:]) if len(trail) > 1 else trail[0][1])
        print(f"{reached[-1] / arguments.best:5.2f}", *(f"{words}: {error:.1%}" for words, error in trail), sep="  ")
    ratios = sorted(error / arguments.best for error in reached)
    within = sum(ratio <= 1.2 for ratio in ratios)
    print(f"best of {RUNS} runs over the best of the map: median {median(ratios):.2f}, worst {ratios[-1]:.2f}")
    print(f"within 1.2 times: {within} of {len(ratios)}")


def follow(overrides: list[str], folder: Path) -> list[tuple[str, float]]:
    """What was typed and the error it gave: the configuration as it is, then what each diagnosis advises."""
    trail, changed = [], list(overrides)
    for number in range(RUNS + 1):
        run = fit(compose(overrides), folder=folder / str(number), quiet=True)
        curves = read_run(Run(run.path))
        found = diagnose(curves)
        error = (run.metrics["final"] or {}).get("error_rate")
        trail.append((f"{' '.join(changed)} {found.verdict}", 1.0 if error is None else error))
        changed = list(found.findings[0].overrides)
        if not changed:
            break
        overrides = next_overrides(curves, changed)
    return trail


if __name__ == "__main__":
    main()
