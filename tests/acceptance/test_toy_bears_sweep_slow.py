"""The five lesson experiments on drawn bears, drawn for it. Slow: 1,800 pictures and some fifty epochs."""

from __future__ import annotations

from pathlib import Path

from typing_in import record, rows, type_in

CONFIRMED = {
    "good": "healthy",
    "learning_rate_too_high": "learning_rate_too_high",
    "learning_rate_too_low": "learning_rate_too_low",
    "too_few_epochs": "too_few_epochs",
    "too_many_epochs": "healthy",
}


def test_all_five_are_confirmed_on_drawn_bears(tmp_path: Path) -> None:
    size = "dataset.image_size=64"
    done = type_in(
        tmp_path, "fit", "sweep=what_can_go_wrong", "recipe=bears", "dataset=toy_bears", "model=small_cnn", size
    )
    assert done.code == 0, done.err
    found = {row["experiment"]: row for row in rows(done.only / "runs.csv")}
    assert {name: row["expect"] for name, row in found.items()} == dict.fromkeys(CONFIRMED, "confirmed")
    assert {name: row["verdict"] for name, row in found.items()} == CONFIRMED
    # Neither too easy nor too hard for a small network.
    assert 0.03 < float(found["good"]["error_rate"]) < 0.15
    data = record(done.only / "good")["data"]
    assert (data["classes"], data["train_size"], data["valid_size"]) == (["black", "grizzly", "teddy"], 1440, 360)
