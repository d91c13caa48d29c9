"""What tells a grizzly from a black bear, and what does not: their colours overlap."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from experiments.curation.drawing_bears.brush import Coat
from experiments.curation.drawing_bears.colours import Colour, between, mix, shade, varied

GRIZZLY: list[tuple[Colour, Colour]] = [
    ((126, 92, 60), (98, 70, 48)),  # brown
    ((162, 124, 82), (130, 96, 62)),  # blond
    ((132, 116, 98), (104, 88, 72)),  # grizzled
    ((70, 52, 40), (54, 42, 36)),  # dark
]
BLACK: list[tuple[Colour, Colour]] = [
    ((28, 26, 28), (18, 17, 19)),  # black
    ((58, 46, 40), (44, 36, 34)),  # dark brown
    ((112, 70, 44), (82, 52, 36)),  # cinnamon
]


@dataclass(frozen=True)
class Bear:
    """A wild bear.

    Attributes:
        coat: of the body.
        far: of the legs on the far side.
        face: of the head.
        muzzle: around the nose.
        hump: height of the shoulder over the line of the back.
        dish: how far the profile of the face is hollow.
        ears: radius of an ear, where the head's is 1.
        broad: width of the face, where 1 is neither.
        claws: their length, and their colour.
    """

    coat: Coat
    far: Coat
    face: Coat
    muzzle: Coat
    hump: float
    dish: float
    ears: float
    broad: float
    claws: tuple[float, Colour]


def some_grizzly(random: Random, scale: float) -> Bear:
    """Brown to blond or grizzled, with a hump, a dished face, small ears and long claws."""
    colour = between(random, *random.choices(GRIZZLY, (60, 29, 9, 2))[0])
    muzzle = mix(colour, (206, 178, 140), random.uniform(0.1, 0.45))
    claws = random.uniform(0.09, 0.13), varied(random, (214, 200, 170))
    return _bear(
        random, scale, colour, muzzle, hump=random.uniform(0.15, 0.27), dish=random.uniform(0.07, 0.13),
        ears=random.uniform(0.22, 0.28), broad=random.uniform(1.0, 1.12), claws=claws,
    )  # fmt: skip


def some_black_bear(random: Random, scale: float) -> Bear:
    """Black to cinnamon, without a hump; a straight, tan muzzle and large ears."""
    colour = between(random, *random.choices(BLACK, (94, 3, 3))[0])
    muzzle = mix(colour, varied(random, (178, 130, 84)), random.uniform(0.5, 0.95))
    claws = random.uniform(0.03, 0.05), (52, 46, 42)
    return _bear(
        random, scale, colour, muzzle, hump=random.uniform(-0.05, 0.02), dish=random.uniform(-0.02, 0.02),
        ears=random.uniform(0.29, 0.37), broad=random.uniform(0.86, 0.97), claws=claws,
    )  # fmt: skip


def _bear(
    random: Random, scale: float, colour: Colour, muzzle: Colour, *, hump: float, dish: float, ears: float,
    broad: float, claws: tuple[float, Colour],
) -> Bear:  # fmt: skip
    rough = random.uniform(0.014, 0.03) * scale
    contrast = random.uniform(0.25, 0.6)
    gloss = random.uniform(0.25, 0.5)
    return Bear(
        coat=Coat(colour, rough, contrast, random.choice([5, 0, 1]), gloss),
        far=Coat(shade(colour, 0.6), rough, contrast, 0, gloss * 0.5),
        face=Coat(mix(colour, muzzle, random.uniform(0, 0.18)), rough * 0.8, contrast * 0.8, 0, gloss),
        muzzle=Coat(muzzle, rough * 0.5, contrast * 0.4, None, 0.2),
        hump=hump,
        dish=dish,
        ears=ears,
        broad=broad,
        claws=claws,
    )
