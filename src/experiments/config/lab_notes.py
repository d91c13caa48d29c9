"""What the YAML files and the schema say about themselves: for `list` and `explain`, without importing Hydra."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.config.keys import keys_of
from experiments.config.locations import configuration_folder
from experiments.config.problems import ConfigurationError, Problem, listed, nearest
from experiments.config.schema import BASES, GROUPS, SCHEMAS, known_keys

LAUNCHER = "hydra/launcher"

ORDER = (*BASES, *GROUPS, LAUNCHER)


@dataclass(frozen=True)
class LabNote:
    """The comment at the head of an option's file, and what the file then sets."""

    group: str
    name: str
    note: list[str]
    content: list[str]

    @property
    def purpose(self) -> str:
        """The note's first sentence, on one line."""
        sentence = re.match(r".*?[.?](?=\s|$)", " ".join(self.note))
        return sentence[0].rstrip(".") if sentence else ""

    @property
    def target(self) -> str | None:
        """What the option builds."""
        return self.value_of("_target_")

    def value_of(self, key: str) -> str | None:
        """What the file gives a key, as it is written there."""
        lines = [line.partition(":") for line in self.content if line.partition(":")[0] == key]
        return lines[0][2].partition("#")[0].strip() if lines else None


def read_note(path: Path, group: str | None = None) -> LabNote:
    """The lab note of one YAML file; its group is its folder's name, unless it is given."""
    lines = path.read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not line.startswith("# @package")]
    end = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    note = [line.removeprefix("#").removeprefix(" ") for line in lines[:end]]
    return LabNote(group or path.parent.name, path.stem, note, lines[end:])


def notes(config_dir: Path | None = None) -> Iterator[LabNote]:
    """All options of all groups, ours and those of a `--config-dir`, in the order of composition."""
    for group in ORDER:
        found: dict[str, Path] = {}
        for folder in (configuration_folder(), config_dir):
            if folder is not None:
                found |= {path.stem: path for path in sorted((folder / group).glob("*.yaml"))}
        yield from (read_note(path, group) for path in found.values())


def options() -> dict[str, list[str]]:
    """The names in each group."""
    return {group: [n.name for n in notes() if n.group == group] for group in ORDER}


def listing(config_dir: Path | None = None, only: str = "") -> str:
    """What `experiments list` prints: each option, or those of one group, with its one-line purpose.

    Raises:
        ConfigurationError: there is no such group.
    """
    if only and only not in ORDER:
        better = nearest(only, ORDER)
        wrong = f"there is no group of this name; there are: {listed(ORDER)}"
        named = any(n.name == only for n in notes(config_dir))
        instead = (
            f"experiments list {better}" if better else f"experiments explain {only}" if named else "experiments list"
        )
        raise ConfigurationError([Problem(only, wrong, instead)])
    found = [n for n in notes(config_dir) if only in ("", n.group)]
    width = max(len(n.name) for n in found) + 2
    blocks = []
    for group in ORDER:
        rows = [f"  {n.name:<{width}}{n.purpose}" for n in found if n.group == group]
        if rows:
            blocks.append("\n".join([f"{group}=", *rows]))
    return "\n\n".join(blocks)


def explanation(name: str, config_dir: Path | None = None, symptoms: Mapping[str, str] | None = None) -> str:
    """What `experiments explain NAME` prints for an option (`good`, `model=linear`), a key (`optimizer.lr`) or one of
    the `symptoms`, given with their text.

    Raises:
        ConfigurationError: there is nothing of that name.
    """
    group, _, option = name.partition("=")
    found = list(notes(config_dir))
    wanted = [n for n in found if (n.group == group and n.name == option) or (not option and n.name == name)]
    blocks = [_explain_note(n) for n in wanted]
    keys = known_keys()
    if name in keys:
        blocks.append(_explain_key(name, found))
    elif name in ORDER:
        blocks.append(
            "\n".join([f"{name} is one of:", *(f"  {n.name:<24}{n.purpose}" for n in found if n.group == name)])
        )
    if symptoms and name in symptoms:
        blocks.append("\n".join([f"{name}, a diagnosis", *(f"  {line}" for line in symptoms[name].splitlines())]))
    if blocks:
        return "\n\n".join(blocks)
    names = [*keys, *ORDER, *(n.name for n in found), *(symptoms or ())]
    better = nearest(name, names)
    wrong = "there is no key, group, option or symptom of this name"
    raise ConfigurationError([Problem(name, wrong, f"experiments {f'explain {better}' if better else 'list'}")])


def _explain_note(note: LabNote) -> str:
    indented = [f"  {line}".rstrip() for line in (*note.note, "", *note.content)]
    return "\n".join([f"{note.group}={note.name}", *indented]).rstrip()


def _explain_key(name: str, found: list[LabNote]) -> str:
    key = known_keys()[name]
    group, _, last = name.partition(".")
    having = {target for target, schema in SCHEMAS.get(group, {}).items() if last in keys_of(schema)}
    those = [n for n in found if n.group == group and n.target in having]
    lines = [name, f"  {key.meaning}", f"  allowed: {key.allowed}"]
    lines += [f"  {group}={n.name}: {n.value_of(last)}" for n in those]
    if key.hint:
        needed = f"{group}={those[0].name} " if len(having) < len(SCHEMAS.get(group, {})) else ""
        lines.append(f"  for example: experiments fit {needed}{name}={key.hint}")
    return "\n".join(lines)
