"""Tab completion behind the verb, as a shell asks for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from answers import Typed

Completed = Callable[[str], list[str]]


@pytest.fixture
def completed(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> Completed:
    """Asks as bash does, with the cursor at the end of the line."""

    def ask(line: str) -> list[str]:
        monkeypatch.setenv("COMP_LINE", line)
        monkeypatch.setenv("COMP_POINT", str(len(line)))
        answer = typed("-sc query=bash")
        assert (answer.code, answer.err) == (0, "")
        return answer.out.split()

    return ask


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("experiments ", ["fit", "lr-find", "diagnose", "data", "report", "draw", "tour", "cache", "list", "explain"]),
        ("experiments f", ["fit", "lr-find", "diagnose", "data", "report", "draw", "tour", "cache", "list", "explain"]),
        ("experiments fit optimizer=", ["optimizer=adamw", "optimizer=sgd"]),
        ("experiments fit optim", ["optimizer.", "optimizer="]),
        ("  experiments  fit optim", ["optimizer.", "optimizer="]),
        (
            "experiments fit experiment=lear",
            ["experiment=learning_rate_too_high", "experiment=learning_rate_too_low"],
        ),
        ("experiments fit seed=1 -m model=lin", ["model=linear"]),
        ("experiments fit optimizer=sgd optimizer.mo", ["optimizer.momentum="]),
        ("experiments fit optimizer=adamw optimizer.mo", []),
        ("experiments fit -m --cfg job model=lin", ["model=linear"]),
        ("experiments fit --dry-run seed=1 -r model=lin", ["model=linear"]),
        ("experiments fit --mul", ["--multirun"]),
        ("experiments fit seed=1 -c", ["-c", "-cd"]),
        ("experiments fit --config-dir ", []),
        ("experiments fit foo=[ optim", []),
        ("experiments fit --config-dir nowhere optim", []),
        ("experiments lr-find optimizer=", ["optimizer=adamw", "optimizer=sgd"]),
        ("experiments lr-find seed=1 --phase unfrozen model=lin", ["model=linear"]),
        ("experiments lr-find --ph", ["--phase"]),
        ("experiments lr-find --phase ", ["frozen", "unfrozen"]),
        ("experiments lr-find --phase u", ["unfrozen"]),
        ("experiments fit --cfg ", ["job"]),
        ("experiments list ", []),
        ("experiments nothing ", []),
    ],
)
def test_a_line_is_completed(completed: Completed, line: str, words: list[str]) -> None:
    assert completed(line) == words


def test_ones_own_options_are_completed_and_so_is_the_middle_of_a_line(
    completed: Completed, here: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed
) -> None:
    (here / "mine" / "optimizer").mkdir(parents=True)
    (here / "mine" / "optimizer" / "adagrad.yaml").write_text("_target_: torch.optim.Adagrad\nlr: 0.1\n")
    assert completed("experiments fit -cd mine optimizer=ada") == ["optimizer=adagrad", "optimizer=adamw"]
    monkeypatch.setenv("COMP_LINE", "experiments fit optimizer=a seed=1")
    monkeypatch.setenv("COMP_POINT", str(len("experiments fit optimizer=a")))
    assert typed("-sc query=bash").out == "optimizer=adamw\n"


def test_explain_completes_every_key_group_and_option_once(completed: Completed) -> None:
    words = completed("experiments explain opt")
    assert {"optimizer.lr", "seed", "experiment", "too_few_epochs", "sgd", "what_can_go_wrong"} <= set(words)
    assert len(words) == len(set(words))


def test_draw_completes_runs_sweeps_and_flags(completed: Completed, here: Path) -> None:
    (here / "outputs" / "one").mkdir(parents=True)
    (here / "outputs" / "one" / "run.json").write_text('{"started": "2026-01-01T00:00:00+00:00"}')
    assert completed("experiments draw ") == ["outputs/one", "--help", "--to"]


@pytest.mark.parametrize(("shell", "script"), [("bash", "bash"), ("zsh", "bash"), ("fish", "fish")])
def test_a_shell_gets_its_script(typed: Typed, shell: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/somewhere/bin/experiments"])
    answer = typed(f"-sc install={shell}")
    assert (answer.code, answer.err) == (0, "")
    assert f"query={script}" in answer.out
    assert "complete" in answer.out
    assert "experiments" in answer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("foo", "error: Expecting one subcommand from ['install', 'uninstall', 'query'] to be set\n"),
        ("install=cobol", "error: No completion plugin for 'cobol' found, available : \n\tbash\n\tfish\n\tzsh\n"),
    ],
)
def test_a_shell_that_nobody_knows(typed: Typed, words: str, said: str) -> None:
    answer = typed(f"-sc {words}")
    assert (answer.code, answer.out, answer.err) == (2, "", said)
