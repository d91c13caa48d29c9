"""What differs between the configurations of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.config.composition import flatten
from experiments.config.schema import SILENT


def differences(configurations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each configuration, the dotted keys whose values are not the same in all, with its own values."""
    flat = [dict(flatten({k: v for k, v in c.items() if k not in SILENT})) for c in configurations]
    keys = dict.fromkeys(key for one in flat for key in one)
    different = [key for key in keys if len({str(one.get(key)) for one in flat}) > 1]
    return [{key: _plain(one.get(key)) for key in different} for one in flat]


def distinct(configurations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One configuration for each way to load data and to build a network; a seed or a rate makes no other."""

    def parts(configuration: Mapping[str, Any]) -> str:
        targets = [configuration[group]["_target_"] for group in ("optimizer", "schedule")]
        return str([configuration["dataset"], configuration["model"], *targets])

    return list({parts(configuration): configuration for configuration in configurations}.values())


def _plain(value: object) -> Any:
    return value if isinstance(value, bool | int | float | str) else str(value)
