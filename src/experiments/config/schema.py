"""The typed schema: what may stand in each group, for each thing that an option builds.

An option (`optimizer=adamw`) is a YAML file whose `_target_` names what it builds; the schema is found by that
target. A target that is not listed here is a user's own class: its signature is its schema.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar, Literal

from experiments.config.keys import Key, key, keys_of

GROUPS = ("dataset", "model", "optimizer", "schedule", "trainer", "logger")
"""The groups that a recipe picks one option of, in the order in which they are composed."""

BASES = ("recipe", "experiment", "sweep")
"""The groups whose options change the whole configuration."""


@dataclass
class Dataset:
    """What every data set has, a user's own too."""

    batch_size: int | Literal["all"] = key(
        "images a step; `all` is the full batch. The last short training batch is dropped unless it is the only one",
        at_least=1,
        hint="64",
    )
    valid_fraction: float = key(
        "share of the images that is held out for validation, the same images for the same split_seed",
        above=0,
        below=1,
        hint="0.2",
    )
    split_seed: int = key("chooses the images that are held out")
    subset_fraction: float = key(
        "train on this share of the training images; smaller shares are nested in larger ones",
        above=0,
        at_most=1,
        hint="0.1",
    )
    label_noise: float = key(
        "share of the images, training and validation alike, whose label is replaced by another class, to see "
        "what wrong labels do; a larger share only adds wrong labels",
        at_least=0,
        below=1,
        hint="0.2",
    )
    test_fraction: float = key(
        "share of the images that neither trains nor validates; it is reported once, after training, and is no guide "
        "to choices. A test/ folder does the same",
        at_least=0,
        below=1,
        hint="0.1",
    )
    rare_fraction: float = key(
        "train every second class (in their order) on this share of its images alone, to see what unbalanced classes "
        "do; validation keeps all",
        above=0,
        at_most=1,
        hint="0.25",
    )
    oversample: bool = key("repeat the images of rare classes in training up to the largest class", hint="true")
    augment: Literal["default", "none"] = key(
        "default: flip, rotate, zoom, lighting and warp for photographs, nothing for digits "
        "(a mirrored digit is another sign); none: never",
        hint="none",
    )
    views: int = key(
        "variants of each training image that a frozen body sees, each computed once: 1, the image as it is; more, so "
        "many augmented variants, and epochs take one of them at random",
        at_least=1,
        at_most=1000,
        neutral=1,
        hint="4",
    )


IMAGE_SIZE = "pixels of the square that images are brought to; null: what pretrained weights were trained at, else 224"


@dataclass
class Digits(Dataset):
    """1,797 handwritten digits of 8 x 8 pixels that come with scikit-learn."""

    kind: ClassVar[str] = "classification"


@dataclass
class Folder(Dataset):
    """A folder of class/image files, or with train/, valid/ and test/ above the classes."""

    kind: ClassVar[str] = "classification"
    root_is_there: ClassVar[bool] = True

    root: str = key("folder of class/image files; train/, valid/ (or val/), test/ above the classes fix the split")
    image_size: int | None = key(IMAGE_SIZE, at_least=8, at_most=2048, hint="224")


@dataclass
class Urls(Folder):
    """Pictures from lists of addresses, downloaded before training."""

    root_is_there: ClassVar[bool] = False

    urls: str = key("a folder of class.txt files (an address a line), or a CSV with the columns url and class")
    max_per_class: int | None = key("only the first so many addresses of each class; null: all", at_least=1, hint="200")
    workers: int = key("downloads at the same time", at_least=1, at_most=256, hint="16")
    timeout: float = key("seconds for one picture", above=0, hint="30")
    allow_private: bool = key("also fetch from addresses in private networks and from this machine", hint="true")


@dataclass
class ToyBears(Dataset):
    """Teddies, grizzlies and black bears, drawn."""

    kind: ClassVar[str] = "classification"

    root: str | None = key("folder to draw them into; null: the cache folder, one for each set of numbers")
    image_size: int = key(IMAGE_SIZE, at_least=8, at_most=2048, hint="64")
    images_per_class: int = key("pictures of each class", at_least=2, at_most=100_000, hint="400")
    rare_images: int | None = key(
        "pictures of the class grizzly; null: as many as of the others", at_least=2, hint="50"
    )
    wrong_labels: float = key("share of the pictures that lie in another class's folder", at_least=0, at_most=0.9)
    near_duplicates: float = key(
        "share of the pictures that are another one, slightly changed", at_least=0, at_most=0.9
    )
    corrupt_files: float = key("share of the files that cannot be decoded", at_least=0, at_most=0.9)
    data_seed: int = key("draws the pictures", at_least=0)


@dataclass
class Torchvision(Dataset):
    """A data set that torchvision knows, downloaded at first use; its test part is the test set."""

    kind: ClassVar[str] = "classification"

    root: str | None = key("folder where its files are, or are put; null: the cache folder")


@dataclass
class Pets(Torchvision):
    """Photographs of 37 breeds of cats and dogs."""

    image_size: int | None = key(IMAGE_SIZE, at_least=8, at_most=2048, hint="224")


@dataclass
class Points:
    """Points (x, y) with noise on y, drawn anew by each program."""

    kind: ClassVar[str] = "regression"
    images: ClassVar[bool] = False

    batch_size: int | Literal["all"] = key("points a step; `all` is the full batch", at_least=1, hint="all")
    points: int = key("training points", at_least=3, hint="100")
    valid_points: int = key("validation points, drawn like the others", at_least=3, hint="100")
    noise: Literal["uniform", "normal"] = key("shape of the noise around the truth", hint="uniform")
    noise_width: float = key(
        "width of the uniform noise; normal noise has the same standard deviation", at_least=0, at_most=1e6, hint="1"
    )
    data_seed: int = key("draws the points", at_least=0)


@dataclass
class Line(Points):
    """Points on a line with noise."""

    slope: float = key("the true slope", at_least=-1e6, at_most=1e6)
    intercept: float = key("the true intercept", at_least=-1e6, at_most=1e6)


@dataclass
class PolynomialPoints(Points):
    """Few noisy points on a smooth curve."""


DROPOUT = "dropout in the head; 0 leaves the layers out"


@dataclass
class SmallCNN:
    """A small convolutional network for any image size and channel count."""

    needs_images: ClassVar[bool] = True

    width: int = key("channels of the first layer; the deeper layers have two and four times as many", at_least=1)
    dropout: float = key(DROPOUT, at_least=0, below=1, neutral=0.0, hint="0.5")


NAMED_WEIGHTS = ("imagenet", "none")
"""What `model.weights` may be besides a path."""


@dataclass
class Transfer:
    """A torchvision network's body with a head for the classes at hand."""

    needs_images: ClassVar[bool] = True
    has_body: ClassVar[bool] = True

    architecture: str = key("torchvision's name of a classification model", hint="resnet34")
    weights: str = key(
        "imagenet: torchvision's own, downloaded once; none: drawn at random; or the path of a state dict in "
        "torchvision's layout, .pth or .safetensors",
        neutral="none",
        hint="imagenet",
    )
    freeze_body: bool | None = key(
        "train the head alone during schedule.epochs; null: if weights are given", neutral=False, hint="true"
    )
    train_norm: bool = key(
        "let the batch norm of a frozen body go on learning, as the lesson's library does; each epoch then computes "
        "the body anew",
        neutral=False,
        hint="false",
    )
    dropout: float = key(DROPOUT, at_least=0, below=1, neutral=0.0, hint="0.5")


@dataclass
class Linear:
    """One linear layer: a line, or softmax regression on the pixels of images."""

    bias: bool = key("add a constant to every output")
    initial: list[float] | None = key("the weights to start from; null draws them", at_least=-1e6, at_most=1e6)


@dataclass
class Polynomial:
    """A polynomial of one number."""

    degree: int = key("the highest power of x; there is one parameter more", at_least=1, at_most=60, hint="3")


WEIGHT_DECAY = (
    "pulls the weights towards 0: decoupled from the gradient with adamw, an L2 penalty with sgd; of a model with a "
    "body it leaves biases and norm layers alone"
)


@dataclass
class AdamW:
    """Adam with decoupled weight decay."""

    lr: float = key("learning rate: the highest that the schedule reaches", above=0, hint="3e-3")
    weight_decay: float = key(WEIGHT_DECAY, at_least=0, hint="1e-2")
    betas: list[float] = key(
        "first and second momentum; one_cycle moves the first", at_least=0, below=1, hint="[0.95,0.99]"
    )


@dataclass
class SGD:
    """Stochastic gradient descent."""

    lr: float = key("learning rate: the highest that the schedule reaches", above=0, hint="0.1")
    momentum: float = key("momentum; one_cycle moves it unless it is 0", at_least=0, below=1, hint="0.9")
    weight_decay: float = key(WEIGHT_DECAY, at_least=0, hint="0")


@dataclass
class Constant:
    """The same rate throughout."""

    epochs: int = key("passes over the training images; with a frozen body of its head alone", at_least=0, hint="4")
    unfrozen_epochs: int = key(
        "then unfreeze every layer and train so many epochs more, in the same shape", at_least=0, neutral=0, hint="2"
    )
    unfrozen_lr: list[float] = key(
        "lowest and highest rate of those epochs, as multiples of optimizer.lr: spread geometrically over three groups "
        "of layers",
        above=0,
        at_most=1000,
        hint="[0.01,0.1]",
    )


@dataclass
class Cosine(Constant):
    """From the full rate to nothing along half a cosine."""


@dataclass
class OneCycle(Constant):
    """Rise, then fall along cosines; momentum falls and rises."""

    rise_fraction: float = key("share of the steps in which the rate rises", above=0, below=1, hint="0.3")
    start_divisor: float = key("the rate starts at optimizer.lr over this", at_least=1, hint="25")
    end_divisor: float = key("the rate ends at optimizer.lr over this", at_least=1, hint="250000")
    momentum: list[float] = key(
        "momentum at the lowest and at the highest rate", at_least=0, below=1, hint="[0.95,0.85]"
    )


@dataclass
class Trainer:
    """Where and how numbers are crunched: keys of Lightning's Trainer."""

    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps"] = key(
        "auto takes CUDA, then Apple's GPU, then the CPU", hint="auto"
    )
    strategy: Literal["auto", "ddp"] = key("ddp trains one run on several devices at once", hint="auto")
    devices: int = key("how many devices; more than one by trainer=ddp", at_least=1, hint="2")
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = key("of the arithmetic", hint="32-true")
    gradient_clip_val: float | None = key("clip the gradient's norm to this; null does not", above=0, hint="1.0")


@dataclass
class Logger:
    """Lightning logger into the run's folder."""


SCHEMAS: dict[str, dict[str, type]] = {
    "dataset": {
        "experiments.data.digits.Digits": Digits,
        "experiments.data.folder.Folder": Folder,
        "experiments.curation.urls.Urls": Urls,
        "experiments.curation.toy_bears.ToyBears": ToyBears,
        "experiments.data.torchvision_sets.MNIST": Torchvision,
        "experiments.data.torchvision_sets.CIFAR10": Torchvision,
        "experiments.data.torchvision_sets.Pets": Pets,
        "experiments.data.line.Line": Line,
        "experiments.data.polynomial.Polynomial": PolynomialPoints,
    },
    "model": {
        "experiments.models.small_cnn.SmallCNN": SmallCNN,
        "experiments.models.transfer.Transfer": Transfer,
        "experiments.models.linear.Linear": Linear,
        "experiments.models.polynomial.Polynomial": Polynomial,
    },
    "optimizer": {"torch.optim.AdamW": AdamW, "torch.optim.SGD": SGD},
    "schedule": {
        "experiments.training.schedules.OneCycle": OneCycle,
        "experiments.training.schedules.Constant": Constant,
        "experiments.training.schedules.Cosine": Cosine,
    },
    "trainer": {"pytorch_lightning.Trainer": Trainer},
    "logger": {
        "pytorch_lightning.loggers.TensorBoardLogger": Logger,
        "pytorch_lightning.loggers.CSVLogger": Logger,
    },
}


@dataclass
class TopLevel:
    """The keys that belong to no group."""

    name: str | None = key("names a sweep's folder below multirun/; null: the keys that are swept")
    seed: int | None = key(
        "of everything random in training; null draws one and records it",
        at_least=0,
        at_most=2**32 - 1,
        hint="42",
    )
    expect: dict[str, object] | None = key(
        'what must be seen, written before the run: bounds on metrics such as error_rate: "< 0.05", '
        'or against guessing: valid_loss: "> 0.9 * guessing", and the verdict'
    )
    fits: Literal["classification", "regression"] | None = key(
        "the kind of data that an experiment makes sense on; null: any"
    )
    keep_checkpoint: bool = key("keep checkpoints/last.ckpt of a finished run", hint="true")
    learning_rates: list[float] = key(
        "the rates that sweep=learning_rate and sweep=map run over; a recipe knows its own", above=0, hint="[0.01,0.1]"
    )
    epoch_budgets: list[int] = key("the epochs that sweep=map runs over", at_least=1, hint="[1,4,16]")
    map_seeds: list[int] = key("the seeds that sweep=map runs over", at_least=0, at_most=2**32 - 1, hint="[0,1,2]")
    on_failure: Literal["continue", "stop"] = key(
        "when a job of a sweep fails: continue with the others, or stop before the next", hint="stop"
    )
    draw: bool = key(
        "draw pictures of the fit when it is done: an animation, a page with a slider, the loss surface", hint="true"
    )


@dataclass
class Job:
    """A job of a sweep."""

    timeout: float | None = key(
        "seconds that a job of a sweep may take; its process is then ended, and the job has failed; null: for ever",
        above=0,
        hint="3600",
    )


SILENT = ("expect", "name", "fits", "learning_rates", "epoch_budgets", "map_seeds", "draw", "job", "on_failure")
"""Top-level keys that change nothing in a training."""

COMMON_KEYS: dict[str, dict[str, Key]] = {"dataset": keys_of(Dataset), "schedule": keys_of(Constant)}
"""Keys that this project reads itself, so that a user's own class has them too, beside its signature."""


@functools.cache
def known_keys() -> dict[str, Key]:
    """Every key of every shipped option by its full name (`optimizer.lr`), and the top-level ones."""
    found = dict(keys_of(TopLevel)) | {f"job.{name}": one for name, one in keys_of(Job).items()}
    for group, options in SCHEMAS.items():
        for option in options.values():
            for name, one in keys_of(option).items():
                found.setdefault(f"{group}.{name}", one)
    return found
