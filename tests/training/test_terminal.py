"""What a person sees: a row an epoch while they fit on a screen, and none of the chatter."""

import pytest
from typed import Typed, rows


def table(printed: Typed) -> list[list[str]]:
    """The cells of the epoch table: up to the first empty line."""
    return [line.split() for line in printed.out.split("\n\n")[0].splitlines()]


def test_four_epochs_are_five_rows_of_the_numbers_in_history(digits: Typed) -> None:
    head, *body = table(digits)
    assert head == ["epoch", "train_loss", "train_loss_eval", "valid_loss", "error_rate", "seconds"]
    history = rows(digits.run / "history.csv")
    assert len(body) == len(history) == 5
    assert body[0] == ["0", *(f"{float(history[0][name]):.4f}" for name in head[2:5])]
    for cells, row in zip(body[1:], history[1:], strict=True):
        assert cells[0] == row["epoch"]
        assert [float(cell) for cell in cells[1:5]] == pytest.approx([float(row[name]) for name in head[1:5]], abs=5e-5)


def test_columns_are_aligned(digits: Typed) -> None:
    lines = digits.out.split("\n\n")[0].splitlines()
    assert len({len(line) for line in lines}) == 1


def test_a_hundred_epochs_are_about_a_dozen_rows(line: Typed) -> None:
    head, *body = table(line)
    assert "rmse" in head
    assert "error_rate" not in head
    assert [int(cells[0]) for cells in body] == list(range(0, 101, 10))


def test_the_summary_says_how_it_ended_and_where_it_is(digits: Typed) -> None:
    after = digits.out.split("\n\n")[1].splitlines()
    assert after[0].startswith("error rate 3.")
    assert after[0].endswith("% after epoch 4")
    assert after[1:3] == ["expected verdict healthy: confirmed", "expected error_rate < 0.15 * guessing: confirmed"]
    assert after[4] == "diagnosis: healthy (likely)"
    assert "  try: experiments fit schedule.epochs=16" in after
    run = digits.run.relative_to(digits.folder)
    assert after[-2:] == [f"run: {run}", f"look: tensorboard --logdir {run}"]


def test_what_is_trained_is_said_on_standard_error(digits: Typed) -> None:
    assert digits.err.splitlines() == [
        "data      1437 training, 360 validation images of 1 x 8 x 8, 10 classes",
        "model     SmallCNN, 95,242 parameters, 95,242 of them trained",
        "training  AdamW at 0.003, OneCycle, 4 epochs of 22 steps",
    ]
