"""`experiments fit --resume PATH`: what is missing, failed or interrupted, and nothing that is done."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.config.problems import ConfigurationError, Problem
from experiments.verbs.codes import DONE, FAILED, INTERRUPTED
from experiments.verbs.judge import judge

if TYPE_CHECKING:
    from experiments.config.composition import Composer
    from experiments.runs.run import Run
    from experiments.runs.sweep import Sweep


def resume(path: Path, overrides: Sequence[str], config_dir: str | None = None) -> int:
    """Go on with a run or a sweep; returns the exit code.

    Args:
        path: its folder.
        overrides: of a sweep, more values of keys that it runs over, another launcher, another limit (`job.timeout`).
        config_dir: of the user's own YAML files; None: as when it began.

    Raises:
        ConfigurationError: there is nothing to go on with, or somebody else is at work there.
    """
    from experiments.runs.lock import AtWork, alone_in
    from experiments.runs.run import NotARun, Run
    from experiments.runs.sweep import NotASweep, Sweep

    typed = f"--resume {path}"
    try:
        if (path / "run.json").exists() and not (path / "sweep.json").exists():
            if overrides:
                wrong = "a run goes on as it began; other values are another run"
                raise ConfigurationError([Problem(text, wrong, f"experiments fit {text}") for text in overrides])
            return _resume_run(Run(path))
        sweep = Sweep(path)
        with alone_in(path):
            return _resume_sweep(sweep, overrides, config_dir)
    except (NotARun, NotASweep) as error:
        raise ConfigurationError([Problem(typed, str(error))]) from None
    except AtWork as error:
        raise ConfigurationError([Problem(typed, f"{error}: wait for it, or stop it first")]) from None


def _resume_run(run: Run) -> int:
    from experiments.config.composition import Composer
    from experiments.runs.alive import is_killed
    from experiments.runs.ending import OVER
    from experiments.runs.lock import AtWork
    from experiments.runs.standing import KILLED
    from experiments.sweeps.job import run_as_hydra_job
    from experiments.sweeps.ranks import train_run
    from experiments.sweeps.resuming import as_planned
    from experiments.training.beginning import Request
    from experiments.training.preparation import prepare
    from experiments.training.run_record import Origin
    from experiments.verbs.fit import print_run, say_failed

    record = run.record
    if run.status in OVER:
        print(f"{run.path} is {run.status}: there is nothing left to do", file=sys.stderr)
        return DONE
    configuration = record.get("configuration")
    if not isinstance(configuration, dict):
        wrong = "it ended before its configuration was written: start it anew"
        raise ConfigurationError([Problem(f"--resume {run.path}", wrong, record.get("command") or "experiments fit")])
    composer = Composer(record.get("config_dir"))
    composed = as_planned(composer, {"overrides": record.get("overrides") or [], "configuration": configuration})
    prepared = prepare(configuration)
    request = Request(configuration, run.path.absolute(), Origin(), judge, goes_on=True)
    how = "goes on" if (run.path / "checkpoints" / "last.ckpt").exists() else "has no checkpoint and begins anew"
    print(f"{run.path} was {KILLED if is_killed(record) else run.status}: it {how}", file=sys.stderr)
    result = run_as_hydra_job(composer, composed, run.path, lambda: train_run(request, prepared))
    if result.status.name == "FAILED":
        error = result._return_value
        if isinstance(error, ConfigurationError | AtWork):
            raise error
        say_failed(error, run.path)
        return FAILED
    print_run(type(run)(run.path))
    return DONE


def _resume_sweep(sweep: Sweep, overrides: Sequence[str], config_dir: str | None) -> int:
    from experiments.config.composition import Composer
    from experiments.sweeps.adding import more_jobs
    from experiments.sweeps.launchers import chooses_launcher
    from experiments.sweeps.resuming import Standing, as_planned, check_content, edited_since, is_rule, under_rules
    from experiments.verbs.sweep import told

    content = sweep.record
    check_content(sweep.path, content)
    composer = Composer(config_dir or content.get("config_dir"))
    launcher = [text for text in overrides if chooses_launcher(text)]
    rules = [text for text in overrides if is_rule(text)]
    content["jobs"] = under_rules(composer, content["jobs"], rules)
    values = [text for text in overrides if text not in (*launcher, *rules)]
    content["jobs"] += more_jobs(composer, content["jobs"], values)
    standing = Standing.of(sweep.path, content["jobs"])
    print(f"sweep {sweep.name}: {standing} below {sweep.path}", file=sys.stderr)
    for wrong in standing.foreign:
        print(f"error: left alone: {wrong}", file=sys.stderr)
    for damaged in standing.damaged:
        print(f"note: {damaged} is damaged: it is set aside, and the job trained anew", file=sys.stderr)
    left = [job for job in content["jobs"] if job["folder"] in standing.left]
    if launcher and not left:
        as_planned(composer, content["jobs"][0], launcher)  # what is wrong with it is said all the same
    code = DONE
    if left:
        if any(edited_since(composer, job) for job in left):
            print("note: configuration files were edited since; it goes on with what they said then", file=sys.stderr)
        try:
            _train(composer, sweep.path, content, left, launcher)
        except KeyboardInterrupt:
            code = INTERRUPTED
    return told(sweep.path, code, pictures=bool(content["configuration"].get("draw")))


def _train(
    composer: Composer,
    folder: Path,
    content: dict[str, Any],
    left: Sequence[Mapping[str, Any]],
    launcher: Sequence[str],
) -> None:
    from experiments.sweeps.differences import distinct
    from experiments.sweeps.job import check_jobs
    from experiments.sweeps.launch import run_sweep
    from experiments.sweeps.record import SweepRecord
    from experiments.sweeps.recruiting import recruited, shares_of
    from experiments.sweeps.resuming import as_planned
    from experiments.sweeps.specs import specs_of
    from experiments.sweeps.supervision import Crew
    from experiments.verbs.sweep import say_notes

    configurations = [job["configuration"] for job in left]
    composed = [as_planned(composer, job, launcher) for job in content["jobs"]]
    with Crew() as crew, recruited(composed[0], crew) as workforce:
        checked = crew.ask(check_jobs, distinct(configurations))
        say_notes(checked.notices)
        specs = specs_of(folder, content, composed, judge, goes_on=True)
        names = {job["folder"] for job in left}
        shares = shares_of(composed[0], configurations, on_cpu=checked.on_cpu)
        run_sweep(workforce(folder), SweepRecord(folder, content), [s for s in specs if s.folder.name in names], shares)
