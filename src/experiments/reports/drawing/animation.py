"""An animated GIF of a fit: the line moves to its place among the points while the loss falls beside it."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

from experiments.reports.drawing.motion import Motion, motion_of, slowly_at_first
from experiments.reports.drawing.recorded import Recorded
from experiments.reports.drawing.stage import stage_of
from experiments.reports.drawing.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

FRAMES = 40
FRAMES_OUT_OF_SIGHT = 7
MOTION = 4500  # milliseconds, as far as the frames do not get too fast or too slow for the eye
FASTEST, SLOWEST = 90, 280  # milliseconds a frame
FIRST, LAST = 900, 2800  # milliseconds
COLOURS = 96
ALIKE = 12  # colours no further apart: one of them would do


def animation(recorded: Recorded, theme: Theme) -> bytes:
    """The bytes of a GIF, 744 pixels wide, that loops for ever: about 40 frames, most of them of the first steps."""
    motion = motion_of(recorded)
    frames = stage_of(recorded, motion, theme).frames(_steps(motion))
    return _gif(frames, theme)


def _steps(motion: Motion) -> list[int]:
    """Those with a frame: few of them once there is nothing left to see."""
    leaves = motion.out_of_sight
    if leaves is None:
        return slowly_at_first(motion.last, FRAMES)
    unseen = motion.last - leaves
    rest = min(FRAMES_OUT_OF_SIGHT, unseen)
    return slowly_at_first(leaves, FRAMES - rest) + [leaves + unseen * (n + 1) // rest for n in range(rest)]


def _gif(frames: Sequence[Image], theme: Theme) -> bytes:
    """One palette and no dithering, so that what does not move stays the same pixels and costs nothing."""
    from PIL.Image import Dither

    palette = _palette(frames, theme)
    first, *others = [frame.quantize(palette=palette, dither=Dither.NONE) for frame in frames]
    between = min(max(MOTION // len(frames), FASTEST), SLOWEST)
    durations = [FIRST, *[between] * (len(frames) - 2), LAST]
    buffer = io.BytesIO()
    first.save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=others,
        duration=durations[: len(frames)],
        loop=0,
        optimize=True,
    )
    return buffer.getvalue()


def _palette(frames: Sequence[Image], theme: Theme) -> Image:
    """The theme's own colours to the bit, and between them those of the first, a middle and the last frame."""
    from PIL import Image, ImageColor
    from PIL.Image import Quantize

    width, height = frames[0].size
    together = Image.new("RGB", (width, 3 * height))
    for row, frame in enumerate((frames[0], frames[len(frames) // 2], frames[-1])):
        together.paste(frame, (0, row * height))
    found = together.quantize(COLOURS, method=Quantize.MEDIANCUT).getpalette() or []
    named = (theme.page, theme.ink, theme.faint, theme.grid, theme.fit, theme.other, theme.points)
    own = [ImageColor.getrgb(colour)[:3] for colour in named]
    mixed = zip(found[::3], found[1::3], found[2::3], strict=True)
    blends = [mix for mix in mixed if all(math.dist(mix, colour) > ALIKE for colour in own)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([channel for colour in (*own, *blends) for channel in colour])
    return palette
