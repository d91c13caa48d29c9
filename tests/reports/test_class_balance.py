"""What unbalanced classes do: the error on the rare classes and on the others, and the advice that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fake_runs import write_run, write_sweep

from experiments.reports.class_balance import ClassBalance, class_balance
from experiments.reports.class_balance_lines import class_balance_lines
from experiments.runs.files import write_csv
from experiments.runs.sweep import Sweep

CLASSES = ("bear", "wolf", "cat", "dog")
VALID = 200
"""Validation images of a class."""
Wrong = Mapping[str, int]
"""How many validation images of each class a run names wrongly; those not named, none."""


def write_balanced_run(
    folder: Path, images: Mapping[str, int], wrong: Wrong, *, steps: int = 50, seed: int = 0, **dataset: object
) -> None:
    """A finished run's split.csv, predictions.csv and steps.csv; the seed chooses which answers are wrong."""
    data = {
        "kind": "classification",
        "classes": [*CLASSES],
        "train_size": sum(images.values()),
        "valid_size": 4 * VALID,
    }
    configuration = {"dataset": {"rare_fraction": 1.0, "oversample": False, **dataset}}
    write_run(folder, [(2.3, 2.3, 0.9), (0.1, 0.2, 0.1)], data=data, configuration=configuration)
    train = [[f"{name}/t{i}", "0", name, "train"] for name, count in images.items() for i in range(count)]
    unused = [[f"{name}/u{i}", "0", name, "unused"] for name in images for i in range(7)]
    valid = [[f"{name}/v{i}", "0", name, "valid"] for name in CLASSES for i in range(VALID)]
    write_csv(folder / "split.csv", ["path", "sha256", "label", "split"], [*train, *unused, *valid])
    answers = [
        [f"{name}/v{i}", "0", name, "fish" if (i + 3 * seed) % VALID < wrong.get(name, 0) else name, 0.5, 1.0]
        for name in CLASSES
        for i in range(VALID)
    ]
    write_csv(folder / "predictions.csv", ["path", "sha256", "label", "predicted", "probability", "loss"], answers)
    columns = ["step", "epoch", "lr", "train_loss", "grad_norm"]
    write_csv(folder / "steps.csv", columns, [[n, 1, 0.1, 1.0, 1.0] for n in range(steps)])


EVEN = dict.fromkeys(CLASSES, 100)
UNEVEN = {"bear": 100, "wolf": 25, "cat": 100, "dog": 25}


def lesson(folder: Path, *, repeated: int, seeds: Sequence[int] = (0, 1, 2)) -> Sweep:
    """Of 200 images of a rare class 10 are wrong if balanced, 40 if not, so many if repeated; seeds differ by 4."""
    kinds = {
        "good": (EVEN, 10, 50, {}),
        "unbalanced": (UNEVEN, 40, 30, {"rare_fraction": 0.25}),
        "unbalanced_oversampled": (UNEVEN, repeated, 50, {"rare_fraction": 0.25, "oversample": True}),
    }
    jobs = {f"{kind},seed={seed}": {"experiment": kind, "seed": str(seed)} for kind in kinds for seed in seeds}
    write_sweep(folder, jobs, "class_balance")
    for name, swept in jobs.items():
        images, wrong, steps, dataset = kinds[swept["experiment"]]
        seed = int(swept["seed"])
        mistakes = dict.fromkeys(("wolf", "dog"), wrong + 4 * (seed - 1)) | {"bear": 4}
        write_balanced_run(folder / name, images, mistakes, steps=steps, seed=seed, **dataset)
    return Sweep(folder)


def found_in(sweep: Sweep) -> ClassBalance:
    found = class_balance(sweep)
    assert found is not None
    return found


def test_the_table_has_a_row_a_setting_in_the_order_of_the_sweep(tmp_path: Path) -> None:
    lines = class_balance_lines(found_in(lesson(tmp_path, repeated=15)))
    assert lines[:6] == [
        "rare classes (wolf, dog) and the others, mean of 3 seeds:",
        "                             images of      error on    error on",
        "                          a rare class  rare classes  the others  steps",
        "  good                             100         5.0 %       1.0 %     50",
        "  unbalanced                        25        20.0 %       1.0 %     30",
        "  unbalanced_oversampled            25         7.5 %       1.0 %     50",
    ]


def test_what_being_rare_costs_is_compared_with_the_balanced_setting(tmp_path: Path) -> None:
    said = class_balance_lines(found_in(lesson(tmp_path, repeated=15)))[6]
    assert said.startswith("25 images of a rare class instead of 100 bring their error from 5.0 % to 20.0 %, more than")


def test_a_gain_beyond_chance_is_told_with_the_steps_that_it_took_and_the_lessons_order(tmp_path: Path) -> None:
    said = class_balance_lines(found_in(lesson(tmp_path, repeated=15)))[7]
    assert said.startswith(
        "repeating the rare classes brings their error from 20.0 % to 7.5 %, more than chance makes ("
    )
    assert said.endswith(
        "and takes 67 % more steps, which help by themselves. The lesson's advice is to do nothing first and, if "
        "anything, to repeat the rare class: here that pays"
    )


def test_a_change_within_chance_says_do_nothing(tmp_path: Path) -> None:
    said = class_balance_lines(found_in(lesson(tmp_path, repeated=39)))[7]
    assert said.startswith("repeating the rare classes changes their error from 20.0 % to 19.5 %, no more than chance")
    assert said.endswith("points): do nothing, as the lesson advises")


def test_a_loss_beyond_chance_is_called_harm(tmp_path: Path) -> None:
    said = class_balance_lines(found_in(lesson(tmp_path, repeated=80)))[7]
    assert said.startswith(
        "repeating the rare classes does harm: it brings their error from 20.0 % to 40.0 %, more than"
    )
    assert said.endswith("do nothing, as the lesson advises")


def test_seeds_that_disagree_are_chance(tmp_path: Path) -> None:
    jobs = {f"dataset.oversample={o},seed={s}": {"dataset.oversample": o, "seed": str(s)} for o in "TF" for s in (0, 1)}
    write_sweep(tmp_path, jobs)
    for (name, swept), wrong in zip(jobs.items(), (10, 90, 100, 60), strict=True):
        write_balanced_run(
            tmp_path / name, UNEVEN, {"wolf": wrong, "dog": wrong}, oversample=swept["dataset.oversample"] == "T"
        )
    assert "from 40.0 % to 25.0 %, no more than chance" in class_balance_lines(found_in(Sweep(tmp_path)))[-1]


def test_a_folder_that_is_unbalanced_of_its_own_accord(tmp_path: Path) -> None:
    jobs = {f"dataset.oversample={value}": {"dataset.oversample": value} for value in ("false", "true")}
    write_sweep(tmp_path, jobs)
    images = {"bear": 120, "wolf": 100, "cat": 30, "dog": 90}  # the third class, not one that rare_fraction makes rare
    for name, wrong, repeats in zip(jobs, (60, 20), (False, True), strict=True):
        write_balanced_run(tmp_path / name, images, {"cat": wrong, "bear": 4}, oversample=repeats)
    lines = class_balance_lines(found_in(Sweep(tmp_path)))
    assert lines[0] == "rare classes (cat) and the others:"
    assert lines[3].split() == ["dataset.oversample=false", "30", "30.0", "%", "0.7", "%", "50"]
    assert lines[5].startswith("repeating the rare classes brings their error from 30.0 % to 10.0 %")
    assert "more steps" not in lines[5]
    assert len(lines) == 6


def test_settings_with_another_rate_are_not_compared(tmp_path: Path) -> None:
    jobs = {
        f"dataset.oversample={o},optimizer.lr={r}": {"dataset.oversample": o, "optimizer.lr": r}
        for o, r in (("false", "0.1"), ("true", "0.2"))
    }
    write_sweep(tmp_path, jobs)
    for name, repeats in zip(jobs, (False, True), strict=True):
        write_balanced_run(tmp_path / name, UNEVEN, {"wolf": 20}, oversample=repeats)
    lines = class_balance_lines(found_in(Sweep(tmp_path)))
    assert len(lines) == 5
    assert lines[-1].lstrip().startswith("dataset.oversample=true,optimizer.lr=0.2")


def test_diverged_runs_and_runs_that_still_wait_are_left_out(tmp_path: Path) -> None:
    sweep = lesson(tmp_path, repeated=15)
    (tmp_path / "good,seed=0" / "run.json").unlink()
    record = (tmp_path / "unbalanced,seed=0" / "run.json").read_text().replace('"finished"', '"diverged"')
    (tmp_path / "unbalanced,seed=0" / "run.json").write_text(record)
    assert [len(one.rare.errors) for one in found_in(sweep).settings] == [2, 2, 3]


def test_nothing_is_said_where_no_class_is_rare_or_nothing_about_it_was_swept(tmp_path: Path) -> None:
    jobs = {f"dataset.oversample={value}": {"dataset.oversample": value} for value in ("false", "true")}
    write_sweep(tmp_path / "even", jobs)
    for name, repeats in zip(jobs, (False, True), strict=True):
        write_balanced_run(tmp_path / "even" / name, EVEN, {}, oversample=repeats)
    assert class_balance(Sweep(tmp_path / "even")) is None
    write_sweep(tmp_path / "seeds", {f"seed={seed}": {"seed": str(seed)} for seed in (0, 1)})
    for seed in (0, 1):
        write_balanced_run(tmp_path / "seeds" / f"seed={seed}", UNEVEN, {"wolf": 20}, seed=seed)
    assert class_balance(Sweep(tmp_path / "seeds")) is None
