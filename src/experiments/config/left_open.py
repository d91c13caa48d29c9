"""What a configuration leaves to us: values that follow from others, and keys that these make pointless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.config.image_sizes import image_size
from experiments.config.schema import SCHEMAS


def has_body(configuration: Mapping[str, Any]) -> bool:
    """Whether the model is a body that can be frozen, with a head."""
    return getattr(SCHEMAS["model"].get(configuration["model"]["_target_"]), "has_body", False)


def fill_in(configuration: dict[str, Any]) -> list[str]:
    """Give every null that stands for "as the rest says" its value.

    Returns:
        Notices of keys that are ignored because of what others say.
    """
    dataset, model, schedule = (configuration[group] for group in ("dataset", "model", "schedule"))
    body = has_body(configuration)
    if "image_size" in dataset and dataset["image_size"] is None:
        dataset["image_size"] = image_size(model.get("architecture"), model.get("weights"))
    if body and model["freeze_body"] is None:
        model["freeze_body"] = model["weights"] != "none"
    notices = []
    if not body and schedule.get("unfrozen_epochs"):
        notices.append(_ignored("schedule.unfrozen_epochs", schedule, "the model has no body to unfreeze"))
        schedule["unfrozen_epochs"] = 0
    if model.get("train_norm") and not model["freeze_body"]:
        notices.append(_ignored("model.train_norm", model, "no body is frozen, and all of it learns"))
        model["train_norm"] = False
    if dataset.get("views", 1) != 1 and (reason := _without_features(configuration)):
        notices.append(_ignored("dataset.views", dataset, reason))
        dataset["views"] = 1
    return notices


def _without_features(configuration: dict[str, Any]) -> str | None:
    """Why nothing is computed once for each variant of an image; None if it is."""
    model = configuration["model"]
    if not has_body(configuration):
        return "the model has no body to freeze"
    if not model["freeze_body"] or not configuration["schedule"]["epochs"]:
        return "no body is frozen"
    if model["train_norm"]:
        return "with model.train_norm the body changes, and every epoch augments its images anew"
    return None


def _ignored(key: str, node: dict[str, Any], reason: str) -> str:
    value = node[key.partition(".")[2]]
    return f"{key}={str(value).lower() if isinstance(value, bool) else value} is ignored: {reason}"
