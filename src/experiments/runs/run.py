"""`Run`: the folder that a training left behind, read when asked and never written."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.runs.columns import Column, read_columns
from experiments.runs.files import read_json
from experiments.runs.misplaced import not_a_run
from experiments.runs.schema import OtherSchema, check_schema

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "history": "epoch,lr,train_loss,train_loss_eval,train_error_rate_eval,valid_loss,error_rate,seconds",
    "steps": "step,epoch,lr,train_loss,grad_norm",
    "predictions": "path,sha256,label,predicted,probability,loss",
    "split": "path,sha256,label,split",
}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class NotARun(Exception):  # noqa: N818 - reads as what it says
    """The path is not a run's folder; the message says what it is and which run could be meant."""


class ForeignRun(NotARun):
    """Another version of this program wrote run.json; the message says which."""


class Run:
    """A run's folder. Each file is read once, at first use; a new `Run` sees what was written since.

    Raises NotARun if `path` holds no run.json.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "run.json").is_file():
            raise NotARun(not_a_run(self.path))

    @cached_property
    def record(self) -> dict[str, Any]:
        """run.json. Raises NotARun if that is damaged, or of a schema that this version does not read."""
        path = self.path / "run.json"
        try:
            record = read_json(path)
        except (ValueError, RecursionError) as error:
            raise NotARun(f"{path} is damaged: {error}") from error
        if not isinstance(record, dict):
            raise NotARun(f"{path} is damaged: it holds no record of a run")
        try:
            check_schema(record, path)
        except OtherSchema as other:
            raise ForeignRun(str(other)) from other
        if "status" not in record:
            raise NotARun(f"{path} is damaged: it has no status")
        return record

    @property
    def name(self) -> str:
        """The folder's name: in a sweep, what differs."""
        return self.path.name or self.path.resolve().name

    @property
    def status(self) -> str:
        """`running`, `finished`, `diverged`, `interrupted` or `failed`."""
        return str(self.record["status"])

    @property
    def is_regression(self) -> bool:
        """Whether `rmse` takes the place of `error_rate`."""
        return (self.record.get("data") or {}).get("kind") == "regression"

    @property
    def metrics(self) -> dict[str, Any]:
        """`final` and `best`: `epoch`, `valid_loss`, `error_rate` (or `rmse`) each; empty before any."""
        found = _mapping(self.record.get("metrics"))
        return {name: _mapping(found.get(name)) or None for name in found}

    @cached_property
    def diagnosis(self) -> dict[str, Any] | None:
        """diagnosis.json; None before it is written."""
        path = self.path / "diagnosis.json"
        return dict(read_json(path)) if path.is_file() else None

    @cached_property
    def history(self) -> pd.DataFrame:
        """A row an epoch, row 0 before training; losses are means, `seconds` the epoch's own."""
        return self._table("history")

    @cached_property
    def steps(self) -> pd.DataFrame:
        """A row an optimizer step."""
        return self._table("steps")

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """A row a validation sample; labels are class names, or numbers in a regression."""
        return self._table("predictions")

    @cached_property
    def split(self) -> pd.DataFrame:
        """A row a sample, and the side it is on."""
        return self._table("split")

    def columns(self, table: str) -> dict[str, Column]:
        """`history`, `steps`, `predictions` or `split` as lists, without pandas; empty if not yet written."""
        text = {"path", "sha256", "split"} | (set() if self.is_regression else {"label", "predicted"})
        try:
            return read_columns(self.path / f"{table}.csv", text)
        except FileNotFoundError:
            return {column: [] for column in COLUMNS[table].split(",")}

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(self.columns(name))

    def __repr__(self) -> str:
        final = self.metrics.get("final") or {}
        numbers = [f"{key} {value:.4g}" for key, value in final.items() if isinstance(value, int | float)]
        return f"Run({str(self.path)!r}: {', '.join([self.status, *numbers])})"
