"""What the name of a column or a TensorBoard tag means, told by its parts: `val_loss`, `Loss/valid`, `lr-Adam`."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Literal

Phase = Literal["train", "train_eval", "valid", "test", ""]
Quantity = Literal["loss", "accuracy", "error", "rmse", "learning_rate", "gradient_norm"]
Per = Literal["step", "epoch", ""]

PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
"""`valLoss`, `val_loss`, `Val Loss` and `val/loss` have the same two parts."""

TRAIN = frozenset({"train", "training", "trn"})
VALID = frozenset({"valid", "val", "validation", "dev", "holdout"})
EVALUATED = frozenset({"eval", "evaluation"})
"""Beside `train` it is the training set in evaluation mode, alone it is validation (Hugging Face's `eval_loss`)."""
TEST = frozenset({"test", "testing"})

QUANTITIES: dict[str, Quantity] = {
    "loss": "loss",
    "accuracy": "accuracy",
    "acc": "accuracy",
    "error": "error",
    "err": "error",
    "rmse": "rmse",
}
STEP = frozenset({"step", "batch", "iter", "iteration"})
PLAIN = (
    frozenset({"epoch", "mean", "avg", "average", "running", "total", "rate", "top", "score", "0", "1"})
    | frozenset({"metric", "metrics", "scalars", "dataloader", "idx"})
    | frozenset({"categorical", "sparse", "binary", "multiclass", "cross", "entropy", "crossentropy", "ce", "nll"})
)
"""Parts that leave the meaning as it is. Any other part makes it another quantity: `top_5_accuracy`, `box_loss`."""
NOT_THE_RATE = frozenset({"momentum", "decay", *QUANTITIES})
"""`lr-SGD-momentum` and `lr-SGD-weight_decay` are what Lightning's monitor calls the others."""

GRADIENT_NORM = STEP | TRAIN | {"grad", "gradient", "norm", "total", "global", "epoch", "2", "0", "l"}
"""`grad_2.0_norm_total` is all parameters'; with any other part it is one layer's."""


@dataclass(frozen=True)
class Meaning:
    """What a series of numbers is: of which samples, what, and how often; `""` where the name does not say.

    `parts` is the number of words in the name: of two names with one meaning the plainer is preferred.
    """

    phase: Phase
    quantity: Quantity
    per: Per
    parts: int


def meaning(name: str) -> Meaning | None:
    """What `name` says; None if it is not understood."""
    parts = [part.lower() for part in PART.findall(name)]
    words = set(parts)
    if _rate(parts):
        return None if words & NOT_THE_RATE else Meaning("", "learning_rate", _per(words), len(parts))
    if "norm" in words and words & {"grad", "gradient"} and words <= GRADIENT_NORM:
        return Meaning("", "gradient_norm", _per(words), len(parts))
    if {"root", "mean", "squared", "error"} <= words:
        words = words - {"root", "mean", "squared", "error"} | {"rmse"}
    quantities = {QUANTITIES[word] for word in words if word in QUANTITIES}
    phase = _phase(words)
    if len(quantities) != 1 or phase is None or words - PLAIN - STEP - QUANTITIES.keys() - _PHASE_WORDS:
        return None
    return Meaning(phase, quantities.pop(), _per(words), len(parts))


def phase_of_folder(name: str) -> Literal["train", "valid"] | None:
    """Of a folder that holds one side of a run alone: Keras's `train`, `validation`, PyTorch's `Loss_valid`."""
    words = {part.lower() for part in PART.findall(name)}
    if words - _PHASE_WORDS - QUANTITIES.keys() - PLAIN:
        return None
    phase = _phase(words)
    return phase if phase in ("train", "valid") else None


_PHASE_WORDS = TRAIN | VALID | EVALUATED | TEST


def _phase(words: set[str]) -> Phase | None:
    """The phase that the words name; None if they name several."""
    train, valid, evaluated, test = (bool(words & names) for names in (TRAIN, VALID, EVALUATED, TEST))
    if train + valid + test > 1:
        return None
    if train:
        return "train_eval" if evaluated else "train"
    if valid or (evaluated and not test):
        return "valid"
    return "test" if test else ""


def _per(words: set[str]) -> Per:
    if words & STEP:
        return "step"
    return "epoch" if "epoch" in words else ""


def _rate(parts: list[str]) -> bool:
    return "lr" in parts or ("learning", "rate") in itertools.pairwise(parts)
