"""The source `digits`: real handwritten digits that need no download."""

import functools
from dataclasses import dataclass
from hashlib import sha256

import torch

from experiments.data.pool import Pool, sample_order

# Of all 1,797 x 64 pixels after division by 16. Constants, so that a model does not depend on its split.
MEAN, STD = 0.3053, 0.3760


@dataclass(frozen=True)
class Digits:
    """1,797 digits of 43 writers, 1 x 8 x 8, float 0 to 1: scikit-learn's copy of the UCI test set.

    Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI repository, 1998.
    """

    def load(self) -> Pool:
        """All digits; `digits/0007` is the eighth of scikit-learn's order."""
        return _load()


@functools.cache
def _load() -> Pool:
    # Once in a process: parsing the text file and hashing cost as much as a training epoch does.
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pixels = bunch.images.astype("uint8")
    labels = [str(target) for target in bunch.target]
    paths = [f"digits/{number:04d}" for number in range(len(pixels))]
    contents = [sha256(picture.tobytes()).hexdigest() for picture in pixels]
    order = sample_order(labels, contents, paths)
    return Pool(
        inputs=torch.from_numpy(pixels[order]).unsqueeze(1) / 16,
        targets=torch.from_numpy(bunch.target[order]).long(),
        paths=[paths[row] for row in order],
        sha256=[contents[row] for row in order],
        classes=[str(digit) for digit in range(10)],
        splits=None,
        input_shape=(1, 8, 8),
        mean=[MEAN],
        std=[STD],
        resize="none: grey 8 x 8, ink 0 to 16 divided by 16",
    )
