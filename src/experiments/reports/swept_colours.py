"""The colours of many runs: along a scale if one number is swept, else one by one with a legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.reports.look import LINE_STYLES, PALETTE, TEXT_SIZE
from experiments.reports.varied import SEED
from experiments.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

TICKS_AT_MOST = 15
NAMED_AT_MOST = 36
NAME_LETTERS = 40


@dataclass(frozen=True)
class SweptColours:
    """How each run is drawn (keywords of `Axes.plot`, a run each), and what explains it to the reader."""

    styles: list[dict[str, Any]]
    key: str = ""
    scale: ScalarMappable | None = None
    values: Sequence[float] = ()

    def explain(self, figure: Figure, panels: Any) -> None:
        """Adds the colour bar, or the legend."""
        if self.scale is not None:
            bar = figure.colorbar(self.scale, ax=list(panels), pad=0.02)
            bar.set_label(self.key, fontsize=TEXT_SIZE)
            bar.ax.tick_params(labelsize=TEXT_SIZE - 1)
            shown = range(0, len(self.values), 1 + (len(self.values) - 1) // TICKS_AT_MOST)
            bar.set_ticks(list(shown), labels=[f"{self.values[place]:g}" for place in shown])
            return
        if len(self.styles) > NAMED_AT_MOST:  # a key of more names than anybody reads: runs.csv has them
            return
        figure.legend(
            handles=[line for line in panels[0].lines if not line.get_label().startswith("_")],
            loc="outside right upper",
            frameon=False,
            fontsize=TEXT_SIZE - 1,
            ncols=1 + (len(self.styles) - 1) // 18,
        )


def swept_colours(runs: Sequence[Run], jobs: Sequence[Mapping[str, Any]]) -> SweptColours:
    """Along a sequential map if the jobs sweep a single number, seeds aside, else the palette, then line styles."""
    by_name = {Path(job["folder"]).name: job["swept"] for job in jobs}
    swept = [by_name.get(run.name, {}) for run in runs]
    keys = {key for values in swept for key in values}
    keys = keys - {SEED} or keys
    numbers = _numbers([values.get(next(iter(keys))) for values in swept]) if len(keys) == 1 else None
    if numbers is None or min(numbers) == max(numbers):
        return SweptColours([_by_turns(number, run.name) for number, run in enumerate(runs)])
    import numpy as np

    scale, values = _scale(numbers), sorted(set(numbers))
    places = np.array([values.index(number) for number in numbers], dtype=float)
    return SweptColours([{"color": colour} for colour in scale.to_rgba(places)], keys.pop(), scale, values)


def _scale(numbers: Sequence[float]) -> ScalarMappable:
    """Evenly from value to value: rates of 0.9 and 1.05 may be all the difference there is."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    # Viridis without its last tenth: that yellow is hard to see on white.
    colours = ListedColormap(colormaps["viridis"]([step / 255 * 0.9 for step in range(256)]))
    return ScalarMappable(Normalize(0, len(set(numbers)) - 1), colours)


def _by_turns(number: int, name: str) -> dict[str, Any]:
    label = name if len(name) <= NAME_LETTERS else name[: NAME_LETTERS - 3] + "..."
    style = LINE_STYLES[number // len(PALETTE) % len(LINE_STYLES)]
    return {"color": PALETTE[number % len(PALETTE)], "linestyle": style, "label": label.lstrip("_")}


def _numbers(texts: Sequence[str | None]) -> list[float] | None:
    try:
        return [float(text or "") for text in texts]
    except ValueError:
        return None
