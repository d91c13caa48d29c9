"""Tensors by name from a file, without running any code that it may hold."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor

from experiments.config.problems import ConfigurationError, Problem

WRAPPERS = ("state_dict", "model")
"""Under which names checkpoints keep the state dict beside other things."""

AGAIN = "fetch or copy the file again"
STATE_DICT = "allowed is a state dict, .pth or .safetensors"


@dataclass(frozen=True)
class StateFile:
    """What a file holds: tensors by name, and the SHA-256 of its bytes as 64 hexadecimal digits."""

    state: dict[str, Tensor]
    sha256: str


def read_state(path: Path, subject: str) -> StateFile:
    """A state dict from a safetensors file or one of `torch.save`; the content decides which, not the name.

    Raises:
        ConfigurationError: about `subject`: it cannot be read, is damaged, or holds something else.
    """
    try:
        content = path.read_bytes()
    except IsADirectoryError:
        raise _refused(subject, "is a folder, not a weights file") from None
    except OSError as error:
        raise _refused(subject, f"cannot be read: {error.strerror}") from None
    if not content:
        raise _refused(subject, "is empty")
    loaded = _safetensors(content, subject) if content[8:9] == b"{" else _pickled(content, subject)
    return StateFile(_tensors(loaded, subject), hashlib.sha256(content).hexdigest())


def _safetensors(content: bytes, subject: str) -> object:
    try:
        return load_safetensors(content)
    except SafetensorError:
        raise _refused(
            subject, "is cut short or damaged: its table of contents does not fit its bytes", AGAIN
        ) from None


def _pickled(content: bytes, subject: str) -> object:
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever somebody's file makes the reader raise
        raise _unreadable(content, subject, str(error)) from None


def _unreadable(content: bytes, subject: str, said: str) -> ConfigurationError:
    code = re.search(r"GLOBAL ([\w.]+)|(TorchScript)", said)
    if code:
        wrong = f"holds more than tensors ({code[1] or code[2]}), and was not loaded: that could run any code"
        return _refused(subject, wrong, "torch.save(model.state_dict(), PATH) where the model was made")
    if content.startswith((b"PK", b"\x80")):  # a zip archive or a pickle, as torch.save writes them
        return _refused(subject, "is cut short or damaged, or was not written by torch.save", AGAIN)
    return _refused(subject, f"is no weights file: {STATE_DICT}")


def _tensors(loaded: object, subject: str) -> dict[str, Tensor]:
    entries = dict(loaded) if isinstance(loaded, Mapping) else {}
    inner = next((entries[name] for name in WRAPPERS if isinstance(entries.get(name), Mapping)), entries)
    state = {str(name): one for name, one in inner.items() if isinstance(one, Tensor)}
    if not state:
        raise _refused(subject, f"holds no tensors by name: {STATE_DICT}")
    return state


def _refused(subject: str, wrong: str, instead: str | None = None) -> ConfigurationError:
    return ConfigurationError([Problem(subject, wrong, instead)])
