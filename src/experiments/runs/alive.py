"""Whether somebody is still at work on what a record calls `running`."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any


def is_killed(record: Mapping[str, Any]) -> bool:
    """Whether run.json or sweep.json says `running`, and its process, on this machine, is gone."""
    pid = record.get("pid")
    if record.get("status") != "running" or not isinstance(pid, int) or record.get("host") != socket.gethostname():
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:  # another user's
        pass
    return False
