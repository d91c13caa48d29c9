"""Any trainer's history CSV, and what is said of a file that is none."""

import math
from pathlib import Path

import pytest
from histories import written

from experiments.diagnosis.curves import Epoch
from experiments.diagnosis.readers.any_path import read_all, read_any
from experiments.diagnosis.readers.unreadable import Unreadable

ALLOWED = "allowed: a run's folder (run.json), a history CSV of any trainer, or a TensorBoard log folder"

FASTAI = """
    epoch,train_loss,valid_loss,error_rate,time
    0,0.957604,0.199212,0.045045,00:12
    1,0.556265,0.093994,0.036036,00:11
"""
KERAS = """
    epoch,accuracy,loss,lr,val_accuracy,val_loss
    0,0.5,1.2,0.001,0.75,0.8
    1,0.75,0.9,0.0005,0.875,0.7
"""
LIGHTNING = """
    epoch,lr-Adam,step,test_loss,train_loss_epoch,train_loss_step,val_acc,val_loss
    ,0.015,3,,,,,
    0,,3,,,1.5,,
    ,0.09,7,,,,,
    0,,7,,,1.0,,
    0,,7,,,,0.25,1.25
    0,,7,,1.3,,,
    ,0.08,11,,,,,
    1,,11,,,0.5,,
    1,,15,,,0.25,,
    1,,15,,,,0.75,0.5
    1,,15,,0.4,,,
    2,,16,0.6,,,,
"""
OURS = """
    epoch,lr,train_loss,train_loss_eval,train_error_rate_eval,valid_loss,error_rate,seconds
    0,,,2.3,0.89,2.31,0.91,
    1,0.002,2.1,1.1,0.16,1.2,0.17,0.3
    2,0.001,nan,0.2,,0.3,inf,0.3
"""
ROOT = "epoch,train_loss,valid_loss,error_rate\n"


def test_fastais_logger_without_its_times(tmp_path: Path) -> None:
    curves = read_any(written(tmp_path, FASTAI), valid_size=111, classes=3)
    assert curves.epochs == (
        Epoch(1, train_loss=0.957604, valid_loss=0.199212, error=0.045045),
        Epoch(2, train_loss=0.556265, valid_loss=0.093994, error=0.036036),
    )
    assert (curves.valid_size, curves.classes, curves.own, curves.before) == (111, 3, False, None)
    assert curves.path == str(tmp_path / "history.csv")


def test_fastais_only_accuracy_is_validations(tmp_path: Path) -> None:
    curves = read_any(written(tmp_path, "epoch,train_loss,valid_loss,accuracy,time\n0,0.9,0.2,0.75,00:12"))
    assert curves.column("error") == [0.25]


def test_kerass_bare_accuracy_is_trainings_and_left_out(tmp_path: Path) -> None:
    curves = read_any(written(tmp_path, KERAS))
    assert curves.epochs == (
        Epoch(1, train_loss=1.2, valid_loss=0.8, error=0.25, learning_rate=0.001),
        Epoch(2, train_loss=0.9, valid_loss=0.7, error=0.125, learning_rate=0.0005),
    )
    assert curves.annealed is False
    alone = read_any(written(tmp_path, "epoch,accuracy,loss\n0,0.5,1.2", "alone.csv"))
    assert alone.epochs == (Epoch(1, train_loss=1.2),)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("acc,loss,val_acc,val_loss", Epoch(1, train_loss=0.5, valid_loss=0.75, error=0.875)),
        ("acc,loss,val_sparse_categorical_accuracy,val_loss", Epoch(1, train_loss=0.5, valid_loss=0.75, error=0.875)),
        ("test_loss,train_loss,val_error,lr_0", Epoch(1, 0.5, valid_loss=0.25, error=0.125, learning_rate=0.75)),
        ("x,Training Loss,VALID_error_rate , Validation Loss", Epoch(1, 0.5, error=0.125, valid_loss=0.75)),
        ("test_loss,valid_loss,test_acc,x", Epoch(1, valid_loss=0.5)),  # another set's accuracy is not validation's
        ("train_accuracy,train_loss,valid_accuracy,x", Epoch(1, train_loss=0.5, error=0.875)),
        ("eval_loss,trainLoss,box_loss,top_5_accuracy", Epoch(1, train_loss=0.5, valid_loss=0.25)),
        ("lr-AdamW/pg1,loss,lr-AdamW/pg2,lr-AdamW/pg1-momentum", Epoch(1, train_loss=0.5, learning_rate=0.25)),
        ("time,loss,mean_squared_error,val_mean_absolute_error", Epoch(1, train_loss=0.5)),
    ],
)
def test_columns_are_known_by_the_parts_of_their_names(tmp_path: Path, header: str, expected: Epoch) -> None:
    assert read_any(written(tmp_path, f"{header}\n0.25,0.5,0.125,0.75")).epochs == (expected,)


def test_lightnings_rows_are_joined_and_its_steps_told_apart(tmp_path: Path) -> None:
    written(tmp_path / "version_0", LIGHTNING, "metrics.csv")
    curves = read_any(tmp_path)
    assert curves.path == str(tmp_path)
    assert curves.epochs == (
        Epoch(1, train_loss=1.3, valid_loss=1.25, error=0.75, learning_rate=0.09),
        Epoch(2, train_loss=0.4, valid_loss=0.5, error=0.25, learning_rate=0.08),
    )
    assert [(s.step, s.loss, s.learning_rate) for s in curves.steps] == [
        (3, 1.5, 0.015), (7, 1.0, 0.09), (11, 0.5, 0.08), (15, 0.25, None),
    ]  # fmt: skip


def test_an_epochs_loss_is_the_mean_of_its_steps_where_only_steps_are_logged(tmp_path: Path) -> None:
    rows = "epoch,step,train_loss,val_loss\n0,0,1.0,\n0,1,0.5,\n0,1,,2\n1,2,0.25,\n1,3,nan,\n1,3,,1"
    curves = read_any(written(tmp_path, rows))
    assert curves.epochs[0] == Epoch(1, train_loss=0.75, valid_loss=2)
    assert math.isnan(curves.epochs[1].train_loss or 0)
    assert [step.step for step in curves.steps] == [0, 1, 2, 3]
    assert not curves.everything_finite


def test_our_own_row_0_is_before_training_and_nan_is_not_an_empty_cell(tmp_path: Path) -> None:
    curves = read_any(written(tmp_path, OURS))
    assert curves.before == Epoch(0, train_loss_eval=2.3, train_error=0.89, valid_loss=2.31, error=0.91)
    assert curves.epochs[0] == Epoch(1, 2.1, 1.1, 0.16, 1.2, 0.17, 0.002)
    assert math.isnan(curves.epochs[1].train_loss or 0)
    assert curves.epochs[1].train_error is None
    assert curves.epochs[1].error == math.inf


def test_only_epoch_0_of_our_own_columns_is_before_training(tmp_path: Path) -> None:
    later = read_any(written(tmp_path, "epoch,train_loss,train_loss_eval,valid_loss\n1,,2.3,2.5"))
    other = read_any(written(tmp_path, "epoch,train_loss,valid_loss\n0,,2.5\n1,1.5,2", "other.csv"))
    assert (later.before, later.column("valid_loss")) == (None, [2.5])
    assert (other.before, other.column("valid_loss")) == (None, [2.5, 2])


@pytest.mark.parametrize("empty", ["", "None", "null", "NA", "-", "#na#"])
def test_what_was_not_recorded_is_absent(tmp_path: Path, empty: str) -> None:
    curves = read_any(written(tmp_path, f"{ROOT}0,0.5,{empty},0.25"))
    assert curves.epochs == (Epoch(1, train_loss=0.5, error=0.25),)


@pytest.mark.parametrize("word", ["nan", "NaN", "inf", "-inf", "Infinity"])
def test_what_is_not_finite_was_recorded(tmp_path: Path, word: str) -> None:
    (epoch,) = read_any(written(tmp_path, f"{ROOT}0,0.5,{word},0.25")).epochs
    assert epoch.valid_loss is not None
    assert not math.isfinite(epoch.valid_loss)


@pytest.mark.parametrize("numbers", [("0", "1"), ("1", "2"), ("0.0", "1.0"), ("7", "9"), ("2", "1"), ("", "")])
def test_epochs_are_numbered_from_1_and_sorted(tmp_path: Path, numbers: tuple[str, str]) -> None:
    first, second = numbers
    curves = read_any(written(tmp_path, f"{ROOT}{first},0.5,0.5,0.5\n{second},0.25,0.5,0.5"))
    losses = [0.25, 0.5] if numbers == ("2", "1") else [0.5, 0.25]
    assert [epoch.epoch for epoch in curves.epochs] == [1, 2]
    assert curves.column("train_loss") == losses


def test_without_a_column_of_epochs_each_row_is_one(tmp_path: Path) -> None:
    curves = read_any(written(tmp_path, "train_loss,valid_loss\n3,4\n2,3\n1,2"))
    assert [(epoch.epoch, epoch.valid_loss) for epoch in curves.epochs] == [(1, 4), (2, 3), (3, 2)]


@pytest.mark.parametrize(
    ("accuracies", "errors"),
    [(("90", "95.5"), [0.1, 0.045]), (("0.9", "1.0"), [0.1, 0.0]), (("0.9", "92"), [0.991, 0.08])],
)
def test_accuracies_in_percent(tmp_path: Path, accuracies: tuple[str, str], errors: list[float]) -> None:
    first, second = accuracies
    curves = read_any(written(tmp_path, f"epoch,valid_loss,accuracy\n0,0.5,{first}\n1,0.4,{second}"))
    assert curves.column("error") == pytest.approx(errors)


def test_an_rmse_makes_a_regression_and_is_no_percentage(tmp_path: Path) -> None:
    curves = read_any(written(tmp_path, "epoch,train_loss,valid_loss,error_rate,rmse\n1,25,36,,6"))
    assert curves.regression
    assert curves.epochs == (Epoch(1, train_loss=25, valid_loss=36, error=6),)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(("encoding", "line_end"), [("utf-8", "\n"), ("utf-8-sig", "\r\n"), ("utf-16", "\r\n")])
def test_separators_byte_order_marks_and_line_ends(
    tmp_path: Path, separator: str, encoding: str, line_end: str
) -> None:
    lines = [line.strip().replace(",", separator) for line in FASTAI.strip().splitlines()]
    path = tmp_path / "history.csv"
    path.write_bytes(line_end.join([*lines, "", ""]).encode(encoding))
    assert read_any(path).column("valid_loss") == [0.199212, 0.093994]


def test_decimal_commas_where_semicolons_separate(tmp_path: Path) -> None:
    assert read_any(written(tmp_path, "epoch;loss;val_loss\n1;0,5;0,25")).epochs == (
        Epoch(1, train_loss=0.5, valid_loss=0.25),
    )


@pytest.mark.parametrize("between", ["", ROOT])
def test_of_two_trainings_in_one_file_the_last_is_read(tmp_path: Path, between: str) -> None:
    first, second = "0,3,3,0.5\n1,2,2,0.4\n2,1,1,0.3\n", "0,9,9,0.9\n1,8,8,0.8"
    curves = read_any(written(tmp_path, ROOT + first + between + second))
    assert curves.column("valid_loss") == [9, 8]


def test_a_header_in_the_midst_of_one_training_is_passed_over(tmp_path: Path) -> None:
    curves = read_any(written(tmp_path, f"{ROOT}0,3,3,0.5\n1,2,2,0.4\n{ROOT}2,1,1,0.3"))
    assert curves.column("valid_loss") == [3, 2, 1]


def test_an_epoch_that_a_resumed_training_repeats_is_read_once(tmp_path: Path) -> None:
    curves = read_any(written(tmp_path, f"{ROOT}0,3,3,0.5\n1,2,2,0.4\n1,7,7,0.4\n2,1,1,0.3"))
    assert curves.column("valid_loss") == [3, 7, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", f"is empty: no training has written to it yet\n  {ALLOWED}"),
        (b"\n \n", f"is empty: no training has written to it yet\n  {ALLOWED}"),
        (b"\x89PNG\0\0", f"is a binary file, no history CSV\n  {ALLOWED}"),
        (b"epoch,loss\n", "has a header and no rows: no epoch has ended yet\n  its columns: epoch, loss"),
        (
            b"name,size\na,1\n",
            "no column is a loss or an error\n  its columns: name, size\n  understood: train_loss, valid_loss "
            "(or val_loss, validation_loss), error_rate, accuracy, val_accuracy, rmse, loss, train_loss_eval, lr",
        ),
        (
            b"epoch,loss\n\n0,1\n1\n",
            "line 4 has 1 cell, the header has 2\n"
            "  allowed: rows as long as the header; an empty cell where nothing was recorded",
        ),
        (
            b"epoch,loss\n0,1,2\n",
            "line 2 has 3 cells, the header has 2\n"
            "  allowed: rows as long as the header; an empty cell where nothing was recorded",
        ),
        (
            b"epoch,loss\n0,1\n1,tensor(0.5)\n",
            "line 3, column loss: 'tensor(0.5)' is no number\n"
            "  allowed: a number, nan, inf, or an empty cell where nothing was recorded",
        ),
        (
            b"epoch,loss\n1/10,1\n",
            "line 2, column epoch: '1/10' is no number\n"
            "  allowed: a number, nan, inf, or an empty cell where nothing was recorded",
        ),
        (b"epoch,loss\n0,\n1,\n", "no row holds a loss or an error\n  its columns: epoch, loss"),
    ],
)
def test_what_is_said_of_a_file_that_is_no_history(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as refused:
        read_any(path)
    assert str(refused.value) == f"{path}\n  {message}"


def test_a_missing_path_is_answered_with_the_nearest(tmp_path: Path) -> None:
    written(tmp_path, FASTAI, "my history.csv")
    missing = tmp_path / "my_histroy.csv"
    with pytest.raises(Unreadable) as refused:
        read_any(missing)
    nearest = tmp_path / "my history.csv"
    assert str(refused.value) == f"{missing}\n  does not exist\n  {ALLOWED}\n  try: experiments diagnose '{nearest}'"
    with pytest.raises(Unreadable, match="does not exist") as refused:
        read_any(tmp_path / "no" / "such" / "folder")
    assert "try:" not in str(refused.value)


def test_a_folder_with_nothing_to_read(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    with pytest.raises(Unreadable) as refused:
        read_any(folder)
    allowed = ALLOWED.removeprefix("allowed: ")
    assert str(refused.value) == f"{folder}\n  is a folder that holds none of these: {allowed}"
    path = written(folder, FASTAI, "training.csv")
    with pytest.raises(Unreadable, match=r"without history\.csv or metrics\.csv") as refused:
        read_any(folder)
    assert str(refused.value).endswith(f"try: experiments diagnose {path}")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, FASTAI)
    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(Unreadable) as refused:
        read_any(path)
    assert str(refused.value) == f"{path}\n  may not be read: permission denied\n  {ALLOWED}, readable by you"


def test_several_trainings_in_one_folder(tmp_path: Path) -> None:
    for version in (0, 2, 10):
        written(tmp_path / "lightning_logs" / f"version_{version}", LIGHTNING, "metrics.csv")
    many = read_all(tmp_path, classes=3)
    assert [Path(curves.path).name for curves in many] == ["version_0", "version_2", "version_10"]
    assert all(curves.classes == 3 and len(curves.epochs) == 2 for curves in many)
    with pytest.raises(Unreadable, match="holds 3 trainings, not one") as refused:
        read_any(tmp_path)
    assert str(refused.value).endswith(f"try: experiments diagnose {many[0].path}")


def test_a_csv_is_read_rather_than_the_event_files_beside_it(tmp_path: Path) -> None:
    written(tmp_path, "not to be read", "events.out.tfevents.1.host")
    written(tmp_path, FASTAI)
    assert len(read_any(tmp_path).epochs) == 2
