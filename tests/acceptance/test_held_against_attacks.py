"""Odd ways to use the command line that once broke it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from experiments import compose, fit
from experiments.cli import main

COMMAND = f"{sys.executable} -m experiments"
LINE = ["fit", "recipe=line", "schedule.epochs=3", "logger=csv"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_closed_pipe_does_not_stop_the_training(tmp_path: Path) -> None:
    line = f"{COMMAND} {' '.join(LINE)} schedule.epochs=30 | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert "Traceback" not in done.stderr
    (history,) = tmp_path.glob("outputs/*/history.csv")
    assert len(history.read_text().splitlines()) == 1 + 31


def test_help_into_a_closed_pipe(tmp_path: Path) -> None:
    line = f"{COMMAND} --help | true"
    assert subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True).stderr == ""


def test_hydra_may_change_the_folder(tmp_path: Path) -> None:
    assert main([*LINE, "hydra.job.chdir=true"]) == 0
    assert len(list(tmp_path.rglob("run.json"))) == len(list(tmp_path.glob("outputs/*/run.json"))) == 1


def test_what_the_data_refuse_is_refused_in_a_sweep_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
    Image.new("RGB", (9, 9), "red").save(tmp_path / "pictures/a/1.png")
    (tmp_path / "pictures/b/1.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    assert main(["fit", "-m", "seed=1,2", "dataset=folder", "dataset.root=pictures"]) == 2
    assert "readable images only of class a" in capsys.readouterr().err
    assert not (tmp_path / "multirun").exists()


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["-m", "model=linear,small_cnn", "model.initial=[1,2]"], "must have 64 x 10 numbers here"),
        (["-m", "seed=range(5,1)"], "there is no value to run over"),
        (["hydra.run.dir=${nope}"], "Interpolation key 'nope' not found"),
        (["model._target_=torch.nn.Identity"], "must answer with a tensor of shape (2, 10)"),
    ],
)
def test_what_cannot_be_trained_leaves_nothing(
    words: list[str], wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", *words]) == 2
    error = capsys.readouterr().err
    assert wrong in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_stays_below_its_folder(tmp_path: Path) -> None:
    assert main(["fit", "-m", "recipe=line", "schedule.epochs=1", "logger=csv", "name=..", "seed=1"]) == 0
    assert len(list(tmp_path.glob("multirun/_/*/0/run.json"))) == 1


def test_from_python_what_is_no_configuration_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"overrides is a list of texts: compose\(\['seed=1'\]\)"):
        compose("seed=1")
    with pytest.raises(TypeError, match="fit takes what compose returns, not dict"):
        fit({"seed": 1})  # type: ignore[arg-type]
    assert compose(override for override in ["seed=3"]).seed == 3  # type: ignore[arg-type]
