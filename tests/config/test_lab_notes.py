"""Every YAML file in conf/ is a lab note that is true: its keys are its schema's, its commands compose."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from answers import Typed

from experiments.config.keys import keys_of
from experiments.config.lab_notes import read_note
from experiments.config.locations import configuration_folder
from experiments.config.schema import BASES, GROUPS, SCHEMAS, known_keys

CONF = configuration_folder()
FILES = sorted(CONF.rglob("*.yaml"))
NAMES = [str(path.relative_to(CONF)) for path in FILES]
OPTIONS = [path for path in FILES if path.parent.name in GROUPS]


def commands(path: Path) -> list[str]:
    """The command lines of a lab note, with and without what is optional, without the prose after two spaces."""
    lines = [line.lstrip("# ").rstrip() for line in path.read_text().splitlines() if line.startswith("#")]
    found = [re.split(r"\s{2,}", line)[0] for line in lines if line.startswith("experiments ")]
    both = [re.sub(r" \[(.*?)\]", form, command) for command in found if "..." not in command for form in (r" \1", "")]
    return list(dict.fromkeys(both))


COMMANDS = [(name, command) for name, path in zip(NAMES, FILES, strict=True) for command in commands(path)]


def test_every_file_was_looked_at() -> None:
    assert len(FILES) == 59
    assert len(OPTIONS) == 29
    assert {path.parent.name for path in FILES} == {*GROUPS, *BASES, "conf", "launcher"}
    assert len(COMMANDS) >= len(FILES)
    assert [path for path in CONF.rglob("*") if path.is_file() and path.suffix != ".yaml"] == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_begins_with_what_it_shows_and_how_to_see_it(path: Path) -> None:
    note = read_note(path)
    assert note.purpose
    assert note.purpose[0].isupper() or note.purpose[0].isdigit()
    assert any(line.strip().startswith("experiments fit") for line in note.note)
    assert all(len(line) <= 120 for line in path.read_text().splitlines())
    first = path.read_text().splitlines()[0]
    assert (first == "# @package _global_") == (path.parent.name in BASES)


@pytest.mark.parametrize("path", OPTIONS, ids=[str(path.relative_to(CONF)) for path in OPTIONS])
def test_an_options_keys_are_its_schemas_keys(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    schemas = SCHEMAS[path.parent.name]
    target = content.pop("_target_")
    assert target in schemas
    keys = keys_of(schemas[target])
    assert set(content) == set(keys)
    for name, value in content.items():
        if value != "???":
            # `3e-3` without a point is text to PyYAML, a number to OmegaConf.
            number = float(value) if isinstance(value, str) and re.fullmatch(r"\d+e-?\d+", value) else value
            keys[name].convert(number)


def test_every_target_of_the_schema_has_an_option() -> None:
    built = {(path.parent.name, yaml.safe_load(path.read_text())["_target_"]) for path in OPTIONS}
    assert built == {(group, target) for group, schemas in SCHEMAS.items() for target in schemas}


def test_every_key_has_a_meaning_and_its_hint_is_a_value_that_it_takes() -> None:
    keys = known_keys()
    assert len(keys) == 65
    for name, key in keys.items():
        assert len(key.meaning) > 10, name
        assert key.allowed, name
        if key.hint is not None:
            value = yaml.safe_load(key.hint)
            key.convert(float(value) if re.fullmatch(r"\d+e-\d+", key.hint) else value)


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[f"{name}: {command}" for name, command in COMMANDS])
def test_a_command_of_a_lab_note_composes(typed: Typed, here: Path, name: str, command: str) -> None:
    for label in ("bears", "wolves"):
        (here / "pictures" / label).mkdir(parents=True)
        (here / "pictures" / label / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    flags = " --cfg job" if " lr-find " in command else "" if "--" in command else " --dry-run"
    answer = typed(command.removeprefix("experiments ").replace("FOLDER", "pictures") + flags)
    assert answer.code == 0, answer.err
    chosen = [word for word in shlex.split(command) if word == f"{Path(name).parent}={Path(name).stem}"]
    if Path(name).parent.name == "sweep":
        assert chosen, "a sweep's note shows how to run it"
        assert answer.out.startswith(f"sweep {Path(name).stem}: ")
