import random

import pytest

from experiments.data.pool import SampleTable
from experiments.data.split import keep_share, oversampled, position, split_by_hash, split_units

CONTENTS = [f"content {number}" for number in range(500)]
LABELS = ["cat" if number % 3 else "dog" for number in range(500)]


def sides(contents: list[str], labels: list[str], seed: int = 42) -> dict[str, str]:
    return dict(zip(contents, split_by_hash(contents, labels, 0.2, seed), strict=True))


def test_split_is_pinned_so_that_no_release_moves_a_users_images() -> None:
    assert position(42, "abc") == pytest.approx(0.2983568, abs=1e-7)  # from sha256sum
    sides_of_ten = sides(list("abcdefghij"), ["x"] * 10)
    assert [content for content, side in sides_of_ten.items() if side == "valid"] == ["f"]


def test_split_does_not_depend_on_order() -> None:
    rows = list(zip(CONTENTS, LABELS, strict=True))
    random.Random(0).shuffle(rows)
    assert sides([c for c, _ in rows], [label for _, label in rows]) == sides(CONTENTS, LABELS)


def test_split_of_the_rest_stays_when_images_go() -> None:
    whole = sides(CONTENTS, LABELS)
    assert sides(CONTENTS[::2], LABELS[::2]) == {content: whole[content] for content in CONTENTS[::2]}


def test_split_has_about_the_fraction_and_differs_by_seed() -> None:
    first, second = sides(CONTENTS, LABELS), sides(CONTENTS, LABELS, seed=43)
    assert 80 <= list(first.values()).count("valid") <= 120
    assert first != second


def test_duplicates_stay_on_one_side_even_under_two_labels() -> None:
    result = split_by_hash(CONTENTS * 2, LABELS + ["bird"] * 500, 0.5, 1)
    assert result[:500] == result[500:]


@pytest.mark.parametrize("seed", range(50))
def test_every_class_of_two_different_images_is_on_both_sides(seed: int) -> None:
    labels = ["a", "a", "b", "b", "b", "c", "c"]
    contents = ["1", "2", "3", "4", "4", "5", "5"]
    result = split_by_hash(contents, labels, 0.2, seed)
    for name in "ab":
        assert {side for side, label in zip(result, labels, strict=True) if label == name} == {
            "train",
            "valid",
        }
    assert result[3] == result[4]
    assert len(set(result[5:])) == 1  # twice the same picture is one picture


def test_image_nearest_the_border_is_moved() -> None:
    contents = [content for content in CONTENTS if position(42, content) > 0.2][:8]
    result = split_by_hash(contents, ["x"] * 8, 0.2, 42)
    assert contents[result.index("valid")] == min(contents, key=lambda content: position(42, content))
    assert result.count("valid") == 1


def test_subsets_are_nested_and_as_large_as_asked() -> None:
    splits = split_by_hash(CONTENTS, LABELS, 0.2, 42)
    kept: list[set[int]] = []
    for fraction in (0.001, 0.1, 0.35, 1.0):
        result = keep_share(CONTENTS, LABELS, splits, dict.fromkeys(LABELS, fraction), 42)
        kept.append({row for row, name in enumerate(result) if name == "train"})
        assert [r == "valid" for r in result] == [s == "valid" for s in splits]
    assert kept[0] < kept[1] < kept[2] < kept[3]
    assert sorted(LABELS[row] for row in kept[0]) == ["cat", "dog"]
    dogs = sum(label == "dog" and side == "train" for label, side in zip(LABELS, splits, strict=True))
    assert sum(LABELS[row] == "dog" for row in kept[1]) == round(dogs * 0.1)


def test_split_hash_ignores_names_and_order_but_nothing_else() -> None:
    def table(paths: str, contents: str, labels: str, splits: list[str]) -> str:
        return SampleTable(list(paths), list(contents), list(labels), splits).split_hash()

    same = table("pq", "12", "ab", ["train", "valid"])
    assert same == table("xy", "21", "ba", ["valid", "train"])
    assert same != table("pq", "12", "ab", ["train", "train"])
    assert same != table("pq", "12", "aa", ["train", "valid"])
    assert same != table("pq", "13", "ab", ["train", "valid"])


def test_indices_of_a_split() -> None:
    table = SampleTable(list("pqr"), list("123"), list("aba"), ["train", "unused", "train"])
    assert table.indices("train") == [0, 2]
    assert table.indices("test") == []


def test_near_duplicates_go_together_where_the_one_of_them_goes_that_names_the_group() -> None:
    alone = sides(CONTENTS, LABELS)
    groups = [CONTENTS[number - number % 2] for number in range(500)]
    units = split_units(CONTENTS, groups, LABELS)
    together = split_by_hash(units, LABELS, 0.2, 42)
    assert together[::2] == together[1::2] == [alone[content] for content in CONTENTS[::2]]


def test_a_class_of_nothing_but_near_duplicates_is_still_on_both_sides() -> None:
    labels = ["all alike"] * 20 + ["others"] * 20
    groups = ["one"] * 20 + CONTENTS[20:40]
    units = split_units(CONTENTS[:40], groups, labels)
    result = split_by_hash(units, labels, 0.2, 42)
    assert set(result[:20]) == {"train", "valid"}
    assert units[20:] == groups[20:]


def test_a_test_share_takes_nothing_from_validation_and_larger_ones_only_add() -> None:
    without = split_by_hash(CONTENTS, LABELS, 0.2, 42)
    tested: list[set[int]] = []
    for fraction in (0.1, 0.3):
        result = split_by_hash(CONTENTS, LABELS, 0.2, 42, fraction)
        assert [r == "valid" for r in result] == [w == "valid" for w in without]
        tested.append({row for row, side in enumerate(result) if side == "test"})
        assert len(tested[-1]) == pytest.approx(500 * fraction, abs=40)
    assert tested[0] < tested[1]
    assert {LABELS[row] for row in tested[0]} == {"cat", "dog"}


def test_a_class_whose_images_all_test_but_two_keeps_one_on_either_side() -> None:
    contents = sorted(CONTENTS, key=lambda content: position(42, content))[-10:]
    border = (position(42, contents[1]) + position(42, contents[2])) / 2
    result = split_by_hash(contents, ["x"] * 10, 0.2, 42, 1 - border)
    assert sorted(result[:2]) == ["train", "valid"]
    assert result[2:] == ["test"] * 8


def test_rare_classes_are_repeated_evenly_up_to_the_largest() -> None:
    labels = ["many"] * 10 + ["few"] * 4 + ["one"]
    rows = oversampled(range(15), labels, CONTENTS[:15], 42)
    counted = [rows.count(row) for row in range(15)]
    assert counted[:10] == [1] * 10
    assert sorted(counted[10:14]) == [2, 2, 3, 3]
    assert counted[14] == 10
    assert rows == oversampled(list(reversed(range(15))), labels, CONTENTS[:15], 42)
