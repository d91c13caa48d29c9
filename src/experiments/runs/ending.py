"""How a run ends, and what a process that ended in the middle of one could not write itself."""

from __future__ import annotations

from pathlib import Path

from experiments.runs.files import read_json, write_json

OVER = ("finished", "diverged")
"""What a run is that went on to its end; any other is to be trained still."""


def mark(folder: Path, status: str, error: tuple[str, str] | None = None) -> None:
    """Say in a run's run.json how it ended; what else it says stays, and so does what the run said of its end itself.

    Args:
        folder: the run's.
        status: `failed` or `interrupted`.
        error: type and message.

    Raises:
        OSError: there is no run.json, or it cannot be written.
        ValueError: it is damaged.
    """
    record = read_json(folder / "run.json")
    if record["status"] not in ("running", "interrupted"):  # it stops in order for the cluster that gives it up
        return
    named = None if error is None else {"type": error[0], "message": error[1]}
    write_json(folder / "run.json", {**record, "status": status, "error": named})
