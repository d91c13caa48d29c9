"""`experiments data`: build, check and look at a folder of pictures."""

from __future__ import annotations

import importlib
import sys

from experiments.verbs.codes import DONE, FAILED, REFUSED


def data(words: list[str]) -> int:
    """The verb; its subverbs are functions of the same name in `verbs/data_SUBVERB.py`."""
    from experiments.config.data_arguments import HELP, SUBVERBS, parse_data
    from experiments.config.problems import ConfigurationError, Problem, nearest
    from experiments.data.errors import DataError

    word = words[0] if words else "--help"
    if word in ("-h", "--help", "help"):
        print(HELP)
        return DONE
    if word not in SUBVERBS:
        better = nearest(word, SUBVERBS)
        wrong = f"there is no {word}; there are: {', '.join(SUBVERBS)}"
        instead = f"experiments data {better or '--help'}"
        raise ConfigurationError([Problem(f"experiments data {word}", wrong, instead)])
    arguments = parse_data(word, words[1:])
    if arguments is None:
        return DONE
    try:
        code: int = getattr(importlib.import_module(f"experiments.verbs.data_{word}"), word)(**arguments)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return REFUSED
    except BrokenPipeError:  # whoever read our output has had enough; that is no failure
        raise
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}" if error.filename else f"error: {error}", file=sys.stderr)
        return FAILED
    return code
