"""The README's commands are run as they stand there."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from experiments.cli import main

README = (Path(__file__).parents[2] / "README.md").read_text()
BLOCKS = re.findall(r"```(sh|python|yaml)\n(.*?)```", README, re.DOTALL)
LINES = [line.partition("#")[0].strip() for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
COMMANDS = [line for line in LINES if line.startswith("experiments ")]


def test_is_short_and_shows_commands() -> None:
    assert len(README.splitlines()) <= 200
    assert len(COMMANDS) == 16


def test_the_commands_of_the_readme_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [command for command in COMMANDS if main(shlex.split(command)[1:]) != 0] == []
    assert len(list((tmp_path / "outputs").iterdir())) >= 5


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = [text for kind, text in BLOCKS if kind == "python"]
    scope: dict[str, object] = {}
    exec(code, scope)
    assert scope["run"].metrics["final"]["epoch"] == 1  # type: ignore[attr-defined]


def test_the_own_experiment_of_the_readme_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (text,) = [text for kind, text in BLOCKS if kind == "yaml"]
    path = tmp_path / "mine/experiment/slower.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert main(["fit", "--config-dir", "mine", "experiment=slower", "--cfg", "job"]) == 0
    assert "lr: 0.001" in capsys.readouterr().out


def test_what_the_readme_names_exists() -> None:
    root = Path(__file__).parents[2]
    for name in re.findall(r"\]\((\w[^):]*)\)", README):
        assert (root / name).exists(), name
    assert shutil.which("tensorboard") is not None or (root / ".venv/bin/tensorboard").exists()


def test_the_mistake_of_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "lr=0.1"]) == 2
    assert capsys.readouterr().err.strip() in README
