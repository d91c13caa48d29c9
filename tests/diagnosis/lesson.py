"""The published tables of the lesson: training loss, validation loss and error rate of each epoch."""

from dataclasses import dataclass

Row = tuple[float, float, float]


@dataclass(frozen=True)
class Published:
    """A table, the size of its validation set, and what is wrong with the training."""

    rows: tuple[Row, ...]
    valid_size: int
    verdict: str


GOOD_111 = (
    (0.957604, 0.199212, 0.045045),
    (0.556265, 0.093994, 0.036036),
    (0.376028, 0.082099, 0.036036),
    (0.273781, 0.076548, 0.027027),
)
UNFROZEN_111 = ((0.046916, 0.072489, 0.027027), (0.041749, 0.070343, 0.027027))
GOOD_141 = (
    (0.710584, 0.087024, 0.021277),
    (0.414239, 0.045413, 0.014184),
    (0.306174, 0.035602, 0.014184),
    (0.239355, 0.035230, 0.021277),
)
HIGH = ((12.220007, 1144188288.0, 0.765957),)
LOW = (
    (1.349151, 1.062807, 0.609929),
    (1.373262, 1.045115, 0.546099),
    (1.346169, 1.006288, 0.468085),
    (1.334486, 0.978713, 0.453901),
    (1.320978, 0.978108, 0.446809),
)
FEW = ((0.602823, 0.119616, 0.049645),)
WRONG_OF_546 = [
    277, 242, 224, 176, 138, 105, 101, 97, 79, 68, 55, 52, 46, 46, 37, 43, 44, 45, 44, 44,
    44, 39, 38, 35, 38, 35, 37, 40, 39, 41, 38, 34, 36, 40, 40, 42, 41, 34, 36, 34,
]  # fmt: skip
PUBLISHED_VALID_LOSSES = {1: 1.0416, 15: 0.2273, 19: 0.2635, 40: 0.2060}
PUBLISHED_LAST_TRAIN_LOSS = 0.162692


def between(points: dict[int, float], epoch: int) -> float:
    """On the straight line between the published epochs on either side."""
    if epoch in points:
        return points[epoch]
    before, after = max(e for e in points if e < epoch), min(e for e in points if e > epoch)
    share = (epoch - before) / (after - before)
    return points[before] + share * (points[after] - points[before])


def falling_to(last: float, first: float, epochs: int) -> list[float]:
    """By the same factor every epoch."""
    return [first * (last / first) ** (epoch / (epochs - 1)) for epoch in range(epochs)]


FORTY = tuple(
    (round(train, 6), round(between(PUBLISHED_VALID_LOSSES, epoch), 6), round(wrong / 546, 6))
    for epoch, (train, wrong) in enumerate(
        zip(falling_to(PUBLISHED_LAST_TRAIN_LOSS, 1.3, 40), WRONG_OF_546, strict=True), start=1
    )
)

PUBLISHED = {
    "good_111": Published(GOOD_111, 111, "healthy"),
    "unfrozen_111": Published(UNFROZEN_111, 111, "healthy"),
    "good_141": Published(GOOD_141, 141, "healthy"),
    "high": Published(HIGH, 141, "learning_rate_too_high"),
    "low": Published(LOW, 141, "learning_rate_too_low"),
    "few": Published(FEW, 141, "too_few_epochs"),
    "forty": Published(FORTY, 546, "healthy"),
}
