"""checkpoints/last.ckpt of a run: all that going on with it needs."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import pytorch_lightning as pl

from experiments.runs.full_disk import of_file
from experiments.runs.throttle import Throttle

log = logging.getLogger(__name__)

SHARE = 0.03
"""Checkpoints may take this share of the time: a tiny network is not saved after every epoch."""


class LastCheckpoint:
    """Saved now and then while a run trains; gone when it is done, unless it is to be kept."""

    def __init__(self, *, keep: bool) -> None:
        self.keep = keep
        self._throttle = Throttle(SHARE)

    def save(self, trainer: pl.Trainer, folder: Path) -> None:
        """At the end of an epoch, if it is due.

        Raises:
            OSError: it could not be written by one of several processes, and the others wait for it; one process alone
                goes on without.
        """
        over = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        due = trainer.strategy.broadcast(self._throttle.due)  # clocks differ, and saving needs all processes
        if due or (over and self.keep):
            with self._throttle.timed():
                _save(trainer, _path(folder))

    def remove_unless_kept(self, folder: Path) -> None:
        """The run is done; what a process that was killed had begun to save goes as well."""
        path = _path(folder)
        if not self.keep and path.parent.is_dir():
            for one in (path, _aside(path)):
                one.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # somebody else's files stay
                path.parent.rmdir()


def _save(trainer: pl.Trainer, path: Path) -> None:
    aside = _aside(path)
    try:
        trainer.save_checkpoint(aside, weights_only=False)
        if trainer.is_global_zero:
            aside.replace(path)
    except OSError as error:
        # It is no result: a run that ends needs none, and one that does not has the one before.
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        if trainer.world_size > 1:
            raise
        log.warning("no checkpoint after epoch %d: %s", trainer.current_epoch + 1, of_file(error, path))


def _path(folder: Path) -> Path:
    return folder / "checkpoints" / "last.ckpt"


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}")
