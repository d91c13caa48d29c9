"""Many runs trained and recorded as one by `hydra/launcher=vectorised`, against the same runs one after the other.

python benchmarks/vectorised.py [--sample 20] [--trainer cpu] [--only lines,small_cnn,linear]

Both ways start from checked configurations and end with every run's files and diagnosis on disk. Of the runs one after
the other a sample is trained, evenly spaced over the jobs, and its time is multiplied to the number of jobs.
"""

from __future__ import annotations

import argparse
import functools
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from experiments.config.composition import Composer
from experiments.sweeps.plan import Plan, make_plan
from experiments.training.beginning import Request
from experiments.training.fit import build_trainer, train
from experiments.training.preparation import prepare
from experiments.training.stacked.fit import train_stack
from experiments.training.stacked.stack import make_stack
from experiments.verbs.judge import judge

T = TypeVar("T")

RATES = ",".join(f"{1e-4 * 300 ** (n / 31):.3g}" for n in range(32))
"""32 of them, evenly spaced on a logarithmic scale from 1e-4 to 3e-2."""
DIGITS = ["hydra/launcher=vectorised", f"optimizer.lr={RATES}", "schedule.epochs=4"]
CASES = {
    "lines": ("1,000 lines", ["sweep=thousand_lines"]),
    "small_cnn": ("32 small_cnn on digits", [*DIGITS, "model.dropout=0"]),
    "linear": ("32 linear on digits", [*DIGITS, "model=linear"]),
}
BAR = 50
"""What the ratio of the lines is to be at least."""


def main() -> None:
    """Print the seconds of both ways and their ratio, a line a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--trainer", default="cpu")
    parser.add_argument("--only", default=",".join(CASES))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        _warm_up(Path(scratch), arguments.trainer)
        for name in arguments.only.split(","):
            title, overrides = CASES[name]
            plan, planning = timed(functools.partial(planned, overrides, arguments.trainer))
            print(f"{title:<24} {planning:.1f} s to plan {plan.size}, load {os.getloadavg()[0]:.1f}", flush=True)
            compare(plan, Path(scratch) / name, arguments.sample, bar=BAR if name == "lines" else None)


def compare(plan: Plan, folder: Path, sample: int, *, bar: int | None) -> None:
    """Train all jobs as one and a sample of them in turn; print both."""
    jobs = len(plan.jobs)
    requests = [
        Request(job.examined.configuration, folder / "together" / job.name, judge=judge, quiet=True)
        for job in plan.jobs
    ]
    _, together = timed(lambda: train_stack(requests, make_stack([r.configuration for r in requests])))
    chosen = [requests[n * jobs // min(sample, jobs)] for n in range(min(sample, jobs))]
    _, measured = timed(lambda: in_turn(chosen, folder / "in_turn"))
    one_by_one = measured / len(chosen) * jobs
    ratio = one_by_one / together
    print(f"  together             {together:8.1f} s, {1000 * together / jobs:8.1f} ms a run")
    how = "measured" if len(chosen) == jobs else f"extrapolated from {len(chosen)} runs in {measured:.1f} s"
    print(f"  one after the other  {one_by_one:8.1f} s, {1000 * one_by_one / jobs:8.1f} ms a run, {how}")
    wins = "together" if ratio > 1 else "one after the other"
    print(f"  ratio {ratio:.1f}: {wins} wins" + (f" (the bar is {bar})" if bar else ""), flush=True)
    _, alone = timed(lambda: make_stack([r.configuration for r in requests]).descent.run())
    _, some = timed(lambda: fitted_in_turn(chosen[: len(chosen) // 2], folder))
    fits = some / (len(chosen) // 2) * jobs
    print(
        f"  the fits alone, no files: {alone:.1f} s together, {fits:.1f} s in turn, ratio {fits / alone:.0f}",
        flush=True,
    )


def in_turn(requests: Sequence[Request], folder: Path) -> None:
    """The same runs, each loaded, trained and recorded alone."""
    for request in requests:
        train(Request(request.configuration, folder / request.folder.name, judge=judge, quiet=True))


def fitted_in_turn(requests: Sequence[Request], folder: Path) -> None:
    """The same, each loaded and fitted by Lightning alone, and nothing written."""
    for request in requests:
        prepared = prepare(request.configuration)
        build_trainer(request.configuration, folder, [], None, prepared.module.phases).fit(
            prepared.module, datamodule=prepared.data
        )


def planned(overrides: Sequence[str], trainer: str) -> Plan:
    """The jobs, composed and checked."""
    return make_plan(Composer(), [*overrides, f"trainer={trainer}"], multirun=True)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work gives, and the seconds that it took."""
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def _warm_up(folder: Path, trainer: str) -> None:
    """What is imported and compiled at the first use is not timed."""
    words = ["hydra/launcher=vectorised", "seed=0,1", "schedule.epochs=1"]
    for number, more in enumerate((["recipe=line"], ["model=linear"], ["model.dropout=0"])):
        jobs = planned([*words, *more], trainer).jobs
        requests = [
            Request(job.examined.configuration, folder / "warm_up" / str(number) / job.name, judge=judge, quiet=True)
            for job in jobs
        ]
        train_stack(requests, make_stack([request.configuration for request in requests]))
        in_turn(requests[:1], folder / "warm_up" / str(number) / "in_turn")


if __name__ == "__main__":
    main()
