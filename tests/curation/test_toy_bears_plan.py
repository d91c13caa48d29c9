"""Which files the drawn bears are to be: the truth, the faults, and how they are decided."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from random import Random

import numpy as np
import pytest
from PIL import Image

from experiments.curation.bear_faults import CHANGES, CORRUPTIONS, corrupted, slightly_changed
from experiments.curation.bear_plan import PlannedPicture, Shares, plan, truth
from experiments.curation.drawing_bears.picture import CLASSES, draw_picture
from experiments.data.images import UnreadableImageError, decode

MANY = dict.fromkeys(CLASSES, 1000)


def keyed(shares: Shares, counts: dict[str, int] = MANY, seed: int = 42) -> dict[tuple[str, int], PlannedPicture]:
    return {(one.true_class, one.number): one for one in plan(counts, shares, seed)}


def test_without_faults_every_picture_is_drawn_into_its_own_class() -> None:
    pictures = plan({"black": 5, "grizzly": 2, "teddy": 5}, Shares(), 42)
    assert Counter(one.folder for one in pictures) == {"black": 5, "grizzly": 2, "teddy": 5}
    assert {one.kind for one in pictures} == {"drawn"}
    assert len({one.file for one in pictures}) == 12
    assert truth(pictures)[0] == ("black/000000.jpg", "black", "black", "drawn", "", "")


@pytest.mark.parametrize(
    ("name", "faulty"),
    [
        ("wrong_labels", lambda one: one.folder != one.true_class),
        ("near_duplicates", lambda one: one.copied is not None),
        ("corrupt_files", lambda one: one.corruption != ""),
    ],
)
def test_a_share_is_met_and_a_larger_one_only_adds(name: str, faulty: object) -> None:
    assert callable(faulty)
    before: set[tuple[str, int]] = set()
    for share in (0.05, 0.2, 0.6, 0.9):
        planned = keyed(Shares(**{name: share}))
        found = {key for key, one in planned.items() if faulty(one)}
        assert len(found) / len(planned) == pytest.approx(share, abs=0.03)
        assert before <= found
        before = found


def test_how_a_picture_is_faulty_does_not_change_with_the_share_or_the_counts() -> None:
    few = keyed(Shares(0.1, 0.1, 0.1))
    some = keyed(Shares(0.3, 0.3, 0.3), {"black": 400, "grizzly": 40, "teddy": 400})
    for key, one in few.items():
        if key in some:
            assert one.folder in (one.true_class, some[key].folder)
            assert one.change in ("", some[key].change)
            assert one.corruption in ("", some[key].corruption)


def test_another_seed_picks_others() -> None:
    picked = [{key for key, one in keyed(Shares(0.2), seed=seed).items() if one.folder != key[0]} for seed in (1, 2)]
    assert picked[0] != picked[1]


def test_what_is_copied_is_there_whole_and_no_copy_itself() -> None:
    planned = keyed(Shares(0.3, 0.5, 0.5))
    rows = {row[0]: row for row in truth(list(planned.values()))}
    for one in planned.values():
        if one.copied is not None:
            original = planned[one.true_class, one.copied]
            assert original.kind == "drawn"
            assert rows[one.file][4] == original.file
    # A wrong label strikes copies and originals alike: the same bear may lie in two classes.
    assert any(
        one.copied is not None and one.folder != planned[one.true_class, one.copied].folder for one in planned.values()
    )


def test_every_kind_of_fault_turns_up() -> None:
    planned = keyed(Shares(near_duplicates=0.4, corrupt_files=0.4))
    assert {one.change for one in planned.values()} == {"", *CHANGES}
    assert {one.corruption for one in planned.values()} == {"", *CORRUPTIONS}
    assert {one.kind for one in planned.values()} == {"drawn", "near_duplicate", "corrupt"}


def small(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L").resize((24, 24), Image.Resampling.BOX), dtype=float)


def alike(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_another_file_with_nearly_the_same_picture(change: str) -> None:
    drawn = draw_picture("teddy", 1, 42)
    copy = slightly_changed(drawn, change, Random(1))
    assert copy != drawn
    with Image.open(BytesIO(drawn)) as before, Image.open(BytesIO(copy)) as after:
        turned = small(after)[:, ::-1] if change == "mirrored" else small(after)
        assert alike(small(before), turned) > 0.93
        assert (before.size != after.size) == (change in ("resized", "cropped"))
        assert (small(after).mean() > small(before).mean() * 1.05) == (change == "brighter")
    assert (len(copy) < 0.9 * len(drawn)) or change != "recompressed"


@pytest.mark.parametrize("how", CORRUPTIONS)
def test_a_corrupted_file_cannot_be_decoded(how: str) -> None:
    broken = corrupted(draw_picture("black", 1, 42), how, Random(1))
    assert (broken == b"") == (how == "zero bytes")
    assert broken.startswith(
        {"truncated": b"\xff\xd8\xff", "HTML": b"<!DOCTYPE", "half a PNG": b"\x89PNG"}.get(how, b"")
    )
    with pytest.raises(UnreadableImageError):
        decode(broken, 32)
