"""Transfer learning against fastai: the same images, split, architecture, weights, size, batch size and cores.

python benchmarks/transfer.py --images FOLDER [--architecture squeezenet1_1] [--weights FILE] [--part all]

frozen: a fit with the body frozen, one view, from an empty cache. The whole command is timed, imports included, and the
    fit alone after the imports, from reading the folder to the last file on disk.
sweep: `sweep=learning_rate` from an empty cache against as many fits by fastai, each learning rate anew. Of fastai's
    fits two are timed, of different rates, and multiplied; its imports are counted once.
lesson: the frozen epochs, then epochs of the unfrozen body with rates spread over its layers.

fastai's side is benchmarks/transfer_fastai.py. Each fit is a process of its own, in turn, never two at a time, with the
pictures in the system's file cache, and its files in a temporary folder. The split is what our first run wrote to
split.csv. Times are medians. Without --weights they are random, saved once for both: time then means something, the
error rate does not. With --weights the error rates on the same validation images are compared over the seeds, which
draw the head and the order of the batches, by Welch's t-test.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from transfer_fits import Comparison, Fit

ARCHITECTURES = ("squeezenet1_1", "resnet18", "resnet34", "resnet50")
FLOORS: dict[str, dict[str, float]] = {
    "frozen": {"squeezenet1_1": 4, "resnet18": 8},
    "sweep": {"squeezenet1_1": 30, "resnet18": 60},
    "lesson": {"squeezenet1_1": 1.5, "resnet18": 1.5},
}
"""What each ratio is to be at least, with the numbers that are the default."""


def compare_frozen(both: Comparison) -> None:
    """A fit of the head."""
    pairs, alone = [], []
    for seed in range(both.arguments.seeds):
        ours = both.ours(seed, unfrozen_epochs=0)
        pairs.append((ours, both.fastai(ours.folder, seed, unfrozen_epochs=0)))
        alone.append(both.ours_alone(seed))
    print(f"frozen, {both.arguments.epochs} epochs, medians of {len(pairs)}")
    theirs = [fastai.alone for _, fastai in pairs]
    print_ratio("fit alone", statistics.median(alone), statistics.median(theirs), floor(both, "frozen"))
    print_commands(both, "frozen", pairs)


def compare_sweeps(both: Comparison) -> None:
    """Many learning rates."""
    count = both.arguments.rates
    rates = np.geomspace(1e-5, 0.5, count).tolist()
    ours, theirs = [], []
    for rate in (rates[count // 3], rates[2 * count // 3]):
        ours.append(both.our_sweep(rates))
        theirs.append(both.fastai(ours[-1].folder, 0, unfrozen_epochs=0, rate=rate))
    fit = statistics.mean(fastai.alone for fastai in theirs)
    imports = statistics.mean(fastai.command - fastai.alone for fastai in theirs)
    print(f"sweep, {count} rates of {both.arguments.epochs} epochs each")
    print(
        f"  fastai's {count} fits: {imports:.1f} s of imports + {count} x {fit:.1f} s, the mean of two that were timed"
    )
    median = statistics.median(one.command for one in ours)
    print_ratio("whole command", median, imports + count * fit, floor(both, "sweep"))


def compare_lessons(both: Comparison) -> None:
    """The head, then everything."""
    epochs, pairs = both.arguments.unfrozen_epochs, []
    for seed in range(both.arguments.seeds):
        ours = both.ours(seed, epochs)
        pairs.append((ours, both.fastai(ours.folder, seed, epochs)))
    print(f"lesson, frozen {both.arguments.epochs} epochs, then unfrozen {epochs}, medians of {len(pairs)}")
    print_commands(both, "lesson", pairs)


def print_commands(both: Comparison, part: str, pairs: Sequence[tuple[Fit, Fit]]) -> None:
    """The ratio of the whole commands, and what they ended at."""
    ours, theirs = (statistics.median(fit.command for fit in side) for side in zip(*pairs, strict=True))
    print_ratio("whole command", ours, theirs, floor(both, part))
    if both.arguments.weights is not None:
        print_errors(*([fit.error for fit in side] for side in zip(*pairs, strict=True)))


def floor(both: Comparison, part: str) -> float | None:
    """None where no bar was set."""
    return FLOORS[part].get(both.arguments.architecture)


def print_ratio(what: str, ours: float, theirs: float, bar: float | None) -> None:
    """A line; seconds."""
    held = "" if bar is None else f" (the floor is {bar:g})"
    print(f"  {what:<14} ours {ours:7.1f} s, fastai {theirs:7.1f} s, ratio {theirs / ours:5.1f}{held}", flush=True)


def print_errors(ours: Sequence[float], theirs: Sequence[float]) -> None:
    """Mean and standard deviation of both sides, and whether they differ by more than chance."""
    sides = [f"{name} {np.mean(side):.1%}" for name, side in (("ours", ours), ("fastai", theirs))]
    if len(ours) < 2:
        print(f"  error rate     {', '.join(sides)}: of one seed, nothing follows", flush=True)
        return
    spread = [f"{text} +- {np.std(side, ddof=1):.1%}" for text, side in zip(sides, (ours, theirs), strict=True)]
    print(f"  error rate     {', '.join(spread)} over {len(ours)} seeds: {verdict(ours, theirs)}", flush=True)


def verdict(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """By Welch's t-test at 5 %, where either side varies at all."""
    from scipy.stats import ttest_ind_from_stats

    if np.ptp(ours) == np.ptp(theirs) == 0:
        return "the same for all seeds" if ours[0] == theirs[0] else "they differ, the same for all seeds"
    first, second = ((np.mean(side), np.std(side, ddof=1), len(side)) for side in (ours, theirs))
    chance = float(ttest_ind_from_stats(*first, *second, equal_var=False).pvalue)
    return f"{'they differ' if chance < 0.05 else 'no more than chance'} (p = {chance:.2g})"


PARTS = {"frozen": compare_frozen, "sweep": compare_sweeps, "lesson": compare_lessons}


def main() -> None:
    """Print every ratio."""
    arguments = parse()
    if importlib.util.find_spec("fastai") is None:
        sys.exit("fastai is not installed: pip install -e .[bench]")
    use_cores(arguments.cores)
    files = [file for file in arguments.images.rglob("*") if file.is_file()]
    megabytes = sum(len(file.read_bytes()) for file in files) / 1e6  # into the system's file cache, for both
    with tempfile.TemporaryDirectory() as scratch:
        weights = arguments.weights or save_random(arguments.architecture, Path(scratch))
        both = Comparison(arguments, weights, Path(scratch))
        print(f"{arguments.architecture}, weights {arguments.weights or 'drawn at random'}, {arguments.cores} cores")
        print(
            f"{len(files)} files, {megabytes:.0f} MB, at {arguments.image_size} pixels; load {os.getloadavg()[0]:.1f}"
        )
        for part in PARTS if arguments.part == "all" else [arguments.part]:
            PARTS[part](both)


def use_cores(count: int) -> None:
    """Keep this process and those that it starts to so many, where the system can."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    os.environ["CUDA_VISIBLE_DEVICES"] = ""


def save_random(architecture: str, folder: Path) -> Path:
    """Weights in torchvision's layout."""
    import torch
    from torchvision import models

    torch.manual_seed(0)
    torch.save(models.get_model(architecture).state_dict(), folder / f"{architecture}.pth")
    return folder / f"{architecture}.pth"


def parse() -> argparse.Namespace:
    """The command line; smaller numbers try the script itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=lambda text: Path(text).resolve(), required=True, help="class/image files")
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="squeezenet1_1")
    parser.add_argument("--weights", type=lambda text: Path(text).resolve(), help="a state dict (random)")
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all")
    parser.add_argument("--seeds", type=int, default=5, help="fits of each side (5)")
    parser.add_argument("--epochs", type=int, default=4, help="with the body frozen (4)")
    parser.add_argument("--unfrozen-epochs", type=int, default=2, help="of the lesson (2)")
    parser.add_argument("--rates", type=int, default=16, help="of the sweep (16)")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--cores", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
