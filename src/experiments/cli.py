"""The command line: one verb, one short function; what is heavy is imported inside."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.config.composition import Composer
    from experiments.sweeps.plan import Job, Plan

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130

VERBS = {
    "fit": "train one configuration, or with -m or sweep=NAME a sweep of them",
    "list": "what ships: recipes, experiments, sweeps, data sets, models",
    "explain": "what a key, an experiment, a sweep or any other option means",
}

HELP = """\
usage: experiments VERB ...

Train an image classifier, see what went wrong and what to try next.

{verbs}

  experiments VERB --help             more on a verb
  experiments fit                     train on handwritten digits: a few seconds
  eval "$(experiments -sc install=bash)"   tab completion"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script; returns the exit code."""
    import logging

    logging.raiseExceptions = False  # a full disk must not fill the terminal with what the log could not take
    words = list(sys.argv[1:] if arguments is None else arguments)
    verbs: dict[str, Callable[[list[str]], int]] = {
        "fit": _fit,
        "list": _list,
        "explain": _explain,
        "-sc": _complete,
        "--shell-completion": _complete,
        "--version": _version,
        "--help": _help,
        "-h": _help,
        "help": _help,
    }
    word = words[0] if words else "help"
    verb = verbs.get(word)
    return _guarded(verb, words[1:]) if verb else _refuse_verb(word)


def _guarded(verb: Callable[[list[str]], int], words: list[str]) -> int:
    """Run a verb; a user's mistake becomes one message and exit 2, Ctrl-C exit 130."""
    from experiments.config.problems import ConfigurationError, render

    try:
        code = verb(words)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except ConfigurationError as error:
        print(error if verb is _fit else render(error.problems, outcome=""), file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough; without this Python complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    """What no rule foresaw, in one line; the traceback for whoever asks for it."""
    from experiments.data.errors import DataError

    if isinstance(error, DataError):
        print(f"error: the data cannot be trained on, nothing was trained\n\n  {error}", file=sys.stderr)
        return REFUSED
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        raise error
    print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
    print("HYDRA_FULL_ERROR=1 shows where it comes from", file=sys.stderr)
    return FAILED


def _help(words: list[str]) -> int:
    del words
    print(HELP.format(verbs="\n".join(f"  {verb:<10}{text}" for verb, text in VERBS.items())))
    return DONE


def _version(words: list[str]) -> int:
    del words
    from importlib.metadata import version

    print(version("experiments"))
    return DONE


def _refuse_verb(word: str) -> int:
    from experiments.config.problems import Problem, nearest

    better = nearest(word, VERBS)
    wrong = f"there is no verb {word}; there are: {', '.join(VERBS)}"
    if "=" in word:
        better = f"fit {word}"
    problem = Problem(f"experiments {word}", wrong, f"experiments {better}" if better else "experiments --help")
    print(f"error: {problem}", file=sys.stderr)
    return REFUSED


def _fit(words: list[str]) -> int:
    from experiments.config.arguments import fit_help, parse_fit, show_configuration, show_job

    arguments = parse_fit(words)
    if arguments.help:
        print(fit_help())
        return DONE
    from experiments.config.composition import Composer
    from experiments.sweeps.plan import make_plan

    composer = Composer(arguments.config_dir)
    plan = make_plan(composer, arguments.overrides, multirun=arguments.multirun)
    for notice in plan.notices:
        print(f"note: {notice}", file=sys.stderr)
    if arguments.config == "job" and not (plan.name or arguments.package or arguments.resolve):
        show_job(plan.jobs[0].examined.composed)
        return DONE
    if arguments.config or arguments.info:
        if plan.name:
            print(f"note: {plan.size}; this is the first, {plan.jobs[0].name}", file=sys.stderr)
        show_configuration(composer, arguments, plan.jobs[0].examined.overrides)
        return DONE
    if arguments.dry_run:
        return _show_plan(plan)
    from experiments.training.preflight import preflight

    preflight(job.examined.configuration for job in plan.jobs)
    if sys.stderr is not None and sys.stderr.isatty():
        print("loading torch and Lightning ...", file=sys.stderr)
    return _sweep(composer, plan) if plan.name else _single(composer, plan)


def _show_plan(plan: Plan) -> int:
    """The jobs, nothing trained."""
    if plan.name:
        print(f"sweep {plan.name}: {plan.size} below {plan.folder}")
    for job in plan.jobs:
        print(f"{job.name or plan.folder}    {' '.join(job.examined.overrides)}".rstrip())
    return DONE


def _single(composer: Composer, plan: Plan) -> int:
    from experiments.config.problems import ConfigurationError
    from experiments.reports.summary import print_run
    from experiments.runs.run import Run
    from experiments.sweeps.launch import run_single
    from experiments.training.fit import Request, prepare, train
    from experiments.training.run_record import command_line

    examined = plan.jobs[0].examined
    # Before a folder is claimed: what the data refuse leaves none behind.
    prepared = prepare(examined.configuration)
    try:
        folder = run_single(
            composer,
            plan,
            lambda _, folder, __: train(
                Request(examined.configuration, folder, command_line(), examined.overrides), prepared
            ),
        )
    except ConfigurationError:
        raise
    except Exception as error:
        print(f"error: the run failed: {type(error).__name__}: {error}", file=sys.stderr)
        print("its fit.log has the traceback", file=sys.stderr)
        return FAILED
    print_run(Run(folder))
    return DONE


def _sweep(composer: Composer, plan: Plan) -> int:
    from experiments.sweeps.differences import distinct
    from experiments.sweeps.launch import claim, run_sweep
    from experiments.training.fit import Request, prepare, train
    from experiments.training.run_record import command_line

    # What the data or a network refuse is refused before the first job, and leaves no folder behind.
    for configuration in distinct([job.examined.configuration for job in plan.jobs]):
        prepare(configuration)
    folder = claim(plan)
    print(f"sweep {plan.name}: {plan.size} below {folder}", file=sys.stderr)
    labels = {job.name: f"[{number}/{len(plan.jobs)}] {job.name}" for number, job in enumerate(plan.jobs, 1)}

    def train_job(job: Job, job_folder: Path, parameters: Mapping[str, Any]) -> None:
        examined, label = job.examined, labels[job.name]
        train(
            Request(
                examined.configuration,
                job_folder,
                command_line(),
                examined.overrides,
                parameters,
                in_sweep=label,
            )
        )

    code = DONE
    try:
        run_sweep(composer, plan, folder, train_job, command_line())
    except KeyboardInterrupt:
        code = INTERRUPTED
    some_failed = _report(folder)
    return FAILED if code == DONE and some_failed else code


def _report(folder: Path) -> bool:
    """The table, `runs.csv` and `curves.png` of a sweep, from its files alone; whether a job of it failed."""
    from experiments.reports.curves import draw_curves
    from experiments.reports.summary import print_sweep
    from experiments.reports.table import runs_csv
    from experiments.runs.sweep import Sweep

    sweep = Sweep(folder)
    runs_csv(sweep, folder / "runs.csv")
    draw_curves(sweep, folder / "curves.png")
    with contextlib.suppress(SystemExit):  # how rich answers a closed pipe
        print_sweep(sweep)
    return any(job["status"] == "failed" for job in sweep.jobs)


def _list(words: list[str]) -> int:
    from experiments.config.arguments import parse_reading
    from experiments.config.lab_notes import listing

    arguments = parse_reading("list", words)
    if arguments is not None:
        print(listing(arguments.config_dir, arguments.name))
    return DONE


def _explain(words: list[str]) -> int:
    from experiments.config.arguments import parse_reading
    from experiments.config.lab_notes import explanation

    arguments = parse_reading("explain", words)
    if arguments is not None:
        print(explanation(arguments.name, arguments.config_dir))
    return DONE


def _complete(words: list[str]) -> int:
    from experiments.config.completion import complete

    try:
        complete(words, list(VERBS))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return REFUSED
    return DONE


if __name__ == "__main__":
    sys.exit(main())
