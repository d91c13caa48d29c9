"""What a run's folder holds before the first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.runs.files import share_bytes
from experiments.training.about import about_model, about_run, write_split
from experiments.training.judgement import Judge
from experiments.training.layer_table import about_phases
from experiments.training.linear_in_parameters import Design, critical_rate
from experiments.training.parameter_path import write_points
from experiments.training.predictions import prediction_table
from experiments.training.preparation import Prepared
from experiments.training.recording import Recording
from experiments.training.run_record import Origin, RunRecord
from experiments.training.testing import test_metrics

ABOUT_THE_DATA = ("split.csv", "points.csv")


@dataclass
class Request:
    """A run to be: a checked configuration, what is to be written about where it comes from, who judges it.

    `parameters` go to TensorBoard's HParams tab; `in_sweep` keeps the terminal to a line a job; `goes_on` takes up what
    is in the folder: its checkpoint, or if there is none, what it was to be.
    """

    configuration: dict[str, Any]
    folder: Path
    origin: Origin = field(default_factory=Origin)
    judge: Judge | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    in_sweep: str | None = None
    quiet: bool = False
    goes_on: bool = False


def begin_recording(
    request: Request, record: RunRecord, prepared: Prepared, design: Design | None, *, twin: Path | None = None
) -> Recording:
    """Write what is known of a run before it is trained.

    Args:
        request: what is to be trained, and where.
        record: its run.json.
        prepared: its data and network, and the configuration with its seed.
        design: of the training points, for a network that is linear in its parameters.
        twin: the folder of a run on the same data, whose files about them may be copied.
    """
    configuration, data, folder = prepared.configuration, prepared.data, request.folder
    rate = critical_rate(design, configuration) if design else None
    weights_hash = getattr(prepared.module.network, "weights_hash", None)
    about = about_run(configuration, data, weights_hash=weights_hash)
    record.note({**about, "phases": about_phases(prepared.module, configuration), "critical_rate": rate})
    if twin is None:
        write_split(folder, data)
        if design is not None:
            write_points(folder, prepared.module, data)
    else:
        for name in ABOUT_THE_DATA:
            if (twin / name).exists():
                share_bytes(twin / name, folder / name)
    return Recording(
        record,
        expect=configuration.get("expect"),
        model_about=about_model(configuration, data),
        predictions=lambda evaluation: prediction_table(data, evaluation),
        test=(lambda weights: test_metrics(prepared.module, prepared.phased, weights)) if data.test_size else None,
        judge=request.judge,
    )
