"""`small_cnn` on digits with all recording and TensorBoard on, against a plain PyTorch loop of the same arithmetic.

The plain loop trains and evaluates the same network on the same batches with the same schedule; it writes nothing.
Each is timed after a warm-up, in turn; the ratio is of the medians.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

from experiments import compose, fit
from experiments.data.batches import Batches
from experiments.data.datamodule import DataModule
from experiments.data.digits import Digits
from experiments.models.small_cnn import SmallCNN
from experiments.training.schedules import OneCycle

EPOCHS, ROUNDS = 10, 5


def plain_loop() -> float:
    """The error rate that a loop of one's own ends at."""
    torch.manual_seed(42)
    data = DataModule(Digits())
    data.setup()
    network = SmallCNN((1, 8, 8), 10)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-2, betas=(0.95, 0.99))
    schedule, loader = OneCycle(EPOCHS), data.train_dataloader()
    valid, train_eval = data.val_dataloader()
    steps, step, error = EPOCHS * len(loader), 0, evaluate(network, valid)
    evaluate(network, train_eval)
    for epoch in range(EPOCHS):
        loader.sampler.set_epoch(epoch)
        network.train()
        for images, labels in loader:
            setting = schedule(step / (steps - 1))
            for group in optimizer.param_groups:
                group["lr"], group["betas"] = 3e-3 * setting.factor, (setting.momentum, 0.99)
            optimizer.zero_grad()
            cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            step += 1
        error = evaluate(network, valid)
        evaluate(network, train_eval)
    return error


def evaluate(network: torch.nn.Module, batches: Batches) -> float:
    """The error rate; the loss is computed as well, as a run does."""
    network.eval()
    wrong = loss = count = 0.0
    with torch.no_grad():
        for images, labels in batches:
            logits = network(images)
            loss += float(cross_entropy(logits, labels, reduction="sum"))
            wrong += float((logits.argmax(1) != labels).sum())
            count += len(labels)
    return wrong / count


def ours(folder: Path) -> float:
    """The error rate that a run ends at."""
    run = fit(compose([f"schedule.epochs={EPOCHS}", "trainer=cpu"]), folder=folder, quiet=True)
    return float(run.metrics["final"]["error_rate"])


def main() -> None:
    """Print both times and the ratio."""
    times: dict[str, list[float]] = {"plain": [], "run": []}
    errors: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(ROUNDS + 1):
            began = time.perf_counter()
            errors["plain"] = plain_loop()
            between = time.perf_counter()
            errors["run"] = ours(Path(scratch) / str(number))
            if number:  # the first round warms up
                times["plain"].append(between - began)
                times["run"].append(time.perf_counter() - between)
    for name, seconds in times.items():
        print(f"{name:<6} {statistics.median(seconds):.2f} s (of {ROUNDS}), error rate {errors[name]:.4f}")
    ratio = statistics.median(times["run"]) / statistics.median(times["plain"])
    print(f"ratio  {ratio:.2f}")


if __name__ == "__main__":
    main()
