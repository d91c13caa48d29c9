"""Where a run comes from, as its run.json says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.config.composition import Composer
    from experiments.config.examination import Examined
    from experiments.training.run_record import Origin


def origin_of(composer: Composer, examined: Examined, parent: str | None = None, reason: str | None = None) -> Origin:
    """The origin of a run that was asked for on the command line; `parent` is the run whose advice it follows."""
    from experiments.training.run_record import Origin, command_line

    return Origin(
        command_line(),
        tuple(examined.overrides),
        tuple(examined.variation),
        str(composer.config_dir) if composer.config_dir else None,
        parent,
        reason,
    )
