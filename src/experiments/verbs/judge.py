"""What joins training and the doctor, which do not know each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.training.judgement import Judgement


def judge(folder: Path, status: str) -> Judgement:
    """What the doctor says of a run that ends; training itself does not know the doctor."""
    from experiments.diagnosis.journal import keep_for_run
    from experiments.diagnosis.report import as_markdown
    from experiments.training.judgement import Judgement

    found = keep_for_run(folder, status)
    return Judgement(found.verdict, as_markdown(found))
