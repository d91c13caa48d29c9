"""`experiments lr-find`: the learning-rate range test of one configuration, and the command that follows from it."""

from __future__ import annotations

import json
import logging
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.verbs.codes import DONE, FAILED
from experiments.verbs.fit import make_ready

if TYPE_CHECKING:
    from experiments.config.composition import Composer
    from experiments.diagnosis.rate_report import RateReport
    from experiments.sweeps.plan import Plan

RECORD = "lr_find.json"
STEPS = 100


def lr_find(words: list[str]) -> int:
    """The verb; what is heavy is imported when it is needed."""
    from experiments.config.arguments import show_job
    from experiments.config.composition import Composer
    from experiments.config.lr_find_arguments import parse_lr_find

    arguments = parse_lr_find(words)
    if arguments is None:
        return DONE
    composer = Composer(arguments.config_dir)
    plan = _plan_one(composer, arguments.overrides)
    for notice in plan.notices:
        print(f"note: {notice}", file=sys.stderr)
    if arguments.show_job:
        show_job(plan.jobs[0].examined.composed)
        return DONE
    make_ready(plan)
    report = _tested(composer, plan, arguments.phase)
    if report is None:
        return FAILED
    print(json.dumps(report.as_json(), indent=2, ensure_ascii=False) if arguments.json else "\n".join(report.lines()))
    return DONE


def _plan_one(composer: Composer, overrides: Sequence[str]) -> Plan:
    """What `fit` would train.

    Raises:
        ConfigurationError: it cannot be trained, or is a sweep.
    """
    from experiments.config.lr_find_arguments import ONE_ALONE
    from experiments.config.problems import ConfigurationError, Problem
    from experiments.sweeps.parameters import choice_of_sweep, parse_all
    from experiments.sweeps.plan import make_plan

    several = [str(o.input_line) for o in parse_all(composer, overrides)[0] if o.is_sweep_override()]
    if sweep := choice_of_sweep(overrides):
        several.append(f"sweep={sweep}")
    if several:
        flag = [] if sweep else ["-m"]
        instead = shlex.join(["experiments", "fit", *flag, *overrides])
        raise ConfigurationError([Problem(text, ONE_ALONE, instead) for text in several])
    return make_plan(composer, overrides)


def _tested(composer: Composer, plan: Plan, phase_name: str | None) -> RateReport | None:
    """Test, leave the files, and say what came of it; None, and a message, if it failed."""
    from experiments.config.problems import ConfigurationError
    from experiments.data.errors import DataError
    from experiments.data.progress import progress
    from experiments.diagnosis.rate_report import RateReport
    from experiments.runs.files import write_json
    from experiments.sweeps.claim import claim
    from experiments.training.logs import logged_to
    from experiments.training.phase_rates import choose_phase, phase_curve
    from experiments.training.preparation import prepare
    from experiments.training.terminal import say_notices

    examined = plan.jobs[0].examined
    # Before a folder is claimed: what the data refuse leaves none behind.
    prepared = prepare(examined.configuration)
    phase = choose_phase(prepared, phase_name)
    folder = claim(plan, record=RECORD, ending="_lr-find")
    with logged_to(folder / "lr_find.log"):
        try:
            with progress("testing rates", STEPS, "steps") as stepped:
                curve = phase_curve(prepared, phase, folder, stepped)
        except (ConfigurationError, DataError):
            raise
        except KeyboardInterrupt:
            write_json(folder / RECORD, {"schema": 1, "status": "interrupted"})
            raise
        except Exception as error:
            write_json(folder / RECORD, {"schema": 1, "status": "failed"})
            logging.getLogger(__name__).exception("the range test failed")
            print(f"error: the range test failed: {type(error).__name__}: {error}", file=sys.stderr)
            print(f"{folder / 'lr_find.log'} has the traceback", file=sys.stderr)
            return None
    say_notices(prepared.data.notices)
    config_dir = str(composer.config_dir) if composer.config_dir else None
    report = RateReport(curve, phase.name, phase.spread, examined.configuration, examined.variation, config_dir, folder)
    _leave(report, folder)
    return report


def _leave(report: RateReport, folder: Path) -> None:
    """The curve as a table, a picture and in TensorBoard, and the whole as JSON."""
    from experiments.reports.drawing.event_pictures import show_in_tensorboard
    from experiments.reports.lr_find_picture import draw_lr_find
    from experiments.runs.files import write_json
    from experiments.training.rate_events import write_events

    picture = folder / "lr_find.png"
    report.curve.write(folder / "lr_find.csv")
    draw_lr_find(report.curve, report.suggestions, report.title, picture)
    write_events(report.curve, folder)
    show_in_tensorboard(folder, [picture])
    write_json(folder / RECORD, report.as_json())
