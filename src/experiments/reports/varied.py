"""What the jobs of a sweep differ in."""

from experiments.runs.sweep import Sweep

SEED = "seed"
"""Varied to see how much is chance, not to see what it does."""


def varied_keys(sweep: Sweep) -> set[str]:
    """The swept keys with more than one value, `seed` left out."""
    swept = [job["swept"] for job in sweep.jobs]
    return {key for key in set().union(*swept) - {SEED} if len({one.get(key) for one in swept}) > 1}
