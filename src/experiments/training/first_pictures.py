"""The pictures of the data that TensorBoard shows of a run."""

from __future__ import annotations

from PIL.Image import Image

from experiments.data.datamodule import DataModule
from experiments.training.preparation import Prepared

BATCHES_KEPT = 8
SHEET_IN_A_SWEEP = 800, 800
_batches: dict[tuple[object, ...], Image | None] = {}


def pictures_of(prepared: Prepared, in_sweep: str | None) -> dict[str, Image]:
    """By tag: a training batch as augmented, and for a single run a sheet of each class; a sweep has no time for it."""
    data = prepared.data
    batch = _first_batch(data, augmented=prepared.phased.augments, small=bool(in_sweep))
    pictures = {} if batch is None else {"training batch": batch}
    if not in_sweep:
        pictures |= {f"pictures/{label}": sheet for label, sheet in data.class_sheets().items()}
    return pictures


def _first_batch(data: DataModule, *, augmented: bool, small: bool) -> Image | None:
    """Drawn once for the jobs of a sweep that begin with the same batch, which most do; each byte costs each job."""
    how = (data.seed, data.batch_size, data.oversample, data.augment, data.input_shape, augmented, small)
    key = (data.split_hash, *how)
    if key not in _batches:
        while len(_batches) >= BATCHES_KEPT:
            _batches.pop(next(iter(_batches)))
        sheet = data.contact_sheet(augmented=augmented)
        if sheet is not None and small:
            sheet.thumbnail(SHEET_IN_A_SWEEP)
        _batches[key] = sheet
    return _batches[key]
