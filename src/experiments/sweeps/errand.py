"""A task that is done somewhere else: what it takes along, and what happens there."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from experiments.sweeps.supervision import Crew
from experiments.sweeps.worker_life import Surroundings
from experiments.sweeps.workforce import Outcome, Work

PREFIX = "EXPERIMENTS_"
NOT_SLURMS_OWN = "SLURM_NTASKS"
"""Where it is set, Lightning requeues and restores jobs of Slurm's itself; we do."""


def _our_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}


@dataclass(frozen=True)
class Errand:
    """A task, to be done in the same folder and with the same modules, but with the other machine's own variables.

    Attributes:
        content: function and task, pickled: what they need can only be imported once `do` is there.
        seconds: that it may take, from its beginning; None: for ever.
        home: where it was sent from.
        variables: of this project's own.
    """

    content: bytes
    seconds: float | None
    home: Surroundings = field(default_factory=lambda: Surroundings(variables={}))
    variables: Mapping[str, str] = field(default_factory=_our_variables)

    @classmethod
    def of(cls, function: Callable[[Any], Any], task: object, seconds: float | None) -> Self:
        """The function importable by its name."""
        return cls(pickle.dumps((function, task)), seconds)

    def do(self) -> Outcome:
        """What came of the task, done by a worker: a crash of it, its end by the system, its timeout come back too.

        Raises:
            KeyboardInterrupt, SystemExit: it was interrupted, and has written what it had.
        """
        os.chdir(self.home.folder)
        sys.path += [path for path in self.home.search_path if path not in sys.path]
        os.environ.update(self.variables)
        os.environ.pop(NOT_SLURMS_OWN, None)
        function, task = pickle.loads(self.content)
        outcomes: list[Outcome] = []
        with Crew() as crew:
            crew.run([task], Work(function, lambda _, outcome: outcomes.append(outcome), limit=lambda _: self.seconds))
        return outcomes[0]
