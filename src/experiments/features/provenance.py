"""What head inputs depend on, beside the image: the folder that they are kept in is named by it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import torch

from experiments.data import augmentation, pixel_store
from experiments.data.cache_contents import FEATURES
from experiments.data.cache_folder import cache_folder
from experiments.data.datamodule import DataModule
from experiments.data.row_store import RowStore
from experiments.runs.files import write_json

if TYPE_CHECKING:
    from experiments.models.transfer import Transfer

VERSION = 2
"""One more whenever the same image, body and numbers give other head inputs."""

MIXED = {"16-mixed": torch.float16, "bf16-mixed": torch.bfloat16}
"""What Lightning's precisions let a network compute in where that is safe; all others compute in 32 bits here."""


@dataclass(frozen=True)
class Provenance:
    """How an image becomes a row (F,) of head inputs.

    Attributes:
        architecture: torchvision's name.
        body: hash of its state.
        feature_count: F.
        input_shape: of the image as it is decoded.
        resize: how it was brought to that.
        mean: that it is normalised with.
        std: as `mean`.
        arithmetic: in which numbers, and on what: they round differently.
        versions: of the code for each step.
    """

    architecture: str
    body: str
    feature_count: int
    input_shape: list[int]
    resize: str | None
    mean: list[float] | None
    std: list[float] | None
    arithmetic: str
    versions: dict[str, int]

    @classmethod
    def of(cls, network: Transfer, data: DataModule, device: torch.device, precision: str) -> Provenance:
        """For a network as it is now, and data that are loaded."""
        return cls(
            architecture=network.architecture,
            body=network.body_hash(),
            feature_count=network.feature_count,
            input_shape=list(data.input_shape),
            resize=data.preprocessing["resize"],
            mean=data.preprocessing["mean"],
            std=data.preprocessing["std"],
            arithmetic=f"{MIXED.get(precision, torch.float32)} on {device.type}".removeprefix("torch."),
            versions={"features": VERSION, "pixels": pixel_store.VERSION, "augmentation": augmentation.VERSION},
        )

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, in hexadecimal."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def name(self) -> str:
        """Such as `resnet18_224px_0123456789ab`."""
        sides = dict.fromkeys(self.input_shape[1:])
        return f"{self.architecture}_{'x'.join(map(str, sides))}px_{self.digest[:12]}"

    def open_store(self) -> RowStore:
        """The user's store of such rows, float32; `about.json` beside them says what they are.

        Raises:
            OSError: if it cannot be made.
        """
        folder = cache_folder(FEATURES) / self.name
        folder.mkdir(exist_ok=True)
        if not (folder / "about.json").exists():
            write_json(folder / "about.json", asdict(self))
        return RowStore(folder, (self.feature_count,), np.float32)
