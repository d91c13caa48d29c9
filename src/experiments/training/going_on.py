"""What a run that goes on takes up: its run.json, and its checkpoint."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from experiments.runs.run import ForeignRun, NotARun, Run
from experiments.training.beginning import Request
from experiments.training.run_record import RunRecord

log = logging.getLogger(__name__)


def before_it_went_on(request: Request) -> dict[str, Any] | None:
    """run.json of the run that goes on; None if there is none, or none that can be read: that is set aside.

    Raises:
        ForeignRun: another version wrote it, and may know what this one would write over.
    """
    path = request.folder / "run.json"
    if not request.goes_on or not path.is_file():
        return None
    try:
        return Run(request.folder).record
    except ForeignRun:
        raise
    except NotARun:
        path.replace(path.with_name("run.json.damaged"))
        return None


def checkpoint_of(request: Request, record: RunRecord, before: Mapping[str, Any] | None) -> Path | None:
    """What the run goes on from; None: from its beginning."""
    path = request.folder / "checkpoints" / "last.ckpt"
    if before is None or not path.is_file():
        return None
    if before.get("config_hash") != record.content["config_hash"]:
        log.warning("its checkpoint is of other data, weights or code: the run begins anew")
        return None
    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged file makes of the unpickler
        log.warning("its checkpoint is damaged, the run begins anew: %s: %s", type(error).__name__, error)
        return None
    return path
