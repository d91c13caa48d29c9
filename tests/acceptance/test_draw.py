"""`draw=true` and `experiments draw`: pictures beside what was trained, and in TensorBoard."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typing_in import Typed, type_in

from experiments.runs.files import write_json
from experiments.verbs.draw import drawn_after_training

OF_A_LINE = ["fit.gif", "fit_dark.gif", "fit.html"] + [
    f"{name}{suffix}.png" for name in ("surface", "contours", "parabola") for suffix in ("", "_dark")
]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """A line that is drawn when it is trained."""
    return type_in(tmp_path_factory.mktemp("line"), "fit", "recipe=line", "schedule.epochs=30", "draw=true")


@pytest.fixture(scope="module")
def rates(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """A line at three rates, likewise."""
    words = ("recipe=line", "optimizer.lr=0.003,0.1,1.1", "schedule.epochs=30", "draw=true")
    return type_in(tmp_path_factory.mktemp("rates"), "fit", "-m", *words)


def listed(done: Typed) -> list[str]:
    return [line.removeprefix("picture: ") for line in done.out.splitlines() if line.startswith("picture: ")]


def in_tensorboard(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def test_a_line_is_drawn_after_its_training(line: Typed) -> None:
    assert (line.code, "note:" in line.err) == (0, False)
    folder = line.only.relative_to(line.here)
    assert listed(line) == [str(folder / "pictures" / name) for name in OF_A_LINE if "_dark" not in name]
    assert line.out.splitlines()[-1] == f"look: tensorboard --logdir {folder}"
    for name in OF_A_LINE:
        start = {"gif": b"GIF8", "png": b"\x89PNG", "html": b"<!doctype html>"}[name.rpartition(".")[2]]
        content = (line.only / "pictures" / name).read_bytes()
        assert content[: len(start)].lower() == start.lower(), name
        assert len(content) > 5_000


def test_its_light_pictures_are_in_tensorboard_beside_its_curves(line: Typed) -> None:
    found = in_tensorboard(line.only)
    assert sorted(found.Tags()["images"]) == ["contours", "fit", "parabola", "surface"]
    assert len(found.Scalars("epoch/valid_loss")) == 31


def test_what_was_drawn_once_is_drawn_again_and_elsewhere(line: Typed, tmp_path: Path) -> None:
    shutil.copytree(line.only, tmp_path / "outputs" / "mine", ignore=shutil.ignore_patterns("pictures"))
    done = type_in(tmp_path, "draw", "--to", "my figures")
    assert (done.code, done.err) == (0, "")
    assert listed(done) == [f"my figures/{name}" for name in OF_A_LINE if "_dark" not in name]
    assert done.out.splitlines()[-1] == "look: tensorboard --logdir outputs/mine"
    assert sorted(path.name for path in (tmp_path / "my figures").iterdir()) == sorted(OF_A_LINE)
    assert not (tmp_path / "outputs" / "mine" / "pictures").exists()
    assert len(list((tmp_path / "outputs" / "mine").glob("*.pictures"))) == 1
    assert len(in_tensorboard(tmp_path / "outputs" / "mine").Images("fit")) == 1


def test_a_sweep_has_pictures_of_its_own(rates: Typed) -> None:
    assert (rates.code, "note:" in rates.err) == (0, False)
    folder = rates.only.relative_to(rates.here)
    drawn = [folder / "pictures" / f"{name}.png" for name in ("parabola", "three_rates")]
    assert listed(rates) == list(map(str, [folder / "curves.png", folder / "swept.png", *drawn]))
    for path in (*drawn, *(path.with_stem(f"{path.stem}_dark") for path in drawn)):
        assert (rates.here / path).read_bytes().startswith(b"\x89PNG")
    assert sorted(in_tensorboard(rates.only).Tags()["images"]) == ["parabola", "three_rates"]
    assert not list(rates.only.glob("*/pictures"))


def test_several_sweeps_are_one_bridge_beside_what_was_there(rates: Typed, tmp_path: Path) -> None:
    shutil.copytree(rates.only, tmp_path / "a")
    done = type_in(tmp_path, "draw", "a", "a", "--to", "both")
    assert (done.code, done.err) == (0, "")
    assert done.out == "picture: both/bridge.png\nlook: tensorboard --logdir a\n"
    found = in_tensorboard(tmp_path / "a")
    assert sorted(found.Tags()["images"]) == ["bridge", "parabola", "three_rates"]
    assert found.Images("bridge")[0].encoded_image_string == (tmp_path / "both" / "bridge.png").read_bytes()


def nothing(here: Path) -> list[str]:
    del here
    return []


def missing(here: Path) -> list[str]:
    del here
    return ["outputs/nowhere"]


def digits(here: Path) -> list[str]:
    (here / "digits").mkdir()
    write_json(here / "digits" / "run.json", {"schema": 1, "status": "finished"})
    return ["digits"]


def damaged(here: Path) -> list[str]:
    digits(here)
    (here / "digits" / "parameters.csv").write_text("step,a\n0,1,2\n")
    return ["digits"]


def no_json(here: Path) -> list[str]:
    digits(here)
    (here / "digits" / "run.json").write_text("{")
    return ["digits", "digits"]


def seeds(here: Path) -> list[str]:
    (here / "seeds").mkdir()
    jobs = [{"folder": f"seed={n}", "overrides": [], "swept": {"seed": str(n)}, "status": "planned"} for n in (1, 2)]
    write_json(here / "seeds" / "sweep.json", {"schema": 1, "name": "seeds", "status": "running", "jobs": jobs})
    return ["seeds"]


def a_run_among_sweeps(here: Path) -> list[str]:
    return [*seeds(here), *digits(here)]


CANNOT = [
    (nothing, "there is no run below"),
    (missing, "outputs/nowhere does not exist"),
    (digits, "digits cannot be drawn: only a line or a polynomial leaves parameters"),
    (damaged, "digits cannot be drawn: parameters.csv or points.csv is damaged"),
    (no_json, "digits is a run, not a sweep"),
    (seeds, "seeds has no picture of its own"),
    (a_run_among_sweeps, "digits is a run, not a sweep"),
]


@pytest.mark.parametrize(("make", "said"), CANNOT, ids=lambda value: getattr(value, "__name__", ""))
def test_what_cannot_be_drawn_is_told_why(make: object, said: str, tmp_path: Path) -> None:
    assert callable(make)
    words = make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = type_in(tmp_path, "draw", *words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert said in done.err
    assert "Traceback" not in done.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_one_message(line: Typed, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = type_in(tmp_path, "draw", str(line.only), "--to", "taken")
    assert (done.code, done.out, done.err) == (1, "", "error: taken: File exists\n")


def test_a_training_that_cannot_be_drawn_is_done_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (name,) = digits(tmp_path)
    assert drawn_after_training(tmp_path / name) == []
    assert capsys.readouterr().err.startswith(f"note: {tmp_path / name} cannot be drawn: only a line or a polynomial")
    monkeypatch.setattr("experiments.reports.drawing.pictures.draw_run", lambda *_: 1 / 0)
    assert drawn_after_training(tmp_path / name) == []
    assert capsys.readouterr().err == "note: the pictures could not be drawn: ZeroDivisionError: division by zero\n"


def test_drawing_needs_no_torch(line: Typed, tmp_path: Path) -> None:
    code = (
        "import sys; from experiments.cli import main; "
        f"assert main(['draw', {str(line.only)!r}, '--to', {str(tmp_path)!r}]) == 0; "
        "assert not {'torch', 'tensorflow', 'matplotlib.pyplot'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True)
