"""What a user types, run in this process; and the files that it leaves, read without the package's own readers."""

import contextlib
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.cli import main

LAB = str(Path(__file__).parent / "lab")
"""Option files of the tests: --config-dir."""

SMALL = ["dataset.subset_fraction=0.1", "model.width=8", "schedule.epochs=2"]
"""A digits run of two epochs of two steps: a fraction of a second."""


@dataclass(frozen=True)
class Typed:
    """What a command printed, returned and left below `folder`."""

    folder: Path
    code: int
    out: str
    err: str

    @property
    def run(self) -> Path:
        """The only run that it left."""
        (found,) = (self.folder / "outputs").iterdir()
        return found


def fit_typed(folder: Path, *words: str) -> Typed:
    """Type `experiments fit WORDS` in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["fit", *words])
    return Typed(folder, code, out.getvalue(), err.getvalue())


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file, every cell as it is written."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def column(path: Path, name: str) -> list[float]:
    """A column of numbers; an empty cell is an error."""
    return [float(row[name]) for row in rows(path)]


def record(run: Path) -> dict[str, Any]:
    """run.json, strict: Python's `NaN` is refused."""
    content: dict[str, Any] = strict_json((run / "run.json").read_text(encoding="utf-8"))
    return content


def strict_json(text: str) -> Any:
    """JSON as the standard has it."""

    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def learned(run: Path) -> tuple[list[dict[str, str]], list[dict[str, str]], bytes]:
    """All that must be the same when a run is repeated: history without the time, steps, weights."""
    history = [{k: v for k, v in row.items() if k != "seconds"} for row in rows(run / "history.csv")]
    return history, rows(run / "steps.csv"), (run / "model" / "model.safetensors").read_bytes()
