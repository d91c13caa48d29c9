"""The processes that benchmarks/transfer.py times: one fit each, by this project or by fastai."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments import Run

RATE = 3e-3
FIT_ALONE = """
import sys, time
import experiments.models.transfer, experiments.training.fit
from experiments import compose, fit

began = time.perf_counter()
fit(compose(sys.argv[1:]), quiet=True)
print(time.perf_counter() - began)
"""


@dataclass(frozen=True)
class Fit:
    """What one process did."""

    command: float  # seconds, imports included
    alone: float = float("nan")  # seconds after the imports
    error: float = float("nan")
    folder: Path = Path()  # where it ran


@dataclass(frozen=True)
class Comparison:
    """The settings that both sides share."""

    arguments: argparse.Namespace
    weights: Path
    scratch: Path

    def ours(self, seed: int, unfrozen_epochs: int) -> Fit:
        """`experiments fit`."""
        done = self._process("ours", "-m", "experiments", "fit", *self._single(seed, unfrozen_epochs))
        (run,) = (done.folder / "outputs").iterdir()
        return Fit(done.command, error=Run(run).metrics["final"]["error_rate"], folder=run)

    def ours_alone(self, seed: int) -> float:
        """Seconds of the frozen fit in a process that has imported everything."""
        done = self._process("ours, after imports", "-c", FIT_ALONE, *self._single(seed, unfrozen_epochs=0))
        return float(last_line(done.folder))

    def our_sweep(self, rates: Sequence[float]) -> Fit:
        """`experiments fit sweep=learning_rate`; its folder is that of one of its runs."""
        listed = f"learning_rates=[{','.join(f'{rate:g}' for rate in rates)}]"
        words = ["-m", "experiments", "fit", "sweep=learning_rate", listed, *self._shared(seed=0)]
        done = self._process("our sweep", *words)
        runs = [file.parent for file in done.folder.glob("multirun/*/*/*/split.csv")]
        assert len(runs) == len(rates)
        return Fit(done.command, folder=runs[0])

    def fastai(self, run: Path, seed: int, unfrozen_epochs: int, rate: float = RATE) -> Fit:
        """The same fit by fastai, on the split of our run."""
        shared = self.arguments
        options = {
            "images": shared.images,
            "split": run / "split.csv",
            "weights": self.weights,
            "architecture": shared.architecture,
            "image-size": shared.image_size,
            "batch-size": shared.batch_size,
            "epochs": shared.epochs,
            "unfrozen-epochs": unfrozen_epochs,
            "seed": seed,
            "rate": rate,
        }
        script = Path(__file__).with_name("transfer_fastai.py")
        done = self._process("fastai", str(script), *(f"--{name}={value}" for name, value in options.items()))
        said = json.loads(last_line(done.folder))
        return Fit(done.command, said["seconds"], said["error_rate"])

    def _single(self, seed: int, unfrozen_epochs: int) -> list[str]:
        return [*self._shared(seed), f"optimizer.lr={RATE}", f"schedule.unfrozen_epochs={unfrozen_epochs}"]

    def _shared(self, seed: int) -> list[str]:
        shared = self.arguments
        return [
            "recipe=bears",
            f"dataset.root={shared.images}",
            f"dataset.image_size={shared.image_size}",
            f"dataset.batch_size={shared.batch_size}",
            f"model={shared.architecture}",
            f"model.weights={self.weights}",
            "model.freeze_body=true",
            f"schedule.epochs={shared.epochs}",
            "trainer=cpu",
            f"seed={seed}",
        ]

    def _process(self, name: str, *words: str) -> Fit:
        """Run Python in a new folder with an empty cache; what it prints goes to a file there."""
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        settings = {
            "EXPERIMENTS_CACHE": str(folder / "cache"),
            "FASTAI_HOME": str(folder / "fastai"),
            "OMP_NUM_THREADS": str(self.arguments.cores),
        }
        with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
            began = time.perf_counter()
            code = subprocess.run(
                [sys.executable, *words], cwd=folder, env={**os.environ, **settings}, stdout=out, stderr=err
            ).returncode
            seconds = time.perf_counter() - began
        print(f"    {name}: {seconds:.1f} s", file=sys.stderr)
        if code:
            said = [log.read_text()[-5000:] for log in (folder / "err", *folder.rglob("fit.log"))]
            sys.exit("\n".join([" ".join(words), f"ended with {code}:", *said]))
        return Fit(seconds, folder=folder)


def last_line(folder: Path) -> str:
    """What the process there printed last."""
    return (folder / "out").read_text(encoding="utf-8").strip().splitlines()[-1]
