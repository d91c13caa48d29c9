"""One number for all that decides a run's result, so that a finished run is not computed twice."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# These say where things lie, what is logged or what is hoped for; none of them changes a result.
LEFT_OUT = frozenset(
    {"hydra", "logger", "name", "expect", "learning_rates", "epoch_budgets", "map_seeds", "draw", "job", "on_failure"}
)
# The pictures themselves are covered by `split_hash`, wherever they lie and however they came there.
LEFT_OUT_OF_DATA = frozenset({"root", "urls", "workers", "timeout", "allow_private"})


def config_hash(
    configuration: Mapping[str, Any], *, split_hash: str, weights_hash: str | None, package_version: str
) -> str:
    """SHA-256, 64 hexadecimal digits, of the resolved configuration and what it does not say itself.

    `split_hash` covers the samples' content, `weights_hash` the file of pretrained weights (None without).
    Raises TypeError if the configuration holds what JSON cannot.
    """
    document = {
        "configuration": _what_decides(configuration),
        "split_hash": split_hash,
        "weights_hash": weights_hash,
        "package_version": package_version,
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _what_decides(configuration: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in configuration.items() if key not in LEFT_OUT}
    dataset = kept.get("dataset")
    if isinstance(dataset, Mapping):
        kept["dataset"] = {key: value for key, value in dataset.items() if key not in LEFT_OUT_OF_DATA}
    return kept
