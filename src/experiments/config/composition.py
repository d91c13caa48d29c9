"""From overrides to one composed configuration, with every mistake as a Problem."""

from __future__ import annotations

import copy
import logging
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra._internal.config_repository import CachingConfigRepository
from hydra._internal.utils import create_config_search_path
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import setup_globals
from hydra.errors import HydraException
from hydra.plugins.config_source import ConfigResult
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.config.locations import configuration_folder
from experiments.config.problems import ConfigurationError, Problem

PRIMARY = "fit"

# What Hydra warns of stands in our own messages; a run's log gets it all the same.
logging.getLogger("hydra").addHandler(logging.NullHandler())


class _ReadOnce(CachingConfigRepository):
    """Reads each YAML file once, not once a job: that is a quarter of composing.

    Hydra has this cache too, and begins it anew for each configuration by copying what it is given.
    """

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def load_config(self, config_path: str) -> ConfigResult | None:
        """A copy, since Hydra merges the nodes themselves: a job's overrides would be found in the next job."""
        return copy.deepcopy(super().load_config(config_path))


@dataclass(frozen=True)
class OptionFile:
    """What the YAML file of an option itself sets: dotted keys and their values, and the groups it picks."""

    values: dict[str, object]
    picks: dict[str, str]


class Composer:
    """Composes configurations from `conf/` and, before it, the user's own `--config-dir`."""

    def __init__(self, config_dir: str | None = None) -> None:
        if config_dir is not None and not Path(config_dir).expanduser().is_dir():
            raise ConfigurationError([Problem(f"--config-dir {config_dir}", "there is no such folder")])
        version.setbase("1.3")
        setup_globals()
        self.config_dir = Path(config_dir).expanduser().resolve() if config_dir else None
        self._shared: dict[tuple[str, ...], bytes] = {}
        self._parsed: dict[str, Override | None] = {}
        self._option_files: dict[tuple[str, str], OptionFile] = {}

    @cached_property
    def loader(self) -> ConfigLoaderImpl:
        """Hydra's loader over our search path."""
        search_path = create_config_search_path(str(configuration_folder()))
        if self.config_dir is not None:
            # Before ours, so that a user's file of the same name is the one that counts.
            search_path.prepend(provider="command-line", path=f"file://{self.config_dir}")
        loader = ConfigLoaderImpl(config_search_path=search_path)
        loader.repository = _ReadOnce(loader.repository)  # type: ignore[assignment]  # Hydra puts one there itself
        return loader

    def options(self, group: str) -> list[str]:
        """The options of a group, sorted."""
        return sorted(self.loader.get_group_options(group, ObjectType.CONFIG))

    @cached_property
    def groups(self) -> list[str]:
        """All groups, Hydra's own among them (`hydra/launcher`)."""
        top = self.loader.list_groups("")
        return [*top, *(f"hydra/{group}" for group in self.loader.list_groups("hydra"))]

    def parse(self, override: str) -> Override:
        """One override, by Hydra's grammar.

        Raises:
            ConfigurationError: it does not follow the grammar; the message gives the quoted form.
        """
        parsed = self._read(override)
        if parsed is None:
            raise ConfigurationError([self._grammar_problem(override)])
        return parsed

    def chooses(self, override: Override) -> bool:
        """Whether the override chooses an option of a group."""
        name = override.key_or_group
        return name in self.groups and not override.is_delete() and not isinstance(override.value(), dict)

    def _read(self, override: str) -> Override | None:
        if override not in self._parsed:  # the jobs of a sweep mostly have the same
            try:
                parsed = OverridesParser.create(config_loader=self.loader).parse_overrides([override])[0]
                self._parsed[override] = parsed if parsed.key_or_group else None
            except (HydraException, ValueError):  # ValueError: a number of thousands of digits
                self._parsed[override] = None
        return self._parsed[override]

    def _grammar_problem(self, override: str) -> Problem:
        instead = quoted(override)
        if "=" not in override or self._read(instead.strip('"')) is None:
            return Problem(override, "an override is written key=value")
        wrong = "a value with commas, brackets, braces, colons, equals signs, quotes or spaces must be quoted"
        return Problem(override, wrong, instead)

    def compose(self, overrides: Iterable[str], *, one_of_many: bool = False) -> DictConfig:
        """The configuration with Hydra's own node, not yet checked against the schema.

        Args:
            overrides: as on the command line.
            one_of_many: as a job of a sweep, whose jobs mostly choose the same options.

        Raises:
            ConfigurationError: Hydra could not compose it.
        """
        try:
            if one_of_many:
                return self._compose_job(list(overrides))
            return self.loader.load_configuration(PRIMARY, list(overrides), run_mode=RunMode.RUN)
        except (HydraException, OmegaConfBaseException, ValueError, OSError) as error:
            raise ConfigurationError([Problem("the configuration", _plain(error))]) from error
        except RecursionError as error:
            raise ConfigurationError([Problem("a configuration file", "it includes itself")]) from error
        except Exception as error:  # the YAML parser's errors share no base class with Hydra's
            if type(error).__module__.split(".")[0] != "yaml":
                raise
            raise ConfigurationError([Problem("a configuration file", _plain(error))]) from error

    def _compose_job(self, overrides: list[str]) -> DictConfig:
        """What Hydra does in the same order, but the options that several jobs share are merged only once."""
        parsed = [self.parse(text) for text in overrides]
        values = [o for o in parsed if not (o.is_hydra_override() or o.is_delete() or self.chooses(o))]
        options = tuple(str(o.input_line) for o in parsed if o not in values)
        if options not in self._shared:
            shared = self.loader.load_configuration(PRIMARY, list(options), run_mode=RunMode.RUN)
            self._shared[options] = pickle.dumps(shared)
        composed: DictConfig = pickle.loads(self._shared[options])  # in memory alone: faster than a deep copy
        self.loader._apply_overrides_to_config(values, composed)
        task = [o for o in parsed if not o.is_hydra_override()]
        composed.hydra.overrides.task = [o.input_line for o in task]
        style = composed.hydra.job.config.override_dirname
        composed.hydra.job.override_dirname = get_overrides_dirname(
            task, style.exclude_keys, style.item_sep, style.kv_sep
        )
        return composed

    def option_file(self, group: str, option: str) -> OptionFile:
        """What `group/option.yaml` itself sets, with what it inherits from options of its own group."""
        if (group, option) not in self._option_files:
            self._option_files[group, option] = self._read_option_file(group, option)
        return self._option_files[group, option]

    def _read_option_file(self, group: str, option: str) -> OptionFile:
        result = self.loader.repository.load_config(f"{group}/{option}")
        if result is None:
            return OptionFile({}, {})
        values: dict[str, object] = {}
        picks: dict[str, str] = {}
        for default in result.defaults_list or []:
            name, value = default.get_name(), default.value if hasattr(default, "value") else None
            if hasattr(default, "group") and default.group is not None and value is not None:
                picks[str(default.group).lstrip("/")] = str(value)
            elif name and name != "_self_":
                inherited = self.option_file(group, name.rsplit("/", 1)[-1])
                values |= inherited.values
                picks |= inherited.picks
        plain = OmegaConf.to_container(result.config, resolve=False)
        assert isinstance(plain, dict)
        return OptionFile(values | dict(flatten(plain)), picks)


def flatten(tree: dict[Any, Any], prefix: str = "") -> Iterable[tuple[str, object]]:
    """Dotted keys and values of a nested mapping."""
    for name, value in tree.items():
        dotted = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{dotted}.")
        else:
            yield dotted, value


def quoted(override: str) -> str:
    """The override with its value quoted for Hydra and for the shell: `"dataset.root='a,b'"`."""
    name, _, value = override.partition("=")
    text = value.strip("'\"").replace("\\", "\\\\").replace("'", "\\'")
    return f"\"{name}='{text}'\""


def _plain(error: Exception) -> str:
    """The error's text without the tips that only make sense for a bare Hydra application."""
    cause = error.__cause__ or error
    text = str(cause) or str(error) or type(error).__name__
    kept: Sequence[str] = [
        line.strip()
        for line in text.splitlines()
        if line.strip()
        and not line.lstrip().startswith(("provider=", "Config search path", "full_key", "object_type", "See https"))
    ]
    return "\n".join(kept)
