"""What a cluster's workforce does whatever the cluster is, and what is refused before one is asked; no cluster here."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest
from killing import typed

from experiments.config.composition import Composer
from experiments.config.problems import ConfigurationError
from experiments.sweeps.cluster import ClusterCrew, Lost
from experiments.sweeps.errand import Errand
from experiments.sweeps.launchers import cores, relaunched, workers_of
from experiments.sweeps.plan import make_plan
from experiments.sweeps.recruiting import check_installed
from experiments.sweeps.worker_life import Done, Interrupted, Raised
from experiments.sweeps.workforce import Outcome, Work


class Pretended:
    """A cluster that does one task at each look, in their order; those that are dropped or killed are cancelled."""

    def __init__(self, *answers: Outcome | type[BaseException]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.batches: list[int] = []
        self.cancelled = False

    def submit(self, errands: Sequence[Errand]) -> Sequence[Any]:
        self.batches.append(len(errands))
        return [object() for _ in errands]

    def over(self, tickets: Collection[Any]) -> Mapping[Any, Outcome]:
        if self.cancelled:
            return dict.fromkeys(tickets, Interrupted())
        answer = self.answers.pop(0)
        if isinstance(answer, type):
            raise answer
        return {next(iter(tickets)): answer}

    def drop_waiting(self, tickets: Collection[Any]) -> None:
        self.asked.append(f"drop {len(tickets)}")
        self.cancelled = True

    def interrupt(self, tickets: Collection[Any]) -> None:
        self.asked.append(f"interrupt {len(tickets)}")
        self.cancelled = True

    def kill(self, tickets: Collection[Any]) -> None:
        self.asked.append(f"kill {len(tickets)}")


def test_all_are_submitted_at_once_or_as_many_as_may_be() -> None:
    ended: dict[int, Outcome] = {}
    all_at_once, in_turn = Pretended(Done(0), Done(1), Done(2)), Pretended(Done(0), Done(1), Done(2))
    ClusterCrew(all_at_once).run([1, 2, 3], Work(abs, ended.__setitem__, at_once=3))
    assert (all_at_once.batches, ended) == ([3], {1: Done(0), 2: Done(1), 3: Done(2)})
    ClusterCrew(in_turn, most=2).run([1, 2, 3], Work(abs, ended.__setitem__, at_once=3))
    assert in_turn.batches == [2, 1]


def test_when_it_is_enough_what_waits_is_dropped() -> None:
    ended: dict[int, Outcome] = {}
    cluster = Pretended(Raised(Lost("gone")))
    ClusterCrew(cluster).run([1, 2, 3], Work(abs, ended.__setitem__, at_once=3, enough=lambda: bool(ended)))
    assert cluster.asked[0] == "drop 2"
    assert [type(outcome) for outcome in ended.values()] == [Raised, Interrupted, Interrupted]


def test_ctrl_c_cancels_all() -> None:
    ended: dict[int, Outcome] = {}
    cluster = Pretended(Done(0), KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        ClusterCrew(cluster).run([1, 2, 3], Work(abs, ended.__setitem__, at_once=3))
    assert cluster.asked == ["interrupt 2", "kill 0"]
    assert ended == {1: Done(0), 2: Interrupted(), 3: Interrupted()}


@pytest.mark.parametrize(("jobs", "workers"), [("3", 3), ("-1", cores()), ("-99", 1)])
def test_n_jobs_counts_as_joblibs(jobs: str, workers: int) -> None:
    words = ["seed=0,1", "hydra/launcher=joblib", f"hydra.launcher.n_jobs={jobs}"]
    assert workers_of(make_plan(Composer(), words, multirun=True).jobs[0].examined.composed) == workers


def test_another_launcher_takes_the_place_of_the_old_one() -> None:
    old = ["seed=1", "hydra/launcher=ray", "hydra.launcher.ray.remote.num_cpus=2"]
    assert relaunched(old, ["hydra/launcher=parallel"]) == ["seed=1", "hydra/launcher=parallel"]
    assert relaunched(old, ["hydra.launcher.ray.remote.num_cpus=1"]) == [*old, "hydra.launcher.ray.remote.num_cpus=1"]


@pytest.mark.parametrize(("launcher", "library"), [("ray", "ray"), ("submitit_local", "submitit")])
def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, launcher: str, library: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError) as refused:
        check_installed(launcher)
    assert str(refused.value) == (
        f"error: 1 mistake, nothing was trained\n\n  hydra/launcher={launcher}\n    hydra/launcher={launcher} needs "
        f"{library}, which is not installed\n    try: pip install 'experiments[{library}]'"
    )


def test_a_gpu_must_be_here_only_where_this_machine_trains(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    words = ["fit", "-m", "seed=0,1", "trainer=gpu"]
    assert "this machine has no such device" in typed(tmp_path, *words, "hydra/launcher=submitit_local").err
    assert "no login node" in typed(tmp_path, *words, "hydra/launcher=submitit_slurm").err
