"""`.hydra/` in the folder of a job that does not run under Hydra's own `run_job`."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from experiments.runs.files import write_text, yaml_text


def write_hydra_record(composed: DictConfig, folder: Path) -> None:
    """config.yaml, hydra.yaml and overrides.yaml as Hydra writes them, interpolations unresolved."""
    subdir = composed.hydra.output_subdir
    if subdir is None:
        return
    plain = OmegaConf.to_container(composed, resolve=False, enum_to_str=True)
    assert isinstance(plain, dict)
    hydra = plain.pop("hydra")
    target = folder / subdir
    target.mkdir(parents=True, exist_ok=True)
    for name, content in (("config", plain), ("hydra", {"hydra": hydra}), ("overrides", hydra["overrides"]["task"])):
        write_text(target / f"{name}.yaml", yaml_text(content))
