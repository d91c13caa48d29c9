"""A job is a job of Hydra's, whether Hydra's own `run_job` does it or, where nothing listens, we do it faster."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra._internal.callbacks import Callbacks
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobStatus
from hydra.types import HydraContext

from experiments.config.composition import Composer
from experiments.sweeps import job
from experiments.sweeps.job import run_as_hydra_job

WORDS = ["recipe=line", "optimizer.lr=0.2", "+hydra.job.env_set={FROM_HYDRA: '1'}", "hydra.job.chdir=true"]


def seen_inside(folder: Path, monkeypatch: pytest.MonkeyPatch, *, by_hydra: bool) -> dict[str, Any]:
    """What the function sees, and what is left: by Hydra itself, or without it."""
    seen: dict[str, Any] = {}

    def function() -> str:
        config = HydraConfig.get()
        seen.update(cwd=Path.cwd().name, variable=os.environ.get("FROM_HYDRA"), at=config.runtime.output_dir)
        seen.update(overrides=list(config.overrides.task), name=config.job.name)
        return "done"

    composer = Composer(None)
    composed = composer.compose(WORDS)
    with monkeypatch.context() as patch:
        if by_hydra:
            patch.setattr(job, "_run_without_copies", lambda composed, folder, function: job.run_job(
                task_function=lambda _: function(), config=composed, job_dir_key="hydra.run.dir", job_subdir_key=None,
                hydra_context=HydraContext(config_loader=composer.loader, callbacks=Callbacks(composed)),
                configure_logging=False,
            ))  # fmt: skip
        result = run_as_hydra_job(composer, composed, folder / "run", function)
    assert result.status is JobStatus.COMPLETED
    assert result.return_value == "done"
    files = {path.name: yaml.safe_load(path.read_text()) for path in sorted((folder / "run" / ".hydra").iterdir())}
    return {**seen, "at": Path(seen["at"]).relative_to(folder), "files": str(files).replace(str(folder), "")}


def test_it_sees_and_leaves_what_hydra_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, before = Path.cwd(), HydraConfig.instance().cfg
    mine = seen_inside(tmp_path / "mine", monkeypatch, by_hydra=False)
    its = seen_inside(tmp_path / "its", monkeypatch, by_hydra=True)
    assert mine == its
    assert (mine["cwd"], mine["variable"]) == ("run", "1")
    assert Path.cwd() == here
    assert "FROM_HYDRA" not in os.environ
    assert HydraConfig.instance().cfg is before


def test_what_it_raises_is_its_result(tmp_path: Path) -> None:
    composer = Composer(None)

    def function() -> None:
        raise OSError("the lamp broke")

    result = run_as_hydra_job(composer, composer.compose(["recipe=line"]), tmp_path / "run", function)
    assert result.status is JobStatus.FAILED
    assert isinstance(result._return_value, OSError)
