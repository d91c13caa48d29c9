"""TensorBoard log folders of plain PyTorch, Keras, Lightning and this project."""

import math
from pathlib import Path

import pytest
from histories import Points, logged

from experiments.diagnosis.curves import Epoch, Step
from experiments.diagnosis.readers.any_path import read_all, read_any
from experiments.diagnosis.readers.unreadable import Unreadable
from experiments.diagnosis.readers.vocabulary import meaning


def epochs(*values: float, first: int = 0) -> Points:
    return list(enumerate(values, start=first))


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    ("train", "valid", "accuracy", "rate"),
    [
        ("Loss/train", "Loss/valid", "Accuracy/val", "lr"),
        ("train/loss", "val/loss", "val/acc", "train/learning_rate"),
        ("train_loss", "val_loss", "val_acc", "lr-AdamW/pg1"),
        ("Training Loss", "Validation Loss", "accuracy", "LR"),
        ("loss", "eval.loss", "eval-accuracy", "lr/0"),
    ],
)
def test_one_point_an_epoch(tmp_path: Path, first: int, train: str, valid: str, accuracy: str, rate: str) -> None:
    logged(
        tmp_path,
        {
            train: epochs(1.5, 0.5, first=first),
            valid: epochs(1.25, 0.75, first=first),
            accuracy: epochs(0.5, 0.75, first=first),
            rate: epochs(0.5, 0.25, first=first),
            "weights/layer_loss_scale": epochs(1, 2),
        },
    )
    curves = read_any(tmp_path, valid_size=100, classes=2)
    expected = (Epoch(1, 1.5, valid_loss=1.25, error=0.5, learning_rate=0.5),
                Epoch(2, 0.5, valid_loss=0.75, error=0.25, learning_rate=0.25))  # fmt: skip
    # An accuracy that names no side is validation's only where none other says so and the loss names its side.
    assert curves.epochs == expected
    assert (curves.steps, curves.before, curves.valid_size, curves.classes) == ((), None, 100, 2)


@pytest.mark.parametrize("valid_steps", [(4, 8), (3, 7), (0, 1), (1, 2)])
def test_a_loss_of_steps_is_averaged_up_to_each_validation(tmp_path: Path, valid_steps: tuple[int, int]) -> None:
    first, second = valid_steps
    losses = [4.0, 3.0, 2.0, 1.0, 0.5, 0.5, 0.25, 0.75]
    begin = 1 if first == 4 else 0
    logged(
        tmp_path,
        {
            "Loss/train": epochs(*losses, first=begin),
            "lr": epochs(*[0.5] * 8, first=begin),
            "Loss/valid": [(first, 1.25), (second, 0.75)],
        },
    )
    curves = read_any(tmp_path)
    assert curves.column("train_loss") == [2.5, 0.5]
    assert curves.column("valid_loss") == [1.25, 0.75]
    assert curves.steps[0] == Step(begin, 4.0, 0.5)
    assert len(curves.steps) == 8


def test_a_validation_that_no_step_precedes_is_before_training(tmp_path: Path) -> None:
    steps = epochs(*[1.0] * 12, first=1)
    logged(tmp_path, {"train_loss": steps, "val_loss": [(0, 2.5), (6, 2.0), (12, 1.5)]})
    curves = read_any(tmp_path)
    assert curves.before == Epoch(0, valid_loss=2.5)
    assert curves.column("valid_loss") == [2.0, 1.5]


def test_kerass_callback_writes_each_side_into_a_folder_of_its_own(tmp_path: Path) -> None:
    sides = {
        "train": {"epoch_loss": epochs(1.5, 0.5), "epoch_accuracy": epochs(0.25, 0.5),
                  "epoch_learning_rate": epochs(0.5, 0.125)},
        "validation": {"epoch_loss": epochs(1.25, 0.75), "epoch_accuracy": epochs(0.5, 0.75),
                       "evaluation_loss_vs_iterations": epochs(9, 9)},
    }  # fmt: skip
    for name, scalars in sides.items():
        logged(tmp_path / "logs" / name, scalars, tensors=True)
    (curves,) = read_all(tmp_path)
    assert curves.epochs == (
        Epoch(1, 1.5, valid_loss=1.25, error=0.5, learning_rate=0.5),
        Epoch(2, 0.5, valid_loss=0.75, error=0.25, learning_rate=0.125),
    )


def test_lightnings_log(tmp_path: Path) -> None:
    steps = [(3, 1.5), (7, 1.0), (11, 0.5), (15, 0.25), (19, 0.25), (23, 0.125)]
    logged(
        tmp_path / "version_0",
        {
            "train_loss_step": steps,
            "lr-Adam": [(step, 0.5 / (step + 1)) for step, _ in steps],
            "train_loss_epoch": [(11, 1.0), (23, 0.5)],
            "val_loss": [(11, 1.25), (23, 0.75)],
            "val_acc": [(11, 50.0), (23, 75.0)],
            "epoch": [(11, 0), (23, 1)],
            "hp_metric": [(0, -1)],
        },
    )
    logged(tmp_path / "version_0" / "1700000000.5", {"hparam/accuracy_best": [(0, 1)]})
    curves = read_any(tmp_path)
    assert [(e.train_loss, e.valid_loss, e.error) for e in curves.epochs] == [(1.0, 1.25, 0.5), (0.5, 0.75, 0.25)]
    assert [(step.step, step.loss) for step in curves.steps] == steps
    assert curves.steps[-1].learning_rate == pytest.approx(0.5 / 24)
    assert curves.annealed


def test_our_own_tags(tmp_path: Path) -> None:
    logged(
        tmp_path,
        {
            "epoch/train_loss_eval": epochs(2.25, 1.0, 0.5),
            "epoch/train_error_rate_eval": epochs(0.875, 0.25, 0.125),
            "epoch/valid_loss": epochs(2.5, 1.25, 0.75),
            "epoch/error_rate": epochs(0.75, 0.5, 0.25),
            "epoch/train_loss": epochs(2.0, 1.0, first=1),
            "epoch/seconds": epochs(0.5, 0.5, first=1),
            "step/train_loss": epochs(*[2.0] * 5, *[1.0] * 5),
            "step/lr": epochs(*[0.5] * 10),
            "step/momentum": epochs(*[0.75] * 10),
            "step/grad_norm": epochs(*[4.0] * 10),
            "summary/final_valid_loss": [(0, 0.75)],
        },
    )
    curves = read_any(tmp_path)
    assert curves.before == Epoch(0, train_loss_eval=2.25, train_error=0.875, valid_loss=2.5, error=0.75)
    assert curves.epochs == (Epoch(1, 2.0, 1.0, 0.25, 1.25, 0.5), Epoch(2, 1.0, 0.5, 0.125, 0.75, 0.25))
    assert curves.steps[9] == Step(9, 1.0, 0.5, 4.0)
    assert len(curves.steps) == 10


def test_what_is_not_finite_is_kept(tmp_path: Path) -> None:
    logged(tmp_path, {"Loss/train": epochs(1, math.nan), "Loss/valid": epochs(1, math.inf)})
    (_, last) = read_any(tmp_path).epochs
    assert math.isnan(last.train_loss or 0)
    assert last.valid_loss == math.inf


def test_a_training_started_again_replaces_the_first_and_a_resumed_one_goes_on(tmp_path: Path) -> None:
    logged(tmp_path / "again", {"train_loss": [*epochs(9, 9, 9), *epochs(3, 2)],
                                "val_loss": [*epochs(9, 9, 9), *epochs(4, 3)]})  # fmt: skip
    logged(tmp_path / "resumed", {"val_loss": [*epochs(4, 3, 9), *epochs(2, 1, first=2)]})
    again, resumed = read_all(tmp_path)
    assert again.column("valid_loss") == [4, 3]
    assert again.column("train_loss") == [3, 2]
    assert resumed.column("valid_loss") == [4, 3, 2, 1]


def test_a_writer_that_was_given_no_steps(tmp_path: Path) -> None:
    logged(tmp_path, {"Loss/train": [(0, 2.0), (0, 1.0)], "Loss/valid": [(0, 3.0), (0, 2.5)]})
    curves = read_any(tmp_path)
    assert [(epoch.train_loss, epoch.valid_loss) for epoch in curves.epochs] == [(2.0, 3.0), (1.0, 2.5)]


def test_a_file_cut_short_by_a_kill_is_read_up_to_there(tmp_path: Path) -> None:
    logged(tmp_path, {"Loss/valid": epochs(4, 3, 2)})
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert read_any(path).column("valid_loss") == [4, 3]
    path.write_bytes(whole + b"rubbish that is no record at all")
    assert read_any(tmp_path).column("valid_loss") == [4, 3, 2]


def test_what_is_said_where_no_tag_is_understood(tmp_path: Path) -> None:
    logged(tmp_path, {"speed": [(0, 1)], "lr": [(0, 0.1)]})
    with pytest.raises(Unreadable) as refused:
        read_any(tmp_path)
    understood = (
        "understood: tags such as Loss/train, Loss/valid, train_loss, val_loss, epoch_loss, Accuracy/valid, "
        "val_acc, error_rate, lr"
    )
    assert str(refused.value) == f"{tmp_path}\n  no tag is a loss or an error\n  its tags: speed, lr\n  {understood}"
    empty = logged(tmp_path / "empty", {})
    with pytest.raises(Unreadable) as refused:
        read_any(empty)
    assert str(refused.value) == f"{empty}\n  its event files hold no scalars\n  {understood}"


def test_several_runs_below_one_folder_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("run_10", "run_2"):
        logged(tmp_path / name, {"Loss/valid": epochs(2, 1)})
    assert [Path(curves.path).name for curves in read_all(tmp_path)] == ["run_2", "run_10"]


@pytest.mark.parametrize(
    "name",
    ["top_5_accuracy", "val_box_loss", "mean_squared_error", "lr-SGD-momentum", "train_val_loss", "loss_accuracy",
     "evaluation_loss_vs_iterations", "grad_2.0_norm/layer1.weight", "time", "best_valid_loss", ""],
)  # fmt: skip
def test_names_that_mean_something_else(name: str) -> None:
    assert meaning(name) is None


def test_pytorchs_own_writer_at_the_cost_of_importing_torch_slow(tmp_path: Path) -> None:
    from torch.utils.tensorboard.writer import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        for epoch in range(2):
            for step in range(4):
                writer.add_scalar("Loss/train", 2.0 - epoch, 4 * epoch + step)
            writer.add_scalar("Loss/valid", 1.5 - epoch, epoch)
            writer.add_scalar("Accuracy/valid", 0.5 + epoch / 4, epoch)
            writer.add_scalars("loss", {"train": 9.0, "valid": 9.0}, epoch)
        writer.add_hparams({"lr": 0.1}, {"hparam/accuracy": 0.75})
    curves = read_any(tmp_path)
    assert [(e.train_loss, e.valid_loss, e.error) for e in curves.epochs] == [(2.0, 1.5, 0.5), (1.0, 0.5, 0.25)]
    assert len(curves.steps) == 8
