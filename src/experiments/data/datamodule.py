"""From a source to what Lightning trains on."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, Protocol, runtime_checkable

import pytorch_lightning as pl
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from experiments.data import contact_sheet
from experiments.data.augmentation import Augmentation, default_augmentation
from experiments.data.batches import Batches
from experiments.data.class_sheets import are_images, class_sheets, counts_by_class
from experiments.data.dataset import from_torch_dataset
from experiments.data.errors import DataError
from experiments.data.guess import guess
from experiments.data.label_noise import with_wrong_labels
from experiments.data.pool import Pool, SampleTable
from experiments.data.preparation import Preparation, Transform
from experiments.data.prepared import PreparedInputs
from experiments.data.split import by_hash, oversampled
from experiments.data.table import Shares, notices_on, split_pool

EVALUATION_BATCH = 512
EVALUATION_VALUES = 64 * 3 * 224 * 224  # at most so many numbers in an evaluation batch


@runtime_checkable
class Source(Protocol):
    """What a `_target_` under `dataset` builds. With a method `prepare()`, that is called first, to fetch or draw."""

    def load(self) -> Pool: ...


class DataModule(pl.LightningDataModule):
    """A source, split and batched.

    Args:
        source: a `Source`, or a map-style torch Dataset of (tensor, class index).
        batch_size: samples a training step; `all` for the whole training set.
        shares: how the samples are divided.
        oversample: repeat rare classes in training up to the largest.
        label_noise: share of all samples whose class is replaced by another one, nested.
        augment: `default` augments photographs (and nothing else), `none` nothing.
        views: variants of each training image that a frozen body sees; see `features`.
        seed: of the training order.

    Attributes, after `setup`:
        kind: `classification` or `regression`.
        output_size: of the model, the number of classes or the width of a target.
        guess: what guessing scores, `valid_loss` with `error_rate` or `rmse`.
        preprocessing: `size`, `resize`, `mean`, `std`, for `model.json`.
        evaluated_rows: of the table: the validation samples, then the training samples for `train_loss_eval`.
        notices: what the user should know about the data, a sentence each.
    """

    kind: Literal["classification", "regression"]
    classes: list[str]
    input_shape: tuple[int, ...]
    output_size: int
    table: SampleTable
    split_hash: str
    train_size: int
    valid_size: int
    test_size: int
    notices: list[str]
    guess: dict[str, float]
    preprocessing: dict[str, Any]
    evaluated_rows: tuple[list[int], list[int]]

    def __init__(
        self,
        source: Source | Dataset[Any],
        *,
        batch_size: int | Literal["all"] = 64,
        shares: Shares | None = None,
        oversample: bool = False,
        label_noise: float = 0.0,
        augment: Literal["default", "none"] = "default",
        views: int = 1,
        seed: int = 42,
    ) -> None:
        super().__init__()
        self.source = source
        self.batch_size = batch_size
        self.shares = shares or Shares()
        self.oversample = oversample
        self.label_noise = label_noise
        self.augment = augment
        self.views = views
        self.seed = seed
        self._pool: Pool | None = None

    def prepare_data(self) -> None:
        """Fetches or draws what the source lacks; nothing if it has all.

        Raises:
            DataError: if it cannot be had.
        """
        prepare = getattr(self.source, "prepare", None)
        if self._pool is None and callable(prepare):
            prepare()

    def setup(self, stage: str | None = None) -> None:
        """Loads and splits once; later calls do nothing.

        Raises:
            DataError: if the data cannot be trained on.
        """
        if self._pool is not None:
            return
        pool = self.source.load() if isinstance(self.source, Source) else from_torch_dataset(self.source)
        self._describe(pool)
        self.table = split_pool(pool, self.shares)
        if self.label_noise and pool.classes:
            # After the split, which looks at the labels: the same images are held out as without noise.
            pool = with_wrong_labels(pool, self.label_noise, self.shares.split_seed)
            self.table = replace(self.table, labels=pool.labels())
        elif self.label_noise:
            self.notices.append(f"dataset.label_noise={self.label_noise} is ignored: there are no classes to confuse")
        by_us = "valid" not in (pool.splits or [])
        self.notices += notices_on(self.table, self.classes, by_us=by_us, shares=self.shares)
        self.split_hash = self.table.split_hash()
        train, valid = self.table.indices("train"), self.table.indices("valid")
        self.train_size, self.valid_size = len(train), len(valid)
        self.test_size = len(self.table.indices("test"))
        self._train_rows = self._trained_rows(train)
        self.guess = guess(pool, train)
        self._train_batch = self._cut_batch()
        # As many training images as there are for validation, picked by hash: the same in every run.
        picked = by_hash(train, pool.sha256, f"train_eval:{self.shares.split_seed}")[: len(valid)]
        self.evaluated_rows = valid, sorted(picked)
        self._pool = pool

    def normalise(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """From now on by these numbers, those that a network's weights were trained with; a channel each.

        Grey images become pictures of as many channels as there are numbers.
        """
        pool = self._loaded()
        if (pool.mean, pool.std) != (list(mean), list(std)):
            self._pool = replace(pool, mean=list(mean), std=list(std))
            self.preprocessing |= {"mean": list(mean), "std": list(std)}
            self.__dict__.pop("_prepared", None)

    @property
    def augments(self) -> bool:
        """Whether training images are changed at random."""
        return self.augment == "default" and self._loaded().photographs

    def prepared(self, rows: Sequence[int]) -> Tensor:
        """Any rows of the table as the network takes them, not augmented: (B, *input_shape) float."""
        return self._prepared.images(torch.as_tensor(rows, dtype=torch.long))

    def varied(self, rows: Sequence[int], view: int) -> Tensor:
        """As `prepared`, but augmented: each a function of its content and the number of the view alone."""
        return self._prepared.varied(torch.as_tensor(rows, dtype=torch.long), view)

    def train_dataloader(self) -> Batches:
        """Shuffled, augmented batches without the last short one."""
        return self.train_batches(self.seed)

    def train_batches(self, seed: int, inputs: Tensor | None = None, transform: Transform | None = None) -> Batches:
        """The training batches in the order of another run's seed.

        Args:
            seed: of the order.
            inputs: (N, ...) to take in the place of the table's N samples, such as a frozen body's outputs.
            transform: of a batch of those.
        """
        pool = self._loaded()
        chosen, change = self._prepared.trained if inputs is None else (inputs, transform)
        return Batches(
            chosen,
            pool.targets,
            self._train_rows,
            self._train_batch,
            shuffle_seed=seed,
            drop_last=True,
            transform=change,
        )

    def val_dataloader(self) -> list[Batches]:
        """The validation samples, then training samples as they are (for `train_loss_eval`)."""
        return [self.evaluation(rows) for rows in self.evaluated_rows]

    def evaluation(self, rows: Sequence[int], inputs: Tensor | None = None) -> Batches:
        """Any rows of the table in this order, neither augmented nor shuffled; `inputs` as for `train_batches`."""
        pool = self._loaded()
        chosen, transform = self._prepared.plain if inputs is None else (inputs, None)
        shape = pool.input_shape if inputs is None else inputs.shape[1:]
        size = max(1, min(EVALUATION_BATCH, EVALUATION_VALUES // math.prod(shape)))
        return Batches(chosen, pool.targets, rows, size, transform=transform)

    def contact_sheet(self, *, augmented: bool = True) -> Image.Image | None:
        """The first training batch (up to 32 images), labelled, as it is augmented or as it is; None if no images."""
        pool = self._loaded()
        if not are_images(pool):
            return None
        loader = self.train_dataloader()
        rows = loader.indices[loader.sampler.order()][: min(32, self._train_batch)]
        augmentation = self._augmentation() if augmented else None
        images = Preparation(augmentation=augmentation)(pool.inputs[rows], loader.sampler.generator(0))
        return contact_sheet.draw(images, [self.table.labels[row] for row in rows.tolist()])

    def class_sheets(self) -> dict[str, Image.Image]:
        """By class, some of its training images as they are; empty if not of images."""
        return class_sheets(self._loaded(), self.table)

    def counts(self) -> str:
        """A Markdown table of classes and splits; empty for a regression."""
        return counts_by_class(self._loaded(), self.table) if self.classes else ""

    def _loaded(self) -> Pool:
        self.setup()
        assert self._pool is not None
        return self._pool

    @cached_property
    def _prepared(self) -> PreparedInputs:
        return PreparedInputs(self._loaded(), self._augmentation())

    def _augmentation(self) -> Augmentation | None:
        return default_augmentation() if self.augments else None

    def _describe(self, pool: Pool) -> None:
        self.kind = "classification" if pool.classes else "regression"
        self.classes = list(pool.classes)
        if self.kind == "classification" and len(pool.classes) < 2:
            raise DataError(f"There is only one class: {pool.classes[0]}. Two or more are needed to tell apart.")
        self.input_shape = pool.input_shape
        self.output_size = len(pool.classes) or pool.targets.shape[1]
        self.notices = list(pool.notices)
        size = list(pool.input_shape[1:]) if len(pool.input_shape) == 3 else None
        self.preprocessing = {"size": size, "resize": pool.resize, "mean": pool.mean, "std": pool.std}

    def _trained_rows(self, train: list[int]) -> list[int]:
        """The rows of an epoch: each training sample once, or those of rare classes repeated."""
        if not (self.oversample and self.classes):
            return train
        return oversampled(train, self.table.labels, self.table.sha256, self.shares.split_seed)

    def _cut_batch(self) -> int:
        if self.batch_size == "all":
            return len(self._train_rows)
        size = len(self._train_rows)
        if self.batch_size > size:
            what = "images" if len(self.input_shape) == 3 else "points"
            self.notices.append(
                f"dataset.batch_size={self.batch_size} is larger than the {size} training {what}: cut to {size}"
            )
        return min(self.batch_size, size)
