"""Networks that go wrong in training after a number of steps; the options of `lab/model` build them."""

import os
import signal
import time
from math import prod

from torch import Tensor, nn


class FailsAfter(nn.Module):
    """A linear network; what happens after `steps` training steps is for the subclass to say."""

    def __init__(self, input_shape: tuple[int, ...], output_size: int, steps: int = 3) -> None:
        super().__init__()
        self.layer = nn.Linear(prod(input_shape), output_size)
        self.steps = steps
        self.seen = 0

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.layer(inputs.flatten(1))
        if self.training:
            self.seen += 1
            if self.seen > self.steps:
                return self.go_wrong(outputs)
        return outputs

    def go_wrong(self, outputs: Tensor) -> Tensor:
        raise RuntimeError("the lamp of the projector broke")


class NanAfter(FailsAfter):
    def go_wrong(self, outputs: Tensor) -> Tensor:
        return outputs * float("nan")


class CtrlCAfter(FailsAfter):
    def go_wrong(self, outputs: Tensor) -> Tensor:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)  # Python runs the handler at the next opportunity
        return outputs


class CtrlCAtOnce(FailsAfter):
    """While it is built somebody presses Ctrl-C."""

    def __init__(self, input_shape: tuple[int, ...], output_size: int) -> None:
        super().__init__(input_shape, output_size)
        raise KeyboardInterrupt


class SecondProcessDiesAfter(FailsAfter):
    """Of several processes that train one network."""

    def go_wrong(self, outputs: Tensor) -> Tensor:
        if os.environ.get("LOCAL_RANK") == "1":
            os.kill(os.getpid(), signal.SIGKILL)
        return outputs
