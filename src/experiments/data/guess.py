"""What guessing scores: the mark that any trained model must beat."""

import math

from experiments.data.pool import Pool


def guess(pool: Pool, train: list[int]) -> dict[str, float]:
    """Loss and error of a model that knows only the classes (LESSON.md, 2), or only the training mean.

    Returns:
        For classification `valid_loss` ln(classes), in nats, and `error_rate` 1 - 1 / classes; for regression
        `valid_loss`, the (population) variance of the training targets, and `rmse`, its root.
    """
    if pool.classes:
        return {"valid_loss": math.log(len(pool.classes)), "error_rate": 1 - 1 / len(pool.classes)}
    variance = float(pool.targets[train].double().var(dim=0, correction=0).mean())
    return {"valid_loss": variance, "rmse": math.sqrt(variance)}
