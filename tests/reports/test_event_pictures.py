"""Pictures in TensorBoard: one more event file, read back as TensorBoard reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from experiments.diagnosis.readers.event_files import event_files, scalars
from experiments.reports.drawing.event_pictures import show_in_tensorboard

TRAINING = "events.out.tfevents.1700000000.here.1.0"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder with the event file of a training: three losses."""
    with (tmp_path / TRAINING).open("wb") as file:
        records = RecordWriter(file)
        records.write(Event(file_version="brain.Event:2").SerializeToString())
        for step, loss in enumerate([3.0, 2.0, 1.0]):
            summary = Summary(value=[Summary.Value(tag="step/train_loss", simple_value=loss)])
            records.write(Event(step=step, wall_time=1.7e9, summary=summary).SerializeToString())
    return tmp_path


def picture(path: Path, colour: str = "red", size: tuple[int, int] = (6, 4)) -> Path:
    path.parent.mkdir(exist_ok=True)
    frames = [Image.new("RGB", size, one) for one in (colour, "blue")]
    frames[0].save(path, **({"save_all": True, "append_images": frames[1:]} if path.suffix == ".gif" else {}))
    return path


def read(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def test_the_light_pictures_are_shown_by_their_names_beside_the_training(run: Path) -> None:
    made = [picture(run / "pictures" / name) for name in ("surface.png", "surface_dark.png", "fit.gif", "fit_dark.gif")]
    (run / "pictures" / "fit.html").write_text("<html>")
    show_in_tensorboard(run, [*made, run / "pictures" / "fit.html"])
    found = read(run)
    assert sorted(found.Tags()["images"]) == ["fit", "surface"]
    (shown,) = found.Images("fit")
    assert shown.encoded_image_string == made[2].read_bytes()
    assert (shown.width, shown.height, shown.step) == (6, 4, 0)
    assert [point.value for point in found.Scalars("step/train_loss")] == [3.0, 2.0, 1.0]


def test_it_replaces_what_it_wrote_before_and_nothing_else(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = (run / TRAINING).read_bytes()
    for now, colour in ((1.8e9, "red"), (1.9e9, "green"), (1.9e9, "blue")):
        monkeypatch.setattr("time.time", lambda now=now: now)
        made = picture(run / "pictures" / "surface.png", colour)
        show_in_tensorboard(run, [made])
    files = sorted(path.name for path in run.iterdir() if path.is_file())
    assert len(files) == 2
    assert files[0] == TRAINING
    assert files[1].startswith("events.out.tfevents.1900000000.")
    assert files[1].endswith(".pictures")
    assert (run / TRAINING).read_bytes() == training
    assert read(run).Images("surface")[0].encoded_image_string == made.read_bytes()


def test_without_pictures_there_is_no_file(run: Path) -> None:
    show_in_tensorboard(run, [run / "fit.html", run / "surface_dark.png"])
    assert [path.name for path in run.iterdir()] == [TRAINING]


def test_a_large_picture_does_not_disturb_the_doctor(run: Path) -> None:
    noise = Image.effect_noise((400, 400), 90)
    noise.save(run / "surface.png")
    show_in_tensorboard(run, [run / "surface.png"])
    assert len(event_files(run)) == 2
    assert [point.value for point in scalars(event_files(run))["step/train_loss"]] == [3.0, 2.0, 1.0]


def test_a_picture_that_cannot_be_read_leaves_what_was_there(run: Path) -> None:
    show_in_tensorboard(run, [picture(run / "pictures" / "surface.png")])
    before = sorted(run.iterdir())
    with pytest.raises(OSError, match=r"missing\.png"):
        show_in_tensorboard(run, [run / "missing.png"])
    assert sorted(run.iterdir()) == before
