"""A TensorBoard event file of a training that is over: written at once, without a thread."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from torch.utils.tensorboard.writer import FileWriter, SummaryWriter

from experiments.runs.files import write_bytes
from experiments.training.stacked.checksums import masked_checksums


class FinishedEventFile(SummaryWriter):
    """A SummaryWriter that keeps its events until it is closed.

    torch's own starts a thread for each file, hands it event by event and computes checksums byte by byte; for the
    files of a thousand runs that are over, this would cost more than the training did.
    """

    def __init__(self, folder: Path) -> None:
        # Not super().__init__, which starts the thread.
        self._events = _Kept(folder)

    @property
    def file_writer(self) -> FileWriter:  # type: ignore[override]  # torch has None there, until it is opened
        """Takes summaries and events."""
        return self._events

    def _get_file_writer(self) -> FileWriter:
        return self._events

    def close(self) -> None:
        """Write the file."""
        write_event_files([self])

    @property
    def path(self) -> Path:
        """Of the file."""
        return self._events.path

    @property
    def records(self) -> list[bytes]:
        """The events so far."""
        return self._events.records


def write_event_files(files: Sequence[FinishedEventFile]) -> None:
    """Each record behind its length, both with their checksums: TFRecord's format. Quicker for several at once."""
    records = [record for file in files for record in file.records]
    lengths = [struct.pack("<Q", len(record)) for record in records]
    parts = zip(lengths, masked_checksums(lengths), records, masked_checksums(records), strict=True)
    framed = [
        length + struct.pack("<I", of_length) + record + struct.pack("<I", of_record)
        for length, of_length, record, of_record in parts
    ]
    begin = 0
    for file in files:
        end = begin + len(file.records)
        write_bytes(file.path, b"".join(framed[begin:end]))
        begin = end


class _Kept(FileWriter):
    def __init__(self, folder: Path) -> None:
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.0"
        self.path = folder / name
        self.records: list[bytes] = []
        self.add_event(Event(file_version="brain.Event:2"))

    def add_event(self, event: Any, step: int | None = None, walltime: float | None = None) -> None:
        event.wall_time = time.time() if walltime is None else walltime
        if step is not None:
            event.step = int(step)
        self.records.append(event.SerializeToString())
