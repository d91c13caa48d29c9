"""The same for Python and notebooks: a configuration becomes a run."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf

from experiments.config.checks import check
from experiments.config.composition import Composer
from experiments.config.problems import ConfigurationError, Problem
from experiments.config.variation import as_overrides
from experiments.runs.files import claim_exact, claim_folder
from experiments.sweeps.plan import make_plan

if TYPE_CHECKING:
    from experiments.runs.run import Run


def compose(overrides: Sequence[str] = (), *, config_dir: str | Path | None = None) -> DictConfig:
    """The configuration that `experiments fit` would train with these overrides.

    It may be changed before it is trained (`configuration.optimizer.lr = 0.1`); keys that do not exist are refused.

    Args:
        overrides: as on the command line, `["recipe=line", "optimizer.lr=0.1"]`.
        config_dir: a folder of your own YAML files, in the same groups.

    Raises:
        ConfigurationError: with every mistake; also for a sweep, which is no single configuration.
    """
    if isinstance(overrides, str):
        raise TypeError(f"overrides is a list of texts: compose([{overrides!r}])")
    overrides = [str(override) for override in overrides]
    plan = make_plan(Composer(str(config_dir)) if config_dir else _shipped(), overrides)
    if plan.name:
        wrong = f"a sweep is {len(plan.jobs)} configurations; compose one, or type it in a terminal"
        raise ConfigurationError([Problem(f"sweep={plan.name}", wrong, f"experiments fit {' '.join(overrides)}")])
    configuration = OmegaConf.create(plan.jobs[0].examined.configuration)
    OmegaConf.set_struct(configuration, True)
    return configuration


def fit(configuration: DictConfig, *, folder: str | Path | None = None, quiet: bool = False) -> Run:
    """Train one configuration and return its run.

    Args:
        configuration: from `compose`.
        folder: where the run goes; `outputs/DATE_TIME` below the working folder if None.
        quiet: print nothing.

    Raises:
        ConfigurationError, DataError: refused before the first step; no folder is left.
        TypeError: it is no configuration.
        FileExistsError: `folder` holds a run already.
        KeyboardInterrupt: the run is left `interrupted`.
    """
    from experiments.sweeps.ranks import check_shares, train_run
    from experiments.training.beginning import Request
    from experiments.training.preflight import preflight
    from experiments.training.preparation import prepare
    from experiments.training.run_record import Origin
    from experiments.verbs.judge import judge

    if not isinstance(configuration, DictConfig):
        raise TypeError(f"fit takes what compose returns, not {type(configuration).__name__}: fit(compose([...]))")
    checked = check(configuration)
    if checked.problems:
        raise ConfigurationError(checked.problems)
    preflight([checked.configuration])
    prepared = prepare(checked.configuration)
    check_shares(prepared)
    default = Path("outputs") / datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    claimed = claim_folder(default) if folder is None else claim_exact(Path(folder))
    variation = as_overrides(_shipped(), checked.configuration)
    origin = Origin("experiments.fit", variation=None if variation is None else tuple(variation))
    return train_run(Request(checked.configuration, claimed, origin, judge, quiet=quiet), prepared)


@functools.cache
def _shipped() -> Composer:
    """Of our own files alone, which do not change while a notebook is open."""
    return Composer()
