"""What a job of a 20-job digits sweep costs beyond its training.

The sweep is timed as a whole, imports aside; the training is what the runs' own `history.csv` counts as epochs.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
from pathlib import Path

import experiments.training.fit  # noqa: F401 - so that imports are not timed
from experiments import Sweep
from experiments.cli import main as experiments_command

JOBS = 20


def main() -> None:
    """Print the seconds a job beyond training."""
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        seeds = ",".join(str(seed) for seed in range(JOBS))
        quiet = io.StringIO()
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            experiments_command(["fit", "-m", "trainer=cpu", "name=warm_up", "seed=0,1"])
            began = time.perf_counter()
            experiments_command(["fit", "-m", "trainer=cpu", f"seed={seeds}"])
            whole = time.perf_counter() - began
        (folder,) = Path("multirun/seed").iterdir()
        training = sum(run.history["seconds"].sum() for run in Sweep(folder).runs)
        os.chdir("/")
    print(
        f"{JOBS} jobs: {whole:.1f} s, of which epochs {training:.1f} s: {(whole - training) / JOBS:.2f} s a job beyond"
    )


if __name__ == "__main__":
    main()
