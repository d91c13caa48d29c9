"""What TensorBoard shows of the data of a single run."""

from io import BytesIO

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typed import Typed, record


def events(run: Typed) -> EventAccumulator:
    (file,) = run.run.glob("events.out.tfevents.*")
    read = EventAccumulator(str(file), size_guidance={"images": 0, "tensors": 0})
    read.Reload()
    return read


def test_a_training_batch_and_each_class(digits: Typed) -> None:
    read = events(digits)
    assert read.Tags()["images"] == ["training batch", *(f"pictures/{digit}" for digit in range(10))]
    (shown,) = read.Images("pictures/7")
    with Image.open(BytesIO(shown.encoded_image_string)) as sheet:
        assert (sheet.format, sheet.size) == ("PNG", (shown.width, shown.height))  # few colours: hard edges are kept


def test_the_numbers_of_each_class(digits: Typed) -> None:
    read = events(digits)
    (said,) = [e.tensor_proto.string_val[0].decode() for e in read.Tensors("data/text_summary")]
    lines = said.splitlines()
    assert lines[0] == "| class | train | valid |"
    sizes = record(digits.run)["data"]
    assert lines[-3] == f"| **all** | {sizes['train_size']} | {sizes['valid_size']} |"
    assert len(lines) == 2 + 10 + 1 + 2
    assert lines[-1].startswith("Each is 1 x 8 x 8; brought to size: none")


def test_a_regression_has_no_pictures_and_no_classes(line: Typed) -> None:
    tags = events(line).Tags()
    assert tags["images"] == []
    assert "data/text_summary" not in tags["tensors"]
