"""What is to be said about the data of a sweep is said once, before its first job."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from typing_in import type_in


def test_a_bad_file_is_named_once_and_in_every_log(tmp_path: Path) -> None:
    for label, seeds in (("cat", range(20)), ("dog", range(100, 120))):
        folder = tmp_path / "animals" / label
        folder.mkdir(parents=True)
        for seed in seeds:
            values = np.random.default_rng(seed).integers(0, 256, (12, 10, 3), dtype=np.uint8)
            Image.fromarray(values).save(folder / f"{seed}.png")
    (tmp_path / "animals" / "cat" / "page.jpg").write_text("<html>")
    words = ["dataset=folder", f"dataset.root={tmp_path / 'animals'}", "dataset.image_size=8", "schedule.epochs=1"]
    done = type_in(tmp_path, "fit", "-m", *words, "dataset.batch_size=16", "optimizer.lr=0.001,0.01")
    assert done.code == 0, done.err
    named = "1 unreadable image left out: cat/page.jpg (not an image: it seems to be a web page)."
    assert done.err.count(named) == 1
    assert done.err.index(named) < done.err.index("[1/2]")
    logs = list(done.only.glob("*/fit.log"))
    assert len(logs) == 2
    assert all(log.read_text().count(named) == 1 for log in logs)
