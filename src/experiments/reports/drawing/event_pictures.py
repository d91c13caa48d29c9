"""Pictures in TensorBoard's images tab: one more event file in the folder of the run or sweep that they show."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.reports.drawing.theme import DARK
from experiments.runs.files import write_bytes

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

SUFFIX = ".pictures"
SHOWN = (".png", ".gif")
"""What TensorBoard shows; an animation moves there, too."""


def show_in_tensorboard(folder: Path, pictures: Sequence[Path]) -> None:
    """Writes the light ones of `pictures` (PNG, GIF) to one event file in `folder`, tagged by their files' stems.

    The training's own event file is left alone. The file that an earlier call wrote is replaced, under a new name:
    a TensorBoard that is open would not read the old one anew.

    Raises OSError if a picture cannot be read, or the file not be written.
    """
    light = [path for path in pictures if path.suffix in SHOWN and not path.stem.endswith(DARK.suffix)]
    if not light:
        return
    now = time.time()
    written = folder / f"events.out.tfevents.{int(now)}.{socket.gethostname()}{SUFFIX}"
    write_bytes(written, _events(light, now))
    for earlier in folder.glob(f"events.out.tfevents.*{SUFFIX}"):
        if earlier != written:
            earlier.unlink(missing_ok=True)


def _events(pictures: Sequence[Path], now: float) -> bytes:
    """An event file: the version that every reader asks for first, then an event with all pictures."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    file = io.BytesIO()
    records = RecordWriter(file)
    records.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
    summary = Summary(value=[Summary.Value(tag=path.stem, image=_image(path)) for path in pictures])
    records.write(Event(wall_time=now, step=0, summary=summary).SerializeToString())
    return file.getvalue()


def _image(path: Path) -> Summary.Image:
    from PIL import Image
    from tensorboard.compat.proto.summary_pb2 import Summary

    with Image.open(path) as picture:  # reads no more than the size
        width, height = picture.size
    return Summary.Image(width=width, height=height, colorspace=3, encoded_image_string=path.read_bytes())
