"""What a sweep costs beside its training.

python benchmarks/sweep.py [--part jobs|workers|report] [--jobs 100] [--epochs 60]

`jobs`: what a tiny job costs beyond its training (the runs' own `history.csv` says how long the epochs took), then how
long `--resume` takes to find all of them done, as a command of its own with its imports. `workers`: eight jobs of about
twenty seconds one after the other and two at a time, in turn. `report`: 1,000 runs of 100 epochs of 22 steps, copies of
one that was trained under other names, compared by `experiments report`; its time and its memory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from experiments import Run, Sweep, compose, fit

TINY = ["trainer=cpu", "schedule.epochs=1", "dataset.subset_fraction=0.2"]
COPIES, SEEDS = 1000, 5


def main() -> None:
    """The parts that were asked for, below a scratch folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("jobs", "workers", "report"))
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=60, help="of the eight jobs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        if arguments.part in (None, "jobs"):
            _jobs(arguments.jobs)
        if arguments.part in (None, "workers"):
            _workers(arguments.epochs)
        if arguments.part in (None, "report"):
            _report(Path("thousand"))
        os.chdir("/")


def _jobs(count: int) -> None:
    sweep = Path("tiny")
    seeds = ",".join(str(seed) for seed in range(count))
    few = _command("fit", "-m", *TINY, "seed=0,1", "hydra.sweep.dir=warm_up")  # caches, and what both begin with
    whole = _command("fit", "-m", *TINY, f"seed={seeds}", f"hydra.sweep.dir={sweep}")
    training = _training(sweep)
    beyond = (whole - training) / count
    start = few - _training(Path("warm_up"))
    print(f"{count} jobs: {whole:.1f} s, of which epochs {training:.1f} s: {beyond:.2f} s a job beyond them;")
    print(f"  {start:.1f} s of it are imports, planning and pictures, which two jobs have as well")
    print(f"--resume where all {count} are finished: {_command('fit', '--resume', str(sweep)):.1f} s")


def _training(sweep: Path) -> float:
    return float(sum(run.history["seconds"].sum() for run in Sweep(sweep).runs))


def _workers(epochs: int) -> None:
    words = ["fit", "-m", "trainer=cpu", f"schedule.epochs={epochs}", "seed=0,1,2,3,4,5,6,7", "hydra/launcher=parallel"]
    took = {
        workers: _command(*words, f"hydra.launcher.workers={workers}", f"hydra.sweep.dir=by_{workers}")
        for workers in (1, 2)
    }
    each = _training(Path("by_1")) / 8
    print(f"eight jobs of {each:.0f} s: {took[1]:.0f} s by one worker, {took[2]:.0f} s by two: {took[1] / took[2]:.2f}")


def _report(sweep: Path) -> None:
    run = fit(compose(["trainer=cpu", "schedule.epochs=100"]), quiet=True)
    jobs: list[dict[str, object]] = []
    for number in range(COPIES):
        rate, seed = f"{10 ** (-5 + 5 * (number // SEEDS) * SEEDS / COPIES):.4g}", str(number % SEEDS)
        folder = sweep / f"optimizer.lr={rate},seed={seed}"
        shutil.copytree(run.path, folder, ignore=shutil.ignore_patterns("model", "events*"))
        swept = {"optimizer.lr": rate, "seed": seed}
        jobs.append({"folder": folder.name, "overrides": [], "swept": swept, "config_hash": None, "status": "finished"})
    record = {"schema": 1, "name": "thousand", "status": "finished", "jobs": jobs, "configuration": {}}
    (sweep / "sweep.json").write_text(json.dumps(record))
    took, peak = _command("report", str(sweep)), _peak_megabytes("report", str(sweep))
    print(f"report of {COPIES} runs of {len(Run(run.path).history) - 1} epochs: {took:.1f} s", end="")
    print(f", {peak:.0f} MB at most, {(sweep / 'report.html').stat().st_size / 1e6:.1f} MB of page")


def _peak_megabytes(*words: str) -> float:
    """The most memory that `experiments WORDS` has at once; Linux says it."""
    program = "import sys; from experiments.cli import main; main(sys.argv[1:])"
    program += "; print([line for line in open('/proc/self/status') if line.startswith('VmHWM')][0], file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", program, *words], check=True, capture_output=True, text=True)
    return int(ended.stderr.split()[-2]) / 1024


def _command(*words: str) -> float:
    """How long `experiments WORDS` takes, in a process of its own."""
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    subprocess.run([sys.executable, "-m", "experiments", *words], check=True, stdout=quiet, stderr=quiet)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
