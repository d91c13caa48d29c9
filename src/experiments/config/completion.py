"""Tab completion behind the verb.

Hydra completes overrides of an application without verbs: it is handed the line with the verb taken out.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from experiments.config.composition import PRIMARY, Composer

HYDRA_VERBS = ("fit",)


def complete(words: Sequence[str], verbs: Sequence[str]) -> None:
    """Answer `experiments -sc install=SHELL`, `uninstall=SHELL` or a shell's own `query=SHELL`.

    Raises:
        ValueError: another word, or a shell that Hydra does not know.
    """
    from hydra._internal.hydra import Hydra

    query = any(word.startswith("query=") for word in words)
    if query and not _take_verb_out(verbs):
        return
    hydra = Hydra(task_name=PRIMARY, config_loader=Composer().loader)
    hydra.shell_completion(config_name=PRIMARY, overrides=list(words))


def _take_verb_out(verbs: Sequence[str]) -> bool:
    """Rewrite COMP_LINE and COMP_POINT as if there were no verb; without one yet, print the verbs and answer False."""
    line = os.environ.get("COMP_LINE", "")
    program, _, rest = line.partition(" ")
    verb, space, overrides = rest.lstrip().partition(" ")
    if not space:
        print(" ".join(verbs))
        return False
    if verb in ("explain",):
        from experiments.config.lab_notes import ORDER, notes
        from experiments.config.schema import known_keys

        print(" ".join([*known_keys(), *ORDER, *(note.name for note in notes())]))
        return False
    if verb not in HYDRA_VERBS:
        return False
    shorter = f"{program} {overrides}"
    os.environ["COMP_LINE"] = shorter
    os.environ["COMP_POINT"] = str(int(os.environ.get("COMP_POINT") or len(line)) - (len(line) - len(shorter)))
    return True
