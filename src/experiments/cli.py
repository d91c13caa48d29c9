"""The command line: which verb, and what its exceptions mean; what is heavy is imported inside."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from experiments.verbs.codes import DONE, FAILED, INTERRUPTED, REFUSED

VERBS = {
    "fit": "train one configuration, or with -m or sweep=NAME a sweep of them",
    "lr-find": "the learning-rate range test: which rate to begin with",
    "diagnose": "what went wrong, the evidence, and the next command",
    "data": "download, verify, show a folder of pictures, and find duplicates in it",
    "report": "the runs of a sweep compared: table and report.html",
    "draw": "pictures of a fit: an animation, a page with a slider, the loss surface",
    "tour": "the whole lesson as real commands with their pictures, in some minutes",
    "cache": "what is kept for later runs, and how to clear it",
    "list": "what ships: recipes, experiments, sweeps, data sets, models",
    "explain": "what a key, an experiment, a sweep, a symptom or any other option means",
}

HELP = """\
usage: experiments VERB ...

Train an image classifier, see what went wrong and what to try next.

{verbs}

  experiments VERB --help             more on a verb
  experiments fit                     train on handwritten digits: a few seconds
  eval "$(experiments -sc install=bash)"   tab completion"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script; returns the exit code."""
    import logging

    logging.raiseExceptions = False  # a full disk must not fill the terminal with what the log could not take
    words = list(sys.argv[1:] if arguments is None else arguments)
    verbs: dict[str, Callable[[list[str]], int]] = {
        "fit": _verb("fit"),
        "lr-find": _verb("lr_find"),
        "diagnose": _verb("diagnose"),
        "data": _verb("data"),
        "report": _verb("report"),
        "draw": _verb("draw"),
        "tour": _tour,
        "cache": _verb("cache"),
        "list": _list,
        "explain": _explain,
        "-sc": _complete,
        "--shell-completion": _complete,
        "--version": _version,
        "--help": _help,
        "-h": _help,
        "help": _help,
    }
    word = words[0] if words else "help"
    verb = verbs.get(word)
    return _guarded(verb, words[1:], trains=word in ("fit", "lr-find")) if verb else _refuse_verb(word)


def _verb(name: str) -> Callable[[list[str]], int]:
    """The function of this name in the module of this name, imported when it is called."""

    def run(words: list[str]) -> int:
        code: int = getattr(import_module(f"experiments.verbs.{name}"), name)(words)
        return code

    return run


def _guarded(verb: Callable[[list[str]], int], words: list[str], *, trains: bool) -> int:
    """Run a verb; a user's mistake becomes one message and exit 2, Ctrl-C exit 130."""
    from experiments.config.problems import ConfigurationError, render

    try:
        code = verb(words)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except ConfigurationError as error:
        print(error if trains else render(error.problems, outcome=""), file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough; without this Python complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    """What no rule foresaw, in one line; the traceback for whoever asks for it."""
    from experiments.data.errors import DataError

    if isinstance(error, DataError):
        print(f"error: the data cannot be trained on, nothing was trained\n\n  {error}", file=sys.stderr)
        return REFUSED
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        raise error
    print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
    print("HYDRA_FULL_ERROR=1 shows where it comes from", file=sys.stderr)
    return FAILED


def _help(words: list[str]) -> int:
    del words
    print(HELP.format(verbs="\n".join(f"  {verb:<10}{text}" for verb, text in VERBS.items())))
    return DONE


def _version(words: list[str]) -> int:
    del words
    from importlib.metadata import version

    print(version("experiments"))
    return DONE


def _refuse_verb(word: str) -> int:
    from experiments.config.problems import Problem, nearest

    better = nearest(word, VERBS)
    wrong = f"there is no verb {word}; there are: {', '.join(VERBS)}"
    if "=" in word:
        better = f"fit {word}"
    problem = Problem(f"experiments {word}", wrong, f"experiments {better}" if better else "experiments --help")
    print(f"error: {problem}", file=sys.stderr)
    return REFUSED


def _tour(words: list[str]) -> int:
    from experiments.verbs.tour import tour

    return tour(words, main)


def _list(words: list[str]) -> int:
    from experiments.config.arguments import parse_reading
    from experiments.config.lab_notes import listing

    arguments = parse_reading("list", words)
    if arguments is not None:
        print(listing(arguments.config_dir, arguments.name))
    return DONE


def _explain(words: list[str]) -> int:
    from experiments.config.arguments import parse_reading
    from experiments.config.lab_notes import explanation
    from experiments.diagnosis.symptoms import SYMPTOMS

    arguments = parse_reading("explain", words)
    if arguments is not None:
        print(explanation(arguments.name, arguments.config_dir, SYMPTOMS))
    return DONE


def _explainable() -> list[str]:
    from experiments.config.lab_notes import ORDER, notes
    from experiments.config.schema import known_keys
    from experiments.diagnosis.symptoms import SYMPTOMS

    return list(dict.fromkeys([*known_keys(), *ORDER, *(note.name for note in notes()), *SYMPTOMS]))


def _diagnosable() -> list[str]:
    from experiments.config.diagnose_arguments import diagnose_parser

    return [*_made_here(), *diagnose_parser().flags()]


def _drawable() -> list[str]:
    from experiments.config.draw_arguments import draw_parser

    return [*_made_here(), *draw_parser().flags()]


def _reportable() -> list[str]:
    from experiments.config.report_arguments import report_parser

    sweeps = [place for place in _made_here() if (Path(place) / "sweep.json").is_file()]
    return [*sweeps, *report_parser().flags()]


def _data_words() -> list[str]:
    from experiments.config.data_arguments import SUBVERBS, data_parser

    flags = [flag for subverb in SUBVERBS for flag in data_parser(subverb).flags()]
    return [*SUBVERBS, *dict.fromkeys(flags)]


def _tour_flags() -> list[str]:
    from experiments.config.tour_arguments import tour_parser

    return tour_parser().flags()


def _cache_words() -> list[str]:
    from experiments.config.cache_arguments import cache_parser
    from experiments.data.cache_contents import kinds

    return [*cache_parser().flags(), *kinds()]


def _made_here() -> list[str]:
    from experiments.runs.newest import runs_and_sweeps

    return list(map(str, runs_and_sweeps(Path())))


def _complete(words: list[str]) -> int:
    from experiments.config.completion import complete

    words_of = {
        "explain": _explainable,
        "diagnose": _diagnosable,
        "draw": _drawable,
        "report": _reportable,
        "tour": _tour_flags,
        "data": _data_words,
        "cache": _cache_words,
    }
    try:
        complete(words, list(VERBS), words_of)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return REFUSED
    return DONE


if __name__ == "__main__":
    sys.exit(main())
