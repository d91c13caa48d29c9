"""Which pictures there are of a run and of a sweep, and their files: each light, and `_dark` for a black page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.reports.drawing.animation import animation
from experiments.reports.drawing.bridge import bridge
from experiments.reports.drawing.contours import contours
from experiments.reports.drawing.descent import is_plain_descent
from experiments.reports.drawing.page import page
from experiments.reports.drawing.parabola import parabola
from experiments.reports.drawing.recorded import Recorded, read_recorded
from experiments.reports.drawing.surface import surface
from experiments.reports.drawing.sweep_figures import Drawn, Figures, figures_of
from experiments.reports.drawing.theme import THEMES
from experiments.reports.drawing.three_rates import three_rates
from experiments.reports.look import png
from experiments.runs.files import write_bytes, write_text
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep

FOLDER = "pictures"
"""In the folder of the run or the sweep."""


def draw_run(run: Run, into: Path | None = None) -> list[Path]:
    """Draws a line's or a polynomial's run: the animation, the page, and for two parameters the loss over them.

    Args:
        run: finished, diverged or interrupted.
        into: the folder of the pictures, made if it is missing; None: `pictures/` in the run's own.

    Returns the files. Raises NothingToDraw if the run left no parameters, OSError if a file cannot be written.
    """
    recorded = read_recorded(run)
    folder = _ready(into or run.path / FOLDER)
    moving = [folder / f"fit{theme.suffix}.gif" for theme in THEMES]
    for path, theme in zip(moving, THEMES, strict=True):
        write_bytes(path, animation(recorded, theme))
    write_text(folder / "fit.html", page(recorded))
    return [*moving, folder / "fit.html", *_draw(_of_run(recorded), folder)]


def draw_sweep(sweep: Sweep, into: Path | None = None) -> list[Path]:
    """Draws what a sweep shows beyond its single runs: over rates, batch sizes, degrees or weight decays.

    `into` and what is returned and raised are those of `draw_run`; the runs themselves are not drawn.
    """
    return _draw(figures_of(sweep), _ready(into or sweep.path / FOLDER))


def draw_bridge(sweeps: Sequence[Sweep], into: Path | None = None) -> list[Path]:
    """Draws several sweeps over the learning rate below each other; `into` is in the last one's folder, if None.

    Raises NothingToDraw if one of them has no three rates to show, OSError if a file cannot be written.
    """
    for sweep in sweeps:
        three_rates(sweep)
    return _draw({"bridge": lambda theme: bridge(sweeps, theme)}, _ready(into or sweeps[-1].path / FOLDER))


def _of_run(recorded: Recorded) -> Figures:
    """The pictures that stand still: all of them need two parameters."""
    if recorded.parameters.shape[1] != 2:
        return {}
    figures: dict[str, Drawn] = {
        "surface": lambda theme: surface(recorded, theme),
        "contours": lambda theme: contours([recorded], theme),
    }
    if is_plain_descent(recorded):
        figures["parabola"] = lambda theme: parabola([recorded], theme)
    return figures


def _ready(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _draw(figures: Figures, folder: Path) -> list[Path]:
    """Each figure light and dark."""
    made = []
    for name, drawn in figures.items():
        for theme in THEMES:
            path = folder / f"{name}{theme.suffix}.png"
            write_bytes(path, png(drawn(theme)))
            made.append(path)
    return made
