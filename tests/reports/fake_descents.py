"""Runs of a line or a polynomial on disk that numpy trained: run.json, parameters.csv and points.csv."""

from collections.abc import Sequence
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray
from PIL import Image

from experiments.reports.drawing.recorded import Recorded, read_recorded
from experiments.reports.drawing.theme import Theme
from experiments.reports.look import png
from experiments.runs.files import write_csv, write_json
from experiments.runs.run import Run

Array = NDArray[np.float64]

START = (-1.0, 1.0)


def line_points(size: int = 40, seed: int = 0) -> tuple[Array, Array]:
    """x in -1..1 and y = 3 x + 2 with noise, (N,) each."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, size)
    return x, 3 * x + 2 + generator.uniform(-0.5, 0.5, size)


def powers(x: Array, degree: int | None) -> Array:
    """Features (N, P): x and 1 of a line (None), Legendre polynomials 0..degree of a polynomial."""
    if degree is None:
        return np.stack([x, np.ones_like(x)], axis=1)
    return np.asarray(np.polynomial.legendre.legvander(x, degree))


def fake_descent(
    folder: Path,
    rate: float = 0.1,
    steps: int = 30,
    batch_size: int | str = "all",
    degree: int | None = None,
    path: Sequence[Sequence[float]] | None = None,
    **optimizer: Any,
) -> Recorded:
    """A run of gradient descent on all points, or one that went along `path`; what it says of itself is up to you."""
    folder.mkdir(parents=True)
    x, y = line_points()
    features = powers(x, degree)
    names = [f"weight.{number}" for number in range(features.shape[1])]
    rows = _descent(features, y, rate, steps, degree) if path is None else np.array(path, dtype=float)
    write_csv(folder / "parameters.csv", ["step", *names], [[n, *row] for n, row in enumerate(rows.tolist())])
    valid_x, valid_y = line_points(seed=1)
    parts = [("train", x, y), ("valid", valid_x, valid_y)]
    parts.append(("curve", np.linspace(-1, 1, 21), np.full(21, np.nan)))
    points = [
        [split, *row]
        for split, at, values in parts
        for row in np.column_stack([at, values, powers(at, degree)]).tolist()
    ]
    write_csv(folder / "points.csv", ["split", "x", "y", *names], points)
    configuration = {
        "dataset": {"batch_size": batch_size},
        "optimizer": {"_target_": "torch.optim.SGD", "lr": rate, "momentum": 0.0, "weight_decay": 0.0, **optimizer},
        "schedule": {"_target_": "experiments.training.schedules.Constant", "epochs": steps},
        "trainer": {"gradient_clip_val": None},
    }
    write_json(folder / "run.json", {"schema": 1, "status": "finished", "configuration": configuration})
    return read_recorded(Run(folder))


def _descent(features: Array, y: Array, rate: float, steps: int, degree: int | None) -> Array:
    at = np.zeros(features.shape[1]) if degree is not None else np.array(START)
    rows = [at]
    for _ in range(steps):
        at = at - rate * 2 * features.T @ (features @ at - y) / len(y)
        rows.append(at)
    return np.array(rows)


def check_picture(figure: Figure, theme: Theme) -> None:
    """It is drawn on the theme's page, with all of its texts inside, none of them upon another."""
    picture, boxes = _drawn(figure)
    with Image.open(BytesIO(picture)) as image:
        assert "#{:02X}{:02X}{:02X}".format(*image.convert("RGB").getpixel((2, 2))) == theme.page
        width, height = image.size
    outside = [name for name, box in boxes if min(box.p0) < 0 or box.x1 > width or box.y1 > height]
    upon_another = [(one, other) for (one, box), (other, there) in combinations(boxes, 2) if box.overlaps(there)]
    assert (outside, upon_another) == ([], []), f"outside: {outside}, upon another: {upon_another}"
    assert len(boxes) > 5


def _drawn(figure: Figure) -> tuple[bytes, list[tuple[str, Bbox]]]:
    """The picture, and each text with its place, noted when drawn: matplotlib keeps ticks that it does not draw."""
    places: dict[Text, Bbox] = {}  # the last: a picture is drawn once to lay it out
    draw = Text.draw

    def noted(text: Text, renderer: RendererBase) -> None:
        if text.get_visible() and text.get_text().strip():
            places[text] = text.get_window_extent(renderer)
        draw(text, renderer)

    with patch.object(Text, "draw", noted):
        picture = png(figure)
    return picture, [(text.get_text(), place) for text, place in places.items()]
