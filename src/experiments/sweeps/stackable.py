"""Whether the jobs of a sweep can be trained together as one vectorised job: known before torch is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.config.examination import Examined
from experiments.config.left_open import has_body
from experiments.config.problems import Problem, listed
from experiments.config.schema import SCHEMAS
from experiments.sweeps.differences import differences

VECTORISED = "hydra/launcher=vectorised"
BASIC = "hydra/launcher=basic"


def is_vectorised(examined: Examined) -> bool:
    """Whether the jobs are asked to be trained as one."""
    return examined.choices.get("hydra/launcher") == "vectorised"


def check_stackable(configurations: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Why they cannot; empty if nothing is known that stands in the way."""
    first = configurations[0]
    optimizers = list(SCHEMAS["optimizer"])
    others = dict.fromkeys(str(one["optimizer"]["_target_"]) for one in configurations)
    reasons = {
        f"the optimizer {other} has no vectorised form; {listed(optimizers)} have": BASIC
        for other in others
        if other not in optimizers
    }
    if first["dataset"]["_target_"] not in SCHEMAS["dataset"]:
        reasons[f"the data set {first['dataset']['_target_']} may be another one for each seed"] = BASIC
    if has_body(first):
        reasons["a model with a body trains its head on what is computed once, which takes seconds already"] = BASIC
    if first["trainer"].get("precision", "32-true") != "32-true":
        reasons["it computes in 32-true alone"] = "trainer.precision=32-true"
    if first["trainer"].get("gradient_clip_val") is not None:
        reasons["it does not clip gradients"] = "trainer.gradient_clip_val=null"
    if first["keep_checkpoint"]:
        reasons["it writes no checkpoints"] = "keep_checkpoint=false"
    return [*_differing(configurations), *(_problem(reason, instead) for reason, instead in reasons.items())]


def _differing(configurations: Sequence[Mapping[str, Any]]) -> list[Problem]:
    keys = list(differences(configurations)[0])
    others = [key for key in keys if key != "seed" and not (key.startswith("optimizer.") and key[-8:] != "_target_")]
    if not others:
        return []
    wrong = f"its jobs may differ in seed and in numbers of the optimizer, and these differ in {listed(others)}"
    return [_problem(wrong)]


def _problem(reason: str, instead: str = BASIC) -> Problem:
    return Problem(VECTORISED, f"these jobs cannot be trained together: {reason}", instead)
