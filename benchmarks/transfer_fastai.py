"""The lesson in fastai, for benchmarks/transfer.py; its last line is JSON: `seconds` after imports, `error_rate`.

What the lesson does by `pretrained=True` (weights into the body, ImageNet's normalisation, the body frozen) is done by
hand here, since the weights come from a file.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import pandas as pd
import torch
from fastai.vision.all import (
    ImageDataLoaders,
    Learner,
    Normalize,
    Resize,
    aug_transforms,
    create_body,
    default_device,
    error_rate,
    imagenet_stats,
    model_meta,
    set_seed,
    vision_learner,
)
from torchvision import models


def main() -> None:
    """Fit once, frozen and then unfrozen."""
    arguments = parse()
    default_device(False)  # the processor
    began = time.perf_counter()
    set_seed(arguments.seed)
    learner = frozen_learner(arguments)
    learner.fit_one_cycle(arguments.epochs, arguments.rate)
    if arguments.unfrozen_epochs:
        learner.unfreeze()
        learner.fit_one_cycle(arguments.unfrozen_epochs, slice(arguments.rate / 100, arguments.rate / 10))
    seconds = time.perf_counter() - began
    _, _, error = learner.recorder.values[-1]
    print(json.dumps({"seconds": seconds, "error_rate": float(error)}))


def frozen_learner(arguments: argparse.Namespace) -> Learner:
    """The lesson's learner, its body from a file."""
    loaders = ImageDataLoaders.from_df(
        pictures(arguments.split),
        path=arguments.images,
        fn_col="path",
        label_col="label",
        valid_col="valid",
        bs=arguments.batch_size,
        item_tfms=Resize(arguments.image_size),
        batch_tfms=[*aug_transforms(), Normalize.from_stats(*imagenet_stats)],
    )
    architecture = getattr(models, arguments.architecture)
    learner = vision_learner(loaders, architecture, pretrained=False, metrics=error_rate)
    trained = architecture()
    trained.load_state_dict(torch.load(arguments.weights, weights_only=True))
    learner.model[0].load_state_dict(create_body(trained, cut=model_meta[architecture]["cut"]).state_dict())
    learner.freeze()
    return learner


def pictures(split: Path) -> pd.DataFrame:
    """`path`, `label` and `valid` of the images that train or validate in a run's split.csv."""
    rows = pd.read_csv(split, dtype=str, keep_default_na=False)
    rows = rows[rows["split"].isin(["train", "valid"])]
    return rows.assign(valid=rows["split"] == "valid")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("images", "split", "weights"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--architecture", required=True)
    for name in ("image-size", "batch-size", "epochs", "unfrozen-epochs", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
