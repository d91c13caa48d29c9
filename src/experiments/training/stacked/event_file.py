"""A TensorBoard event file that is written after the training, by nobody else and without a thread."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard.writer import FileWriter, SummaryWriter


class FinishedEventFile(SummaryWriter):
    """A SummaryWriter whose events are written at once.

    torch's own starts a thread for each file and hands it event by event; for the files of a thousand runs that are
    over, this costs more than the training did.
    """

    def __init__(self, folder: Path) -> None:
        # Not super().__init__, which starts the thread.
        self._events = _AtOnce(folder)

    @property
    def file_writer(self) -> FileWriter:  # type: ignore[override]  # torch has None there, until it is opened
        """Takes summaries and events."""
        return self._events

    def _get_file_writer(self) -> FileWriter:
        return self._events

    def close(self) -> None:
        """Close the file."""
        self._events.close()


class _AtOnce(FileWriter):
    def __init__(self, folder: Path) -> None:
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.0"
        self._records = RecordWriter((folder / name).open("wb"))
        self.add_event(Event(file_version="brain.Event:2"))

    def add_event(self, event: Any, step: int | None = None, walltime: float | None = None) -> None:
        event.wall_time = time.time() if walltime is None else walltime
        if step is not None:
            event.step = int(step)
        self._records.write(event.SerializeToString())

    def flush(self) -> None:
        self._records.flush()

    def close(self) -> None:
        self._records.close()
