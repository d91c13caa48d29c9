"""How a run ends, and what a process that ended in the middle of one could not write itself."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from experiments.runs.files import read_json, write_json

OVER = ("finished", "diverged")
"""What a run is that went on to its end; any other is to be trained still."""


def mark(
    folder: Path,
    status: str,
    error: tuple[str, str] | None = None,
    *,
    instead_of: Collection[str] = ("running", "interrupted"),
) -> None:
    """Say in a run's run.json how it ended; what else it says stays.

    A run that stopped in order may have done so for a cluster that then gives it up: it may be `failed` yet.

    Args:
        folder: the run's.
        status: `failed` or `interrupted`.
        error: type and message.
        instead_of: what it may say so far; a run of any other status stays as it is.

    Raises:
        OSError: there is no run.json, or it cannot be written.
        ValueError: it is damaged.
    """
    record = read_json(folder / "run.json")
    if record["status"] not in instead_of:
        return
    named = None if error is None else {"type": error[0], "message": error[1]}
    write_json(folder / "run.json", {**record, "status": status, "error": named})
