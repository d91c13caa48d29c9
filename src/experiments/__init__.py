"""Train an image classifier, see what went wrong and what to try next.

from experiments import compose, fit

run = fit(compose(["optimizer.lr=0.1", "schedule.epochs=2"]))
run.history
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.api import compose, fit
    from experiments.diagnosis.paths import diagnose
    from experiments.runs.run import Run
    from experiments.runs.sweep import Sweep
    from experiments.training.recorder import Recorder

__all__ = ["Recorder", "Run", "Sweep", "compose", "diagnose", "fit"]

_HOMES = {
    "compose": "experiments.api",
    "diagnose": "experiments.diagnosis.paths",
    "fit": "experiments.api",
    "Run": "experiments.runs.run",
    "Sweep": "experiments.runs.sweep",
    "Recorder": "experiments.training.recorder",
}


def __getattr__(name: str) -> Any:
    # Lazily, since the command line imports this package too and must not wait for torch.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'experiments' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
