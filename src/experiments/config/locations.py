"""Where the configuration files are."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def configuration_folder() -> Path:
    """The `conf/` of the installed wheel, else the checkout's.

    Hydra's relative `config_path` finds neither from a console script, so it is given this absolute path.
    """
    packaged = PACKAGE / "conf"
    return packaged if packaged.is_dir() else PACKAGE.parent.parent / "conf"
