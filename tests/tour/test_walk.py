"""The tour with commands that only pretend: what is typed, collected, and said."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from experiments.config.composition import Composer
from experiments.config.problems import ConfigurationError
from experiments.config.tour_arguments import parse_tour
from experiments.sweeps.plan import make_plan
from experiments.tour.page import page
from experiments.tour.steps import STEPS
from experiments.tour.walk import Shown, walk, with_needs
from experiments.verbs.tour import tour


class Pretended:
    """Runs nothing: leaves a picture, light and dark, for every command, and remembers what was asked for."""

    def __init__(self, codes: dict[str, int] | None = None) -> None:
        self.typed: list[list[str]] = []
        self.arguments: list[list[str]] = []
        self.codes = codes or {}

    def __call__(self, words: list[str]) -> int:
        self.typed.append(words)
        self.arguments.append(sys.argv)
        folder = Path("multirun") / "learning_rate" / f"{len(self.typed):02d}" / "pictures"
        folder.mkdir(parents=True)
        for name in ("fit.png", "fit_dark.png", "fit.html"):
            (folder / name).write_bytes(name.encode())
        return self.codes.get(words[-1], 0)


def test_a_step_is_typed_as_it_is_shown_and_its_pictures_are_collected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, run = Path.cwd(), Pretended()
    shown = walk([1], tmp_path, run)
    assert run.typed == [["fit", "recipe=line", "draw=true"]]
    assert run.arguments == [["experiments", "fit", "recipe=line", "draw=true"]]
    assert sys.argv[0] != "experiments"
    assert Path.cwd() == here
    names = {path.name: path.read_text() for path in (tmp_path / "pictures").iterdir()}
    assert names == {f"01_line_{name}": name for name in ("fit.png", "fit_dark.png", "fit.html")}
    assert sorted(shown[0].pictures) == sorted(names)
    said = capsys.readouterr().out
    assert f"=== 1 of {len(STEPS)}: {STEPS[0].title}" in said
    assert "$ experiments fit recipe=line draw=true" in said


def test_each_step_has_its_own_pictures_alone(tmp_path: Path) -> None:
    shown = walk([1, 2], tmp_path, Pretended())
    assert [len(one.pictures) for one in shown] == [3, 3]
    assert all(name.startswith("02_rates_") for name in shown[1].pictures)


def test_the_bridge_alone_runs_the_sweeps_that_it_needs_and_is_given_their_folders(tmp_path: Path) -> None:
    number = next(n for n, step in enumerate(STEPS, 1) if step.name == "bridge")
    numbers = with_needs(number)
    assert [STEPS[n - 1].name for n in numbers] == ["rates", "valley", "pictures", "transfer", "bridge"]
    run = Pretended()
    walk([numbers[0], numbers[1], numbers[-1]], tmp_path, run)
    assert run.typed[-1] == ["draw", "multirun/learning_rate/01", "multirun/learning_rate/02"]


def test_a_step_whose_download_is_refused_is_left_out_and_has_not_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = next(n for n, step in enumerate(STEPS, 1) if step.name == "transfer")
    run = Pretended({"model=squeezenet1_1": 2})
    assert tour(["--to", str(tmp_path / "tour"), "--step", str(number)], run) == 0
    assert len([words for words in run.typed if "model=squeezenet1_1" in words]) == 1
    said = capsys.readouterr().out
    assert "left out: this step needs squeezenet1_1's ImageNet weights, 5 MB, once" in said


def test_a_refusal_of_any_other_step_is_a_failure(tmp_path: Path) -> None:
    assert tour(["--to", str(tmp_path / "tour"), "--step", "1"], Pretended({"draw=true": 2})) == 1


def test_ctrl_c_ends_the_tour_and_a_failure_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stopped = tour(["--to", str(tmp_path / "a")], Pretended({"logger=csv": 130}))
    assert stopped == 130
    assert not (tmp_path / "a" / "pictures" / "05_degrees_fit.png").exists()
    run = Pretended({"logger=csv": 1})
    assert tour(["--to", str(tmp_path / "b")], run) == 1
    assert len(run.typed) == sum(len(step.commands) for step in STEPS)
    captured = capsys.readouterr()
    assert "steps that failed: 4" in captured.err
    assert f"look: tensorboard --logdir {tmp_path / 'b'}, and tick" in captured.out


class Links(HTMLParser):
    """All that a page refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "srcset", "href") and value]


def test_the_page_shows_every_picture_once_and_needs_no_network(tmp_path: Path) -> None:
    shown = walk([1, 2], tmp_path, Pretended())
    text = page(shown)
    links = Links(text).found
    assert sorted(links) == sorted(name for one in shown for name in one.pictures)
    assert "http" not in text
    assert 'media="(prefers-color-scheme: dark)"' in text
    assert all(step.title in text for step in STEPS[:2])


def test_the_page_takes_nothing_for_html_that_is_none() -> None:
    assert "<b>.png" not in page([Shown(1, STEPS[0], ["01_<b>.png"])])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--step", "99"], f"there is no step 99: they are 1 to {len(STEPS)}"),
        (["--step", "0"], "there is no step 0"),
        (["--step", "two"], "invalid int value"),
        (["--lsit"], "unrecognized"),
        (["--list", "--step", "1"], "--list stands alone"),
        (["now"], "unrecognized"),
    ],
)
def test_what_is_no_tour_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_tour(words, len(STEPS))
    assert said in str(refused.value)


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    run = Pretended()
    with pytest.raises(ConfigurationError, match="not empty"):
        tour(["--to", str(tmp_path)], run)
    assert run.typed == []
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_list_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    run = Pretended()
    assert tour(["--list"], run) == 0
    said = capsys.readouterr().out
    assert all(command in said for step in STEPS for command in step.commands)
    assert run.typed == []


COMMANDS = [command for step in STEPS for command in step.commands if command.startswith("experiments fit")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_tour_can_be_trained(command: str) -> None:
    words = command.split()[2:]
    overrides = [word for word in words if word != "-m"]
    assert make_plan(Composer(), overrides, multirun=len(overrides) < len(words)).jobs


def test_the_steps_have_names_of_their_own_and_two_lines() -> None:
    names = [step.name for step in STEPS]
    assert len(set(names)) == len(names)
    assert {name for step in STEPS for name in step.needs} <= set(names)
    assert all(len(step.text) == 2 and all(len(line) <= 110 for line in step.text) for step in STEPS)
