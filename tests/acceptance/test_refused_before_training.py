"""What only the machine can refuse: devices, folders, data. Nothing is trained and nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from typing_in import type_in


def refused(here: Path, *words: str) -> str:
    before = sorted(here.rglob("*"))
    done = type_in(here, "fit", *words)
    assert (done.code, done.out) == (2, ""), done
    assert sorted(here.rglob("*")) == before
    return done.err


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


NO_GPU = "  trainer.accelerator=gpu\n    this machine has no such device\n    try: trainer=auto\n"


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path, "trainer=gpu") == f"error: 1 mistake, nothing was trained\n\n{NO_GPU}"


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_and_a_folder_that_are_not_there_in_one_message(tmp_path: Path) -> None:
    assert refused(tmp_path, "trainer=gpu", "dataset=folder", "dataset.root=nowhere") == (
        "error: 2 mistakes, nothing was trained\n\n"
        "  dataset.root=nowhere\n    there is no such folder. It must be a folder with one "
        "subfolder of images a class. Check the path; a relative one starts at the working folder.\n\n" + NO_GPU
    )


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_that_is_not_there_in_the_second_job_of_a_sweep(tmp_path: Path) -> None:
    text = refused(tmp_path, "-m", "trainer=cpu,gpu")
    assert text == f"error: 1 mistake, nothing was trained\n\n{NO_GPU}"


@pytest.mark.usefixtures("no_gpu")
def test_half_precision_without_a_gpu(tmp_path: Path) -> None:
    assert refused(tmp_path, "trainer.precision=16-mixed") == (
        "error: 1 mistake, nothing was trained\n\n  trainer.precision=16-mixed\n"
        "    16-mixed needs a GPU and this machine has none\n    try: trainer.precision=32-true\n"
    )


@pytest.mark.parametrize(
    ("words", "key"), [(["hydra.run.dir=file/run"], "run"), (["-m", "seed=0,1", "hydra.sweep.dir=file/run"], "sweep")]
)
def test_a_folder_that_cannot_be_written(tmp_path: Path, words: list[str], key: str) -> None:
    (tmp_path / "file").write_text("")
    assert refused(tmp_path, *words) == (
        f"error: 1 mistake, nothing was trained\n\n  hydra.{key}.dir=file/run\n"
        f"    this folder cannot be written: Not a directory\n    try: hydra.{key}.dir=FOLDER\n"
    )


def test_a_folder_that_holds_a_run_already_is_left_as_it_is(tmp_path: Path) -> None:
    first = type_in(tmp_path, "fit", "recipe=line", "schedule.epochs=1", "hydra.run.dir=mine")
    assert first.code == 0
    content = (tmp_path / "mine" / "run.json").read_bytes()
    assert refused(tmp_path, "recipe=line", "schedule.epochs=2", "hydra.run.dir=mine") == (
        "error: 1 mistake, nothing was trained\n\n  hydra.run.dir=mine\n"
        "    mine already holds a run (run.json); choose another folder\n    try: hydra.run.dir=mine_2\n"
    )
    assert (tmp_path / "mine" / "run.json").read_bytes() == content


def test_images_of_which_none_can_be_read(tmp_path: Path) -> None:
    for name in ("bears", "wolves"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        (tmp_path / "pictures" / name / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nand nothing more")
    text = refused(tmp_path, "dataset=folder", "dataset.root=pictures")
    assert text.startswith("error: the data cannot be trained on, nothing was trained\n\n  ")
    assert "pictures" in text


def test_a_vector_of_the_wrong_length(tmp_path: Path) -> None:
    text = refused(tmp_path, "recipe=line", "model.initial=[1,2,3]")
    assert text == (
        "error: 1 mistake, nothing was trained\n\n  model (experiments.models.linear.Linear)\n"
        "    model.initial=[1.0, 2.0, 3.0] must have 2 x 1 numbers here, or be null\n"
    )


def test_pictures_of_ones_own_are_trained_on(tmp_path: Path) -> None:
    for label, shade in (("dark", 40), ("light", 210)):
        (tmp_path / "my pictures, 2024" / label).mkdir(parents=True)
        for number in range(8):
            path = tmp_path / "my pictures, 2024" / label / f"{number}.png"
            Image.new("RGB", (16, 16), (shade + number, shade, shade)).save(path)
    words = ["dataset=folder", "dataset.image_size=16", "dataset.batch_size=4", "schedule.epochs=1", "model=linear"]
    text = refused(tmp_path, *words, "dataset.root=my pictures, 2024")
    (suggested,) = [line.split("try: ")[1] for line in text.splitlines() if "try: " in line]
    assert suggested == "\"dataset.root='my pictures, 2024'\""
    done = type_in(tmp_path, "fit", *words, suggested.strip('"'))
    assert done.code == 0, done.err
    assert "data      " in done.err
    assert "2 classes" in done.err
