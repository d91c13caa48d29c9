"""hydra/launcher=vectorised: what it refuses and with which words, and what a sweep leaves that it has trained."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image
from stand_ins import record_hydra_alone, specs_of
from torch import Tensor, nn

from experiments.cli import main
from experiments.config.composition import Composer
from experiments.sweeps.claim import claim
from experiments.sweeps.launch import run_sweep, run_together
from experiments.sweeps.plan import Job, make_plan
from experiments.sweeps.record import SweepRecord
from experiments.sweeps.shares import Shares
from experiments.sweeps.supervision import Crew

VECTORISED = "hydra/launcher=vectorised"
BASIC = "hydra/launcher=basic"

Refused = Callable[[str], str]


class WithBatchNorm(nn.Module):
    """A stranger's network."""

    def __init__(self, input_shape: tuple[int, ...], output_size: int, norm: bool = True) -> None:
        super().__init__()
        norms = [nn.BatchNorm1d(4)] if norm else []
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(prod(input_shape), 4), *norms, nn.Linear(4, output_size))

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.body(inputs)
        return outputs


class AsksItsData(WithBatchNorm):
    """Goes another way for other numbers, which cannot be done for many networks at once."""

    def __init__(self, input_shape: tuple[int, ...], output_size: int) -> None:
        super().__init__(input_shape, output_size, norm=False)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs = super().forward(inputs)
        return outputs if outputs.detach().sum().item() > 0 else 2 * outputs


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refused(here: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Types what must be refused and leave nothing behind; answers with the message."""

    def run(line: str) -> str:
        before = sorted(here.rglob("*"))
        code = main(shlex.split(line))
        out, err = capsys.readouterr()
        assert (code, out) == (2, ""), err
        assert sorted(here.rglob("*")) == before, "a refusal leaves no folder"
        return err

    return run


def together_refused(reason: str, instead: str = BASIC) -> str:
    return _message(f"these jobs cannot be trained together: {reason}", instead)


def many_refused(reason: str, instead: str = BASIC) -> str:
    return _message(f"these networks cannot be trained many at a time: {reason}", instead)


def _message(wrong: str, instead: str) -> str:
    return f"error: 1 mistake, nothing was trained\n\n  {VECTORISED}\n    {wrong}\n    try: {instead}\n"


def option(folder: Path, name: str, text: str) -> None:
    """A YAML file of the user's own."""
    path = folder / "mine" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("words", ["", "recipe=line optimizer.lr=0.1"])
def test_a_single_run_is_refused(refused: Refused, words: str) -> None:
    wrong = "it trains the jobs of a sweep together, and this is one run"
    assert refused(f"fit {VECTORISED} {words}") == _message(wrong, f"-m optimizer.lr=0.01,0.1 {VECTORISED}")


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("schedule.epochs=1,2", "schedule.epochs"),
        ("dataset.data_seed=1,2 seed=0,1", "dataset.data_seed"),
        ("schedule=constant,cosine model.bias=true,false", "schedule._target_, model.bias"),
        ("optimizer=sgd,adamw", "optimizer._target_"),
    ],
)
def test_jobs_that_differ_in_more_than_seed_and_numbers_are_refused(refused: Refused, words: str, keys: str) -> None:
    known = refused(f"fit -m recipe=line {VECTORISED} {words}")
    differ = known.partition("and these differ in ")[2].partition("\n")[0]
    assert set(differ.split(", ")) == set(keys.split(", "))
    reason = f"its jobs may differ in seed and in numbers of the optimizer, and these differ in {differ}"
    assert known == together_refused(reason)


def test_jobs_on_different_data_are_refused(refused: Refused) -> None:
    known = refused(f"fit -m recipe=line,polynomial {VECTORISED}")
    assert "and these differ in dataset._target_, " in known
    assert known.endswith(f"    try: {BASIC}\n")


@pytest.mark.parametrize("words", ["seed=0,1", "optimizer.lr=0.1,0.2", "optimizer.betas=[0.9,0.99],[0.8,0.99]"])
def test_seeds_and_numbers_of_the_optimizer_may_differ(words: str) -> None:
    plan = make_plan(Composer(), [VECTORISED, words, "optimizer.weight_decay=0,0.1"], multirun=True)
    assert plan.together
    assert len(plan.jobs) == 4


@pytest.mark.parametrize(
    ("words", "reason", "instead"),
    [
        ("trainer.gradient_clip_val=1", "it does not clip gradients", "trainer.gradient_clip_val=null"),
        ("keep_checkpoint=true", "it writes no checkpoints", "keep_checkpoint=false"),
        ("trainer.precision=bf16-mixed", "it computes in 32-true alone", "trainer.precision=32-true"),
    ],
)
def test_what_it_cannot_do_is_refused(refused: Refused, words: str, reason: str, instead: str) -> None:
    assert refused(f"fit -m recipe=line {VECTORISED} seed=0,1 {words}") == together_refused(reason, instead)


def test_all_that_stands_in_the_way_is_said_at_once(refused: Refused) -> None:
    words = "trainer.gradient_clip_val=1 keep_checkpoint=true schedule.epochs=1,2"
    known = refused(f"fit -m recipe=line {VECTORISED} {words}")
    assert known.startswith("error: 3 mistakes, nothing was trained\n")
    assert known.count(f"  {VECTORISED}\n    these jobs cannot be trained together: ") == 3


def test_an_optimizer_of_ones_own_is_refused(refused: Refused, here: Path) -> None:
    option(here, "optimizer/signs", "_target_: my_lab.Signs\nlr: 0.01\n")
    reason = "the optimizer my_lab.Signs has no vectorised form; torch.optim.AdamW, torch.optim.SGD have"
    assert refused(f"fit --config-dir mine -m optimizer=signs {VECTORISED} seed=0,1") == together_refused(reason)


def test_data_of_ones_own_are_refused(refused: Refused, here: Path) -> None:
    option(here, "dataset/dots", "_target_: my_lab.Dots\nbatch_size: 8\n")
    reason = "the data set my_lab.Dots may be another one for each seed"
    words = "dataset=dots model=linear"
    assert refused(f"fit --config-dir mine -m {words} {VECTORISED} seed=0,1") == together_refused(reason)


# What only the network itself can say: torch is asked, and nothing is left behind.


def test_dropout_is_refused(refused: Refused) -> None:
    known = refused(f"fit -m {VECTORISED} seed=0,1 model.width=4 trainer=cpu")
    assert known == many_refused("it draws random numbers, as dropout does", "model.dropout=0")


def test_batch_norm_is_refused(refused: Refused, here: Path) -> None:
    option(here, "model/own", f"_target_: {__name__}.WithBatchNorm\n")
    known = refused(f"fit --config-dir mine -m model=own trainer=cpu {VECTORISED} seed=0,1")
    assert known == many_refused("its layer body.2 keeps statistics of its own while it trains")


def test_a_network_that_asks_its_data_is_refused(refused: Refused, here: Path) -> None:
    option(here, "model/own", f"_target_: {__name__}.AsksItsData\n")
    known = refused(f"fit --config-dir mine -m model=own trainer=cpu {VECTORISED} seed=0,1")
    # The reason is torch's own, in the words of its version.
    assert known == many_refused(known.partition("many at a time: ")[2].partition("\n")[0])


def test_augmented_photographs_are_refused(refused: Refused, here: Path) -> None:
    for name in ("bears", "wolves"):
        (here / "pictures" / name).mkdir(parents=True)
        for number in range(6):
            picture = Image.new("RGB", (16, 16), (40 * number, 100, 200 if name == "bears" else 20))
            picture.save(here / "pictures" / name / f"{number}.png")
    words = "dataset=folder dataset.root=pictures dataset.image_size=16 model=linear"
    known = refused(f"fit -m {words} {VECTORISED} seed=0,1")
    assert known == many_refused("its pictures are augmented at random", "dataset.augment=none")


# What it leaves.


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of sweep=regularisation over few epochs."""
    folder = tmp_path_factory.mktemp("vectorised")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        assert main(["fit", "sweep=regularisation", VECTORISED, "schedule.epochs=20"]) == 0
    (found,) = folder.glob("multirun/regularisation/*")
    return found


@pytest.fixture(scope="module")
def in_turn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the basic launcher leaves of the same sweep; what trains is a stand-in."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(tmp_path_factory.mktemp("basic"))
        plan = make_plan(Composer(), ["sweep=regularisation", "schedule.epochs=20"])
        folder = claim(plan).absolute()
        with Crew() as crew:
            run_sweep(crew, SweepRecord.of(folder, plan, ""), specs_of(plan, folder), Shares(), record_hydra_alone)
    return folder


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text()) if path.suffix == ".yaml" else json.loads(path.read_text())


def jobs(sweep: Path) -> list[Path]:
    return sorted(path for path in sweep.iterdir() if path.is_dir())


def test_every_job_of_a_sweep_that_is_really_trained_is_a_finished_run(trained: Path, in_turn: Path) -> None:
    assert [path.name for path in jobs(trained)] == [path.name for path in jobs(in_turn)]
    assert len(jobs(trained)) == 9
    record = read(trained / "sweep.json")
    assert (record["status"], record["name"]) == ("finished", "regularisation")
    for job in record["jobs"]:
        run = read(trained / job["folder"] / "run.json")
        assert (job["status"], job["config_hash"]) == ("finished", run["config_hash"])
        assert run["status"] == "finished"
        assert run["configuration"]["optimizer"]["weight_decay"] == float(job["swept"]["optimizer.weight_decay"])
    assert len({job["config_hash"] for job in record["jobs"]}) == 9
    assert {"runs.csv", "curves.png", "diagnosis.json"} <= {path.name for path in trained.iterdir()}


def test_sweep_json_is_that_of_the_basic_launcher(trained: Path, in_turn: Path) -> None:
    found, expected = read(trained / "sweep.json"), read(in_turn / "sweep.json")
    assert list(found) == list(expected)
    for one, other in zip(found["jobs"], expected["jobs"], strict=True):
        same = ("folder", "swept", "configuration")
        assert {name: one[name] for name in same} == {name: other[name] for name in same}
        assert one["overrides"] == [*other["overrides"][:2], VECTORISED, *other["overrides"][2:]]


def test_hydras_own_record_is_that_of_the_basic_launcher(trained: Path, in_turn: Path) -> None:
    for one, other in zip(jobs(trained), jobs(in_turn), strict=True):
        for name in ("config", "overrides"):
            assert read(one / ".hydra" / f"{name}.yaml") == read(other / ".hydra" / f"{name}.yaml")
        found, expected = (read(job / ".hydra" / "hydra.yaml")["hydra"] for job in (one, other))
        assert found["job"]["num"] == expected["job"]["num"]
        assert found["job"]["id"] == expected["job"]["id"]
        assert found["run"]["dir"] == str(one.resolve())
        assert found["sweep"] | {"dir": ""} == expected["sweep"] | {"dir": ""}


def test_hydras_own_record_says_where_the_output_is(trained: Path, in_turn: Path) -> None:
    """As Hydra's `run_job` sets it; `???` could not be read back by HydraConfig."""
    for sweep in (in_turn, trained):
        for job in jobs(sweep):
            own = read(job / ".hydra" / "hydra.yaml")["hydra"]
            assert own["runtime"]["output_dir"] == str(job.resolve())


@pytest.mark.parametrize(
    ("error", "statuses", "whole"),
    [
        (None, {"finished"}, "finished"),
        (RuntimeError("boom"), {"failed"}, "finished"),
        (KeyboardInterrupt(), {"interrupted"}, "interrupted"),
        (SystemExit(143), {"interrupted"}, "interrupted"),
    ],
)
def test_the_sweep_says_how_all_of_its_jobs_ended(
    capsys: pytest.CaptureFixture[str], error: BaseException | None, statuses: set[str], whole: str
) -> None:
    (status,) = statuses
    seen: list[tuple[str, Mapping[str, Any]]] = []

    def train(together: Sequence[tuple[Job, Path, Mapping[str, Any]]]) -> None:
        assert {job["status"] for job in read(folder / "sweep.json")["jobs"]} == {"running"}
        for job, own, parameters in together:
            seen.append((job.name, parameters))
            (own / "run.json").write_text(json.dumps({"status": status, "config_hash": f"hash of {job.name}"}))
        if error is not None:
            raise error

    plan = make_plan(Composer(), ["recipe=line", VECTORISED, "optimizer.lr=0.1,0.2"], multirun=True)
    folder = claim(plan)
    if isinstance(error, KeyboardInterrupt | SystemExit):
        with pytest.raises(type(error)):
            run_together(plan, folder, train, "the command")
    else:
        run_together(plan, folder, train, "the command")
    names = ["optimizer.lr=0.1", "optimizer.lr=0.2"]
    assert seen == [(name, {"optimizer.lr": rate}) for name, rate in zip(names, (0.1, 0.2), strict=True)]
    record = read(folder / "sweep.json")
    assert record["status"] == whole
    assert [(job["status"], job["config_hash"]) for job in record["jobs"]] == [(status, f"hash of {n}") for n in names]
    said = capsys.readouterr().err
    assert said == ("error: the runs failed: RuntimeError: boom\n" if isinstance(error, RuntimeError) else "")


# A sweep whose file itself picks the launcher.


def test_a_thousand_lines_are_trained_together() -> None:
    file = Composer().option_file("sweep", "thousand_lines")
    assert file.picks == {"recipe": "line", "hydra/launcher": "vectorised"}
    rates = str(file.values["hydra.sweeper.params.optimizer.lr"]).split(",")
    assert len(set(map(float, rates))) == 20
    assert file.values["hydra.sweeper.params.seed"] == "range(0,50)"


def test_the_next_command_after_a_job_of_such_a_sweep_can_be_typed(here: Path) -> None:
    """It trains that one job, so it may not ask for the launcher of many."""
    option(
        here,
        "sweep/few_lines",
        "# @package _global_\ndefaults: [override /recipe: line, override /hydra/launcher: vectorised]\n"
        "name: few_lines\nhydra:\n  mode: MULTIRUN\n  sweeper: {params: {seed: '0,1'}}\n",
    )
    composer = Composer("mine")
    plan = make_plan(composer, ["sweep=few_lines"])
    assert plan.together
    for seed, job in enumerate(plan.jobs):
        assert sorted(job.examined.variation) == ["recipe=line", f"seed={seed}"]
        again = make_plan(composer, job.examined.variation)
        assert again.name is None
        assert again.jobs[0].examined.configuration["seed"] == seed
