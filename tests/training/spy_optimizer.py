"""An optimizer that notes what it really used."""

from collections.abc import Iterable
from typing import Any, ClassVar

import torch


class SpyAdamW(torch.optim.AdamW):
    """AdamW with the project's defaults; `used` holds (lr, first beta) of every step of the last training."""

    used: ClassVar[list[tuple[float, float]]] = []

    def __init__(self, params: Iterable[Any], lr: float = 3e-3) -> None:
        SpyAdamW.used.clear()
        super().__init__(params, lr=lr, weight_decay=1e-2, betas=(0.95, 0.99))

    def step(self, closure: Any = None) -> Any:
        loss = super().step(closure)
        (group,) = self.param_groups
        SpyAdamW.used.append((group["lr"], group["betas"][0]))
        return loss
