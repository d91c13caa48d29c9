"""What becomes of a training in the files of its run folder, whoever trains."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from experiments.config.expectation import Seen, answer
from experiments.runs.ending import OVER
from experiments.runs.files import write_csv
from experiments.runs.throttle import Throttle
from experiments.training.history import History, is_finite
from experiments.training.judgement import Judge, Judgement
from experiments.training.run_record import RunRecord
from experiments.training.task import Evaluation
from experiments.training.weights import Keeper

log = logging.getLogger(__name__)

WRITING_SHARE = 0.03
"""Files may take this share of the time: those of a tiny network are not written after every epoch."""

Test = Callable[[Mapping[str, Tensor]], dict[str, Any]]
Predictions = Callable[[Evaluation], tuple[Sequence[str], list[list[Any]]]]


class Recording:
    """Collects a training and writes its files: history, steps, weights, predictions, run.json.

    Args:
        record: the run.json to go on with; its folder is the run's.
        expect: what the run is expected to show, answered at its end.
        model_about: what model.json says beside the epoch.
        predictions: columns and rows of predictions.csv from an evaluation of the validation set.
        test: what weights score on the test set; None without one.
        judge: says at the end what the curves show; its verdict answers `expect`.

    Attributes:
        history: all steps and epochs so far; whoever trains appends the steps.
        weights: of the last finite epoch and of the best.
        evaluation: of the validation set after the last finite epoch.
        judgement: what the judge said; None before the end.
    """

    def __init__(
        self,
        record: RunRecord,
        *,
        expect: Mapping[str, Any] | None = None,
        model_about: Mapping[str, Any] | None = None,
        predictions: Predictions | None = None,
        test: Test | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.record = record
        self.folder = record.path.parent
        self.expect = expect
        self.model_about = model_about or {}
        self.predictions = predictions
        self.test = test
        self.judge = judge
        self.judgement: Judgement | None = None
        self.history = History()
        self.weights = Keeper()
        self.evaluation: Evaluation | None = None
        self._writing = Throttle(WRITING_SHARE)

    def begin(self, network: nn.Module, device: str, *, every_layer: bool = False) -> None:
        """Say how many parameters are trained, and where; `every_layer` of them if not now, then in a later phase."""
        counts = [(p.numel(), p.requires_grad or every_layer) for p in network.parameters()]
        parameters = {
            "total": sum(n for n, _ in counts),
            "trained": sum(n for n, trained in counts if trained),
        }
        self.record.update({"parameters": parameters, "device": device})

    def end_epoch(
        self,
        epoch: int,
        metrics: Mapping[str, float],
        seconds: float | None,
        network: nn.Module,
        evaluation: Evaluation | None,
    ) -> bool:
        """An epoch is over; whether all its numbers are finite."""
        row = self.history.add_epoch(epoch, metrics, seconds)
        finite = is_finite(row)
        if finite:
            best = (self.history.best or {}).get("epoch") == epoch
            self.weights.keep(network, epoch, best=best)
            self.evaluation = evaluation
        if self._writing.due:
            with self._writing.timed():
                self.write()
        return finite

    def write(self) -> None:
        """The files as far as the training is."""
        self.history.write(self.folder)
        self.record.update({"metrics": self._summary()})

    def finish(self, status: str) -> None:
        """All files at the end, the judgement, and the answer to what was expected."""
        self.weights.write(self.folder, {**self.model_about, "training": {"status": status, **self._summary()}})
        if self.predictions is not None and self.evaluation is not None:
            write_csv(self.folder / "predictions.csv", *self.predictions(self.evaluation))
        self.history.write(self.folder)
        self.judgement = self._judged(status)
        changes: dict[str, Any] = {"status": status, "metrics": self._summary()}
        if status in OVER:  # what was stopped halfway shows nothing
            changes["expect"] = self._answer()
            changes["metrics"] |= self._tested()
        self.record.update(changes)

    def break_off(self, status: str) -> None:
        """As much of `finish` as can be written: whatever stopped the training may stop that, too."""
        self.record.end(status)
        try:
            self.finish(status)
        except OSError as error:
            log.error("not all files could be written: %s", error)

    def _summary(self) -> dict[str, Any]:
        return {"final": self.history.final, "best": self.history.best}

    def _tested(self) -> dict[str, Any]:
        """The test set's part of `metrics`: of the weights in `model/`, looked at only now."""
        if self.test is None or self.weights.last is None:
            return {}
        return {"test": self.test(self.weights.last.weights)}

    def _judged(self, status: str) -> Judgement | None:
        if self.judge is None:
            return None
        try:
            return self.judge(self.folder, status)
        except Exception:  # whatever a doctor trips over, the training itself is done
            log.exception("the run could not be diagnosed")
            return None

    def _answer(self) -> dict[str, Any] | None:
        row = self.history.epochs[-1] if self.history.epochs else {}
        guess = self.record.content["guess"] or {}
        guesses = {**guess, "train_loss_eval": guess.get("valid_loss"), "train_loss": guess.get("valid_loss")}
        errors = _standard_errors(row, self.evaluation)
        seen = {
            name: Seen(value, errors.get(name, 0.0), guesses.get(name))
            for name, value in row.items()
            if isinstance(value, float)
        }
        return answer(self.expect, seen, self.judgement.verdict if self.judgement else None)


def _standard_errors(row: Mapping[str, Any], evaluation: Evaluation | None) -> dict[str, float]:
    """Of the metrics on the validation set: binomial for the error rate, of the mean for the loss."""
    if evaluation is None:
        return {}
    found = {"valid_loss": evaluation.loss_standard_error}
    if "error_rate" in row and math.isfinite(row["error_rate"]):
        p = row["error_rate"]
        found["error_rate"] = math.sqrt(p * (1 - p) / len(evaluation.targets))
    return found
