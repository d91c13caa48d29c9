"""A run of our own as curves: its record, its history, its steps."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.diagnosis.curves import Curves, Number
from experiments.diagnosis.readers.history_csv import read_history
from experiments.diagnosis.readers.own_files import own_history, own_steps
from experiments.diagnosis.readers.unreadable import Unreadable
from experiments.runs.alive import is_killed
from experiments.runs.files import ENCODING_ERRORS
from experiments.runs.run import NotARun, Run

LARGEST = 1e300


def read_run(run: Run, *, status: str | None = None, steps: bool = True) -> Curves:
    """What `run` recorded. A file that is missing or damaged is absent; what no record says is None.

    Args:
        run: its folder.
        status: in place of the record's, for a run that has not written it yet.
        steps: read them, and what else is looked at in a single run alone; without, it can be compared with others.

    Raises Unreadable if run.json itself is damaged.
    """
    try:
        record = run.record
    except (NotARun, OSError, RecursionError) as error:
        raise Unreadable(run.path, f"{error}\nallowed: a run.json as `experiments fit` writes it") from error
    data, guess = _mapping(record.get("data")), _mapping(record.get("guess"))
    configuration = _mapping(record.get("configuration"))
    regression = data.get("kind") == "regression"
    classes = [str(name) for name in _list(data.get("classes"))]
    variation = record.get("variation")
    history = _history(run.path)
    return replace(
        history,
        path=str(run.path),
        steps=own_steps(run.path / "steps.csv") if steps else (),
        finite_steps=steps or _is_finite(run.path / "steps.csv"),
        regression=regression or history.regression,
        classes=len(classes) or None,
        train_size=_whole(data.get("train_size")),
        valid_size=_whole(data.get("valid_size")),
        guess_loss=_number(guess.get("valid_loss")),
        guess_error=_number(guess.get("rmse" if regression else "error_rate")),
        class_counts={} if regression or not steps else _class_counts(run.path / "split.csv", classes),
        status=status or _status(record),
        failure=_failure(record.get("error")),
        **_configured(configuration),
        critical_rate=_number(record.get("critical_rate")),
        overrides=tuple(text for text in _list(variation) if isinstance(text, str)),
        config_dir=str(record["config_dir"]) if record.get("config_dir") else None,
        reason=str(record["reason"]) if record.get("reason") else None,
        own=bool(configuration) and isinstance(variation, list),
    )


def _history(folder: Path) -> Curves:
    try:
        return own_history(folder / "history.csv") or read_history(folder / "history.csv")
    except Unreadable as error:  # nothing written yet, or damaged: the record still says how it ended
        present = (folder / "history.csv").exists()
        return Curves(str(folder), damage=f"history.csv {error.wrong.splitlines()[0]}" if present else None)


def _is_finite(path: Path) -> bool:
    """Whether a file of numbers has neither `nan` nor `inf`; one that cannot be read has none."""
    try:
        _, _, numbers = path.read_bytes().partition(b"\n")
    except OSError:
        return True
    return not (b"nan" in numbers or b"inf" in numbers)


def _class_counts(path: Path, classes: list[str]) -> dict[str, int]:
    """The training samples of each class, those without any as 0; a pass over the file without keeping it."""
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8", errors=ENCODING_ERRORS) as file:
            reader = csv.reader(file)
            header = next(reader, [])
            label, side = header.index("label"), header.index("split")
            counts = Counter(row[label] for row in reader if row[side] == "train")
    except (OSError, ValueError, IndexError, csv.Error):
        return {}
    return dict.fromkeys(classes, 0) | counts


def _configured(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """What the configuration says, under the names that `Curves` has for it."""
    schedule, optimizer = _mapping(configuration.get("schedule")), _mapping(configuration.get("optimizer"))
    target = schedule.get("_target_")
    return {
        "learning_rate": _number(optimizer.get("lr")),
        **_planned(schedule),
        "schedule": target.rsplit(".", 1)[-1] if isinstance(target, str) else None,
        "configuration": _dotted(configuration),
    }


def _planned(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """The epochs of both phases; a model without a body has no second one, and none is configured."""
    epochs, unfrozen = _whole(schedule.get("epochs")), max(_whole(schedule.get("unfrozen_epochs")) or 0, 0)
    if epochs is None or epochs + unfrozen < 1:
        return {}
    spread = [_number(multiple) for multiple in _list(schedule.get("unfrozen_lr"))]
    lowest, highest = spread if len(spread) == 2 else (None, None)
    return {
        "planned_epochs": epochs + unfrozen,
        "unfrozen_epochs": unfrozen,
        "unfrozen_rates": (lowest, highest) if lowest and highest else None,
    }


def _dotted(tree: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """`{"optimizer": {"lr": 0.1}}` as `{"optimizer.lr": 0.1}`; lists are values."""
    flat: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _dotted(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _failure(error: object) -> str | None:
    if isinstance(error, Mapping):
        error = f"{error.get('type')}: {error.get('message')}"
    return str(error).splitlines()[0] if error else None


def _status(record: Mapping[str, Any]) -> str | None:
    """As recorded; `killed` where it says `running` and its process on this machine is gone."""
    status = record.get("status")
    if is_killed(record):
        return "killed"
    return str(status) if status else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> Number:
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > LARGEST or value != value:
        return None
    return float(value)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
