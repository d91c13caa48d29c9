"""The folder names of a sweep's jobs."""

import re

import pytest

from experiments.runs.names import Swept, job_name, job_names

ALLOWED = re.compile(r"[A-Za-z0-9_=,+-][A-Za-z0-9._=,+-]*")


@pytest.mark.parametrize(
    ("swept", "name"),
    [
        ([("experiment", "learning_rate_too_high", True)], "learning_rate_too_high"),
        ([("optimizer.lr", "0.5", False)], "optimizer.lr=0.5"),
        ([("optimizer.lr", "0.1", False), ("seed", "1", False)], "optimizer.lr=0.1,seed=1"),
        ([("optimizer", "sgd", True), ("optimizer.lr", "1e-05", False)], "sgd,optimizer.lr=1e-05"),
        ([("schedule.unfrozen_lr", "[0.01,0.1]", False)], "schedule.unfrozen_lr=_0.01,0.1_"),
        ([("dataset.root", "/data/../bären", False)], "dataset.root=_data_.._b_ren"),
        ([("experiment", ".", True)], "_"),
        ([("experiment", "..", True)], "_."),
        ([("experiment", "", True)], "job"),
        ([], "job"),
    ],
)
def test_a_name_says_what_differs(swept: Swept, name: str) -> None:
    assert job_name(swept) == name
    assert ALLOWED.fullmatch(name)


def test_a_long_name_is_cut_and_stays_different() -> None:
    names = [job_name([("dataset.root", "x" * 300 + end, False)]) for end in "ab"]
    assert [len(name) for name in names] == [120, 120]
    assert names[0] != names[1]
    assert names[0].startswith("dataset.root=xxx")
    assert names[0] == job_name([("dataset.root", "x" * 300 + "a", False)])


def test_names_that_collide_get_a_hash_and_the_others_do_not() -> None:
    values = ["熊", "猫", "Bear", "bear", "dog"]
    names = job_names([[("dataset.root", value, False)] for value in values])
    assert len({name.lower() for name in names}) == 5
    assert names[4] == "dataset.root=dog"
    assert re.fullmatch(r"dataset\.root=_-[0-9a-f]{8}", names[0])
    assert re.fullmatch(r"dataset\.root=Bear-[0-9a-f]{8}", names[2])
    backwards = job_names([[("dataset.root", value, False)] for value in reversed(values)])
    assert backwards == names[::-1]  # the order of the jobs does not decide


def test_the_same_values_twice_are_numbered_within_the_limit() -> None:
    names = job_names([[("seed", "1" * 300, False)]] * 3)
    assert len(set(names)) == 3
    assert all(len(name) <= 120 for name in names)
