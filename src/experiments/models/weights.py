"""Pretrained bodies: torchvision's own weights, or a file's."""

from __future__ import annotations

import copy
import functools
import logging
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision import models

from experiments.config.problems import ConfigurationError, Problem
from experiments.models.body import content_hash, empty_body
from experiments.models.state_file import read_state
from experiments.models.state_fit import body_state

log = logging.getLogger(__name__)

IMAGENET = "model.weights=imagenet"

RESCALES = ("googlenet", "inception_v3")
"""With these weights, torchvision's models turn images as ImageNet normalises them into a range of -1..1 themselves."""


@dataclass
class PretrainedBody:
    """A body with its weights, on the CPU; give out copies only.

    Attributes:
        mean, std: what images in 0..1 are normalised with, by channel.
        weights_hash: SHA-256 of the weights file, as 64 hexadecimal digits.
    """

    body: nn.Sequential
    mean: list[float]
    std: list[float]
    weights_hash: str

    def copy(self) -> nn.Sequential:
        """The body, for a network of its own."""
        return copy.deepcopy(self.body)

    @functools.cached_property
    def content_hash(self) -> str:
        """SHA-256 of the body's state."""
        return content_hash(self.body)


def pretrained_body(architecture: str, weights: str) -> PretrainedBody:
    """The body of an architecture with weights, read only if the last call was for another file.

    Draws no random numbers, be it read or not.

    Args:
        architecture: torchvision's name.
        weights: `imagenet`, or the path of a state dict.

    Raises:
        ConfigurationError: the weights cannot be had or read, or are of another architecture.
    """
    path = _imagenet_file(architecture) if weights == "imagenet" else Path(weights).expanduser().absolute()
    subject = f"model.weights={weights}" + (f" ({path})" if weights == "imagenet" else "")
    try:
        stat = path.stat()
    except OSError as error:
        raise ConfigurationError([_missing(weights, error)]) from None
    return _read(architecture, path, subject, (stat.st_ino, stat.st_size, stat.st_mtime_ns))


@functools.lru_cache(maxsize=1)  # the jobs of a sweep mostly have one body in common, and it may be large
def _read(architecture: str, path: Path, subject: str, _file_state: tuple[int, ...]) -> PretrainedBody:
    body = empty_body(architecture)
    file = read_state(path, subject)
    if subject.startswith(IMAGENET) and not file.sha256.startswith(_digits(path)):
        raise ConfigurationError([Problem(subject, "is damaged: its hash is not what its name says", f"rm {path}")])
    # The file's tensors become the body's: nothing is drawn at random first, nor copied.
    body.load_state_dict(body_state(file.state, body.state_dict(), architecture, subject), assign=True)
    mean, std = _normalisation(architecture)
    return PretrainedBody(body, mean, std, file.sha256)


def _normalisation(architecture: str) -> tuple[list[float], list[float]]:
    if architecture in RESCALES:
        return [0.5] * 3, [0.5] * 3
    transforms = _default_weights(architecture).transforms()
    return list(transforms.mean), list(transforms.std)


def _default_weights(architecture: str) -> Any:
    return models.get_model_weights(architecture).DEFAULT


def _imagenet_file(architecture: str) -> Path:
    """torchvision's weights in the folder where torch keeps such files; fetched if they are not there.

    Raises:
        ConfigurationError: they cannot be fetched.
    """
    empty_body(architecture)  # refuses names that torchvision does not have
    url = str(_default_weights(architecture).url)
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]
    if not path.exists():
        _download(url, path, architecture)
    return path


def _download(url: str, path: Path, architecture: str) -> None:
    log.info("fetching the weights of %s from %s", architecture, url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), _digits(path), progress=sys.stderr.isatty())
    except (OSError, RuntimeError) as error:  # no network; a file with another hash than its name says
        wrong = (
            f"the weights of {architecture} are not on this machine and could not be fetched: {error}\n"
            f"fetch {url}\n"
            f"elsewhere and put it at {path}"
        )
        raise ConfigurationError([Problem(IMAGENET, wrong, "model.weights=PATH, or none")]) from None


def _digits(path: Path) -> str:
    """The first digits of the SHA-256, which torchvision puts into the names of its files."""
    digits = re.search(r"-([0-9a-f]{8,})\.", path.name)
    return digits[1] if digits else ""


def _missing(weights: str, error: OSError) -> Problem:
    if isinstance(error, FileNotFoundError):
        wrong = "there is no such file; allowed are imagenet, none, and the path of a state dict (.pth, .safetensors)"
    else:
        wrong = f"cannot be read: {error.strerror}"
    return Problem(f"model.weights={weights}", wrong)
