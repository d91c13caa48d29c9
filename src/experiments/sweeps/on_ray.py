"""Jobs as tasks of a Ray cluster that is there already, or of one on this machine alone."""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from experiments.config.problems import ConfigurationError, Problem
from experiments.sweeps.cluster import Lost
from experiments.sweeps.errand import Errand
from experiments.sweeps.worker_life import Interrupted, Raised
from experiments.sweeps.workforce import Outcome

KNOCK_SECONDS = 10.0


@contextmanager
def connected(init: Mapping[str, Any]) -> Iterator[None]:
    """While the block runs, this process belongs to the cluster; Ray's messages and those of its workers stay there.

    Args:
        init: keywords of `ray.init`; null ones are left to it.

    Raises:
        ConfigurationError: there is no such cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster of our own would report to its makers
    import ray

    given = {name: value for name, value in init.items() if value is not None}
    address = given.get("address")
    try:
        _knock(os.environ.get("RAY_ADDRESS", "") if address in (None, "auto") else str(address))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(**given, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        wrong = f"Ray is not to be had: {str(error).strip().splitlines()[0]}"
        instead = "ray start --head, or hydra.launcher.ray.init.address=local"
        raise ConfigurationError([Problem(f"hydra.launcher.ray.init.address={address}", wrong, instead)]) from None
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Whether anybody answers there; Ray itself would wait for a minute and end this process.

    Raises:
        OSError: nobody does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=KNOCK_SECONDS).close()


def do(errand: Errand) -> Outcome:
    """What a worker of Ray's does."""
    return errand.do()


class OnRay:
    """The cluster that this process is connected to.

    Args:
        remote: keywords of `ray.remote`, what each job needs; null ones are left to it.
    """

    def __init__(self, remote: Mapping[str, Any]) -> None:
        import ray

        given = {name: value for name, value in remote.items() if value is not None}
        # What dies is recorded, and goes on when it is told to.
        self._do = ray.remote(max_retries=0, **given)(do)

    def submit(self, errands: Sequence[Errand]) -> Sequence[Any]:
        """Each a task of Ray's."""
        return [self._do.remote(errand) for errand in errands]

    def over(self, tickets: Collection[Any]) -> Mapping[Any, Outcome]:
        """Those that have answered, and those whose worker is gone."""
        import ray

        ready, _ = ray.wait(list(tickets), num_returns=len(tickets), timeout=0)
        return {ticket: _answer(ticket) for ticket in ready}

    def drop_waiting(self, tickets: Collection[Any]) -> None:
        """Ray does not say which task has begun: none that waits is submitted where it may come to this."""

    def interrupt(self, tickets: Collection[Any]) -> None:
        """As Ctrl-C."""
        self._cancel(tickets, force=False)

    def kill(self, tickets: Collection[Any]) -> None:
        """With the worker that does it."""
        self._cancel(tickets, force=True)

    def _cancel(self, tickets: Collection[Any], *, force: bool) -> None:
        import ray

        for ticket in tickets:
            ray.cancel(ticket, force=force)


def room_for(remote: Mapping[str, Any]) -> int:
    """So many jobs the cluster can do at once by now; at least one."""
    import ray

    there: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    needs = {"CPU": remote.get("num_cpus"), "GPU": remote.get("num_gpus")}
    return max(1, min((int(there.get(kind, 0) // count) for kind, count in needs.items() if count), default=1))


def _answer(ticket: Any) -> Outcome:
    import ray
    from ray.exceptions import TaskCancelledError

    try:
        outcome: Outcome = ray.get(ticket)
        return outcome
    except TaskCancelledError:
        return Interrupted()
    except Exception as error:  # whatever became of its worker, or of what it had to import
        return Raised(Lost(f"Ray says {type(error).__name__}: {str(error).strip().splitlines()[0]}"))
