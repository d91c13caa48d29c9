"""What trainers leave behind, written in a test."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.summary.writer.event_file_writer import EventFileWriter

Points = Sequence[tuple[int, float]]


def written(folder: Path, text: str, name: str = "history.csv") -> Path:
    """A file of this text, its lines without their indent."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\n".join(line.strip() for line in text.strip().splitlines()) + "\n", encoding="utf-8")
    return path


def logged(folder: Path, scalars: Mapping[str, Points], *, tensors: bool = False, began: float = 0.0) -> Path:
    """An event file as PyTorch writes it, or as Keras does; all series progress evenly within 100 seconds."""
    writer = EventFileWriter(str(folder))
    for tag, points in scalars.items():
        for place, (step, value) in enumerate(points, start=1):
            seconds = began + 100 * place / len(points)
            writer.add_event(Event(step=step, wall_time=seconds, summary=Summary(value=[_value(tag, value, tensors)])))
    writer.close()
    return folder


def _value(tag: str, number: float, tensor: bool) -> Summary.Value:
    if not tensor:
        return Summary.Value(tag=tag, simple_value=number)
    return Summary.Value(tag=tag, tensor=TensorProto(dtype=1, float_val=[number]))
