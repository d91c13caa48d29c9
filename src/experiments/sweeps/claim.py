"""The folder of a run or sweep, created for this process alone."""

from __future__ import annotations

from pathlib import Path

from experiments.config.problems import ConfigurationError, Problem
from experiments.runs.files import claim_exact, claim_folder
from experiments.runs.full_disk import of_file
from experiments.sweeps.plan import Plan


def claim(plan: Plan, *, record: str | None = None, ending: str = "") -> Path:
    """The folder of the run or sweep, created for this process alone.

    Args:
        plan: says where.
        record: the file that says what is in the folder; None: that of a run or a sweep.
        ending: added to the name, unless that was typed.

    Raises:
        ConfigurationError: the folder holds a run or sweep already, or cannot be written.
    """
    key = "hydra.sweep.dir" if plan.name else "hydra.run.dir"
    typed = any(text.lstrip("+").startswith(f"{key}=") for text in plan.overrides)
    record = record or ("sweep.json" if plan.name else "run.json")
    try:
        if typed:
            return claim_exact(plan.folder, record)
        return claim_folder(plan.folder.with_name(f"{plan.folder.name}{ending}"))
    except FileExistsError as error:
        raise ConfigurationError([Problem(f"{key}={plan.folder}", str(error), f"{key}={plan.folder}_2")]) from None
    except OSError as error:
        wrong = f"this folder cannot be written: {of_file(error, plan.folder).strerror}"
        raise ConfigurationError([Problem(f"{key}={plan.folder}", wrong, f"{key}=FOLDER")]) from None
