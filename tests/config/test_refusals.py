"""Every mistake in its own words: what is wrong, what is allowed, what to type instead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from answers import Refused, Typed

MODELS = "linear, mobilenet_v2, polynomial, resnet18, resnet34, resnet50, small_cnn, squeezenet1_1, torchvision"

ONE_MISTAKE = [
    # Names that do not exist.
    ("lr=0.1", "lr=0.1\n  there is no key lr\n  try: optimizer.lr=0.1"),
    ("learning_rate=0.1", "learning_rate=0.1\n  there is no key learning_rate\n  try: optimizer.lr=0.1"),
    ("epochs=3", "epochs=3\n  there is no key epochs\n  try: schedule.epochs=3"),
    ("modl=linear", "modl=linear\n  there is no key modl\n  try: model=linear"),
    ("seeed=1", "seeed=1\n  there is no key seeed\n  try: seed=1"),
    (
        "optimizer.lrr=1",
        "optimizer.lrr=1\n  there is no key optimizer.lrr; optimizer has: lr, weight_decay, betas\n"
        "  try: optimizer.lr=1",
    ),
    (
        "trainer.max_epochs=3",
        "trainer.max_epochs=3\n"
        "  there is no key trainer.max_epochs; "
        "trainer has: accelerator, strategy, devices, precision, gradient_clip_val\n"
        "  try: schedule.epochs=3",
    ),
    (
        "+optimizer.unknown=1",
        "optimizer.unknown=1\n  there is no key optimizer.unknown; optimizer has: lr, weight_decay, betas",
    ),
    ("+foo=1", "foo=1\n  there is no key foo"),
    ("++model.foo=2", "model.foo=2\n  there is no key model.foo; model has: width, dropout"),
    (
        "model=smal_cnn",
        f"model=smal_cnn\n  there is no model called smal_cnn; there are: {MODELS}\n  try: model=small_cnn",
    ),
    (
        "experiment=lerning_rate_too_high",
        "experiment=lerning_rate_too_high\n"
        "  there is no experiment called lerning_rate_too_high; there are: good, learning_rate_too_high, "
        "learning_rate_too_low, too_few_epochs, too_many_epochs, unbalanced, unbalanced_oversampled, "
        "wrong_labels_by_heart\n"
        "  try: experiment=learning_rate_too_high",
    ),
    (
        "sweep=what_can_go_wrng",
        "sweep=what_can_go_wrng\n"
        "  there is no sweep called what_can_go_wrng; there are: batch_size, class_balance, epochs, learning_rate, "
        "map, polynomial_degree, regularisation, seeds, thousand_lines, training_images, what_can_go_wrong\n"
        "  try: sweep=what_can_go_wrong",
    ),
    # Values of another type, or out of range.
    ("optimizer.lr=abc", "optimizer.lr=abc\n  must be a number above 0\n  try: optimizer.lr=3e-3"),
    ("optimizer.lr=true", "optimizer.lr=true\n  must be a number above 0\n  try: optimizer.lr=3e-3"),
    ("optimizer.lr=null", "optimizer.lr=null\n  must be a number above 0\n  try: optimizer.lr=3e-3"),
    ("optimizer.lr=", "optimizer.lr=\n  must be a number above 0\n  try: optimizer.lr=3e-3"),
    ("optimizer.lr=0", "optimizer.lr=0\n  must be a number above 0\n  try: optimizer.lr=3e-3"),
    ("optimizer.lr=-0.1", "optimizer.lr=-0.1\n  must be a number above 0\n  try: optimizer.lr=3e-3"),
    ("optimizer.lr=nan", "optimizer.lr=nan\n  must be a number above 0\n  try: optimizer.lr=3e-3"),
    ("optimizer.lr=inf", "optimizer.lr=inf\n  must be a number above 0\n  try: optimizer.lr=3e-3"),
    (
        "seed=1.5",
        "seed=1.5\n  must be a whole number or null, at least 0 and at most 4294967295\n  try: seed=42",
    ),
    (
        "dataset.batch_size=some",
        "dataset.batch_size=some\n  must be a whole number or all, at least 1\n  try: dataset.batch_size=64",
    ),
    (
        "schedule.epochs=0",
        "schedule.epochs=0\n  must be a whole number of at least 1, unless schedule.unfrozen_epochs trains a model "
        "with a body\n  try: schedule.epochs=4",
    ),
    (
        "dataset.valid_fraction=0",
        "dataset.valid_fraction=0\n  must be a number above 0 and below 1\n  try: dataset.valid_fraction=0.2",
    ),
    (
        "dataset.valid_fraction=1",
        "dataset.valid_fraction=1\n  must be a number above 0 and below 1\n  try: dataset.valid_fraction=0.2",
    ),
    (
        "trainer.precision=16",
        "trainer.precision=16\n  must be 32-true or 16-mixed or bf16-mixed\n  try: trainer.precision=32-true",
    ),
    (
        "optimizer.betas=[0.9]",
        "optimizer.betas=[0.9]\n  must be a list of two numbers\n  try: optimizer.betas=[0.95,0.99]",
    ),
    # Options that are taken away.
    ("optimizer=null", "optimizer=null\n  a choice is needed; there are: adamw, sgd\n  try: optimizer=adamw"),
    (
        "recipe=null",
        "recipe=null\n  a choice is needed; there are: bears, digits, line, polynomial\n  try: recipe=digits",
    ),
    ("experiment=null", "experiment=null\n  an experiment is needed\n  try: experiment=good (no change)"),
    ("~optimizer", "optimizer=???\n  no optimizer is chosen\n  try: optimizer=adamw"),
    # Combinations.
    (
        "recipe=line model=small_cnn",
        "model=small_cnn\n  model=small_cnn is for images and dataset=line has none\n  try: model=linear",
    ),
    (
        "recipe=line experiment=learning_rate_too_high",
        "experiment=learning_rate_too_high\n"
        "  experiment=learning_rate_too_high is made for classification and dataset=line is regression\n"
        "  try: experiment=good",
    ),
    (
        "trainer=cpu trainer.precision=16-mixed",
        "trainer.precision=16-mixed\n  16-mixed needs a GPU; a CPU computes in 32-true or bf16-mixed\n"
        "  try: trainer.precision=32-true",
    ),
    # Keys that the chosen experiment or sweep sets itself.
    (
        "experiment=learning_rate_too_high optimizer.lr=0.1",
        "optimizer.lr=0.1\n"
        "  experiment=learning_rate_too_high itself sets optimizer.lr=0.5 and you typed optimizer.lr=0.1: "
        "leave one of the two out\n"
        "  try: experiment=learning_rate_too_high without optimizer.lr, "
        "or optimizer.lr=0.1 without experiment=learning_rate_too_high",
    ),
    (
        "experiment=learning_rate_too_high optimizer={lr:0.1}",
        "optimizer={lr:0.1}\n"
        "  experiment=learning_rate_too_high itself sets optimizer.lr=0.5 and you typed optimizer={lr:0.1}: "
        "leave one of the two out\n"
        "  try: experiment=learning_rate_too_high without optimizer, "
        "or optimizer={lr:0.1} without experiment=learning_rate_too_high",
    ),
    (
        "sweep=seeds seed=7",
        "seed=7\n  sweep=seeds itself runs over seed=0,1,2,3,4 and you typed seed=7: leave one of the two out",
    ),
    (
        "sweep=seeds seed=7,8",
        "seed=7,8\n  sweep=seeds itself runs over seed=0,1,2,3,4 and you typed seed=7,8: leave one of the two out\n"
        "  try: -m seed=7,8 without sweep=seeds",
    ),
    (
        "sweep=seeds name=mine",
        "name=mine\n  sweep=seeds itself sets name=seeds and you typed name=mine: leave one of the two out\n"
        "  try: sweep=seeds without name, or name=mine without sweep=seeds",
    ),
    (
        "sweep=what_can_go_wrong experiment=good",
        "experiment=good\n  sweep=what_can_go_wrong itself runs over experiment=good,learning_rate_too_high,"
        "learning_rate_too_low,too_few_epochs,too_many_epochs and you typed experiment=good: "
        "leave one of the two out",
    ),
    (
        "-m experiment=too_few_epochs schedule.epochs=1,2",
        "schedule.epochs=2\n"
        "  experiment=too_few_epochs itself sets schedule.epochs=1 and you typed schedule.epochs=2: "
        "leave one of the two out\n"
        "  try: experiment=too_few_epochs without schedule.epochs, "
        "or schedule.epochs=2 without experiment=too_few_epochs",
    ),
    # Several values.
    (
        "optimizer.lr=0.1,0.2",
        "optimizer.lr=0.1,0.2\n  several values: add -m to train one run for each\n  try: -m optimizer.lr=0.1,0.2",
    ),
    (
        "model=small_cnn,linear",
        "model=small_cnn,linear\n  several values: add -m to train one run for each\n  try: -m model=small_cnn,linear",
    ),
    ("-m sweep=seeds,epochs", "sweep=seeds,epochs\n  one sweep at a time\n  try: sweep=learning_rate"),
    (
        "-m 'optimizer.lr=interval(0.1,0.2)'",
        "optimizer.lr=interval(0.1,0.2)\n  an interval has no list of values to run over\n"
        "  try: optimizer.lr=0.1,0.2 or range(1,5)",
    ),
    (
        "-m optimizer.lr=0.1,0.01,abc",
        "optimizer.lr=abc\n  must be a number above 0\n  try: optimizer.lr=3e-3",
    ),
    # What Hydra's grammar cannot read.
    (
        "dataset=folder dataset.root=a,b",
        "dataset.root=a,b\n  several values: quote it if it is one; add -m to train one run for each\n"
        "  try: \"dataset.root='a,b'\"",
    ),
    (
        "dataset=folder dataset.root=pictures[1]",
        "dataset.root=pictures[1]\n"
        "  a value with commas, brackets, braces, colons, equals signs, quotes or spaces must be quoted\n"
        "  try: \"dataset.root='pictures[1]'\"",
    ),
    (
        "dataset=folder dataset.root=a=b",
        "dataset.root=a=b\n"
        "  a value with commas, brackets, braces, colons, equals signs, quotes or spaces must be quoted\n"
        "  try: \"dataset.root='a=b'\"",
    ),
    ("dataset", "dataset\n  an override is written key=value"),
    ("=1", "=1\n  an override is written key=value"),
    ("a..b=1", "a..b=1\n  an override is written key=value"),
    # Interpolations to nowhere.
    ("'optimizer.lr=${nowhere}'", "optimizer.lr\n  Interpolation key 'nowhere' not found"),
    ("'seed=${nowhere}'", "seed\n  Interpolation key 'nowhere' not found"),
    # Launchers and sweepers that this project does not have.
    (
        "-m hydra/launcher=sbatch",
        "hydra/launcher=sbatch\n  there is no hydra/launcher called sbatch; there are: basic, joblib, parallel, ray, "
        "submitit_local, submitit_slurm, vectorised",
    ),
    (
        "-m seed=0,1 hydra/launcher=parallel hydra.launcher.workrs=3",
        "hydra.launcher.workrs=3\n  there is no key hydra.launcher.workrs; hydra/launcher=parallel has: workers\n"
        "  try: hydra.launcher.workers=3",
    ),
    (
        "-m seed=0,1 hydra.launcher.workers=1",
        "hydra.launcher.workers=1\n  there is no key hydra.launcher.workers; hydra/launcher=basic has: none\n"
        "  try: hydra/launcher=parallel hydra.launcher.workers=1",
    ),
    (
        "-m seed=0,1 hydra/launcher=ray hydra.launcher.ray.remote.num_cpu=2",
        "hydra.launcher.ray.remote.num_cpu=2\n  there is no key hydra.launcher.ray.remote.num_cpu; hydra/launcher=ray "
        "has: ray.init.address, ray.init.num_cpus, ray.init.num_gpus, ray.init.object_store_memory, "
        "ray.init.include_dashboard, ray.init.namespace, ray.init.runtime_env, ray.remote.num_cpus, "
        "ray.remote.num_gpus, ray.remote.memory, ray.remote.resources, ray.remote.accelerator_type, "
        "ray.remote.scheduling_strategy, ray.remote.runtime_env\n  try: hydra.launcher.ray.remote.num_cpus=2",
    ),
    (
        "-m seed=0,1 hydra/launcher=submitit_slurm hydra.launcher.timeout_min=-1",
        "hydra.launcher.timeout_min=-1\n  this is no number of minutes; it must be an integer of at least 1\n"
        "  try: hydra.launcher.timeout_min=60",
    ),
    (
        "-m seed=0,1 hydra/launcher=submitit_slurm hydra.launcher.nodes=2",
        "hydra.launcher.nodes=2\n  a job is one process, so it must be 1; more GPUs for each job: trainer.devices\n"
        "  try: hydra.launcher.nodes=1",
    ),
    (
        "-m seed=0,1 hydra/launcher=joblib hydra.launcher.n_jobs=0",
        "hydra.launcher.n_jobs=0\n  this is no number of processes; it must be an integer of at least 1, "
        "or -1 for as many as there are cores\n  try: hydra.launcher.n_jobs=2",
    ),
    # The data's folder.
    (
        "dataset=folder",
        "dataset.root\n  is missing: folder of class/image files; train/, valid/ (or val/), test/ above the classes "
        "fix the split\n  try: dataset.root=FOLDER",
    ),
    (
        "dataset=folder dataset.root=nowhere",
        "dataset.root=nowhere\n  there is no such folder. It must be a folder with one "
        "subfolder of images a class. Check the path; a relative one starts at the working folder.",
    ),
    # Flags.
    (
        "--verbos",
        "experiments fit\n  unrecognized arguments: --verbos\n  try: experiments fit --help",
    ),
    ("--multirn", "experiments fit\n  unrecognized arguments: --multirn\n  try: --multirun"),
    ("--config-dir nowhere", "--config-dir nowhere\n  there is no such folder"),
    ("--package model", "experiments fit\n  --package and --resolve only go with --cfg\n  try: experiments fit --help"),
]


def message(*problems: str) -> str:
    head = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    body = "\n\n".join("\n".join(f"  {line}" for line in problem.splitlines()) for problem in problems)
    return f"error: {head}, nothing was trained\n\n{body}\n"


@pytest.mark.parametrize(("line", "problem"), ONE_MISTAKE, ids=[line for line, _ in ONE_MISTAKE])
def test_one_mistake(refused: Refused, line: str, problem: str) -> None:
    assert refused(f"fit {line}") == message(problem)


def test_the_whole_message_once_letter_by_letter(refused: Refused) -> None:
    assert refused("fit lr=0.1 model=smal_cnn optimizer.weight_decay=-1") == dedent(f"""\
        error: 3 mistakes, nothing was trained

          model=smal_cnn
            there is no model called smal_cnn; there are: {MODELS}
            try: model=small_cnn

          lr=0.1
            there is no key lr
            try: optimizer.lr=0.1

          optimizer.weight_decay=-1
            must be a number of at least 0
            try: optimizer.weight_decay=1e-2
        """)


def test_a_sweep_is_refused_with_the_mistakes_of_all_its_jobs(refused: Refused) -> None:
    assert refused("fit sweep=seeds seed=7 lr=1 optimizer.lr=abc,-1") == message(
        "seed=7\n  sweep=seeds itself runs over seed=0,1,2,3,4 and you typed seed=7: leave one of the two out",
        "lr=1\n  there is no key lr\n  try: optimizer.lr=1",
        "optimizer.lr=abc\n  must be a number above 0\n  try: optimizer.lr=3e-3",
        "optimizer.lr=-1\n  must be a number above 0\n  try: optimizer.lr=3e-3",
    )


def test_what_the_experiments_of_a_sweep_set_is_named_with_both_values(refused: Refused) -> None:
    def clash(experiment: str, theirs: str) -> str:
        return (
            f"optimizer.lr=0.1\n  experiment={experiment} itself sets optimizer.lr={theirs} and you typed "
            "optimizer.lr=0.1: leave one of the two out\n"
            f"  try: experiment={experiment} without optimizer.lr, or optimizer.lr=0.1 without experiment={experiment}"
        )

    assert refused("fit sweep=what_can_go_wrong optimizer.lr=0.1") == message(
        clash("learning_rate_too_high", "0.5"), clash("learning_rate_too_low", "1e-05")
    )


def test_a_sweep_over_what_the_experiment_sets_names_both_values(refused: Refused) -> None:
    # epochs=1 is what the experiment says too, so there are four mistakes in five jobs.
    assert refused("fit sweep=epochs experiment=too_few_epochs") == message(
        *(
            f"schedule.epochs={n}\n  experiment=too_few_epochs itself sets schedule.epochs=1 and the sweep sets "
            f"schedule.epochs={n}: leave one of the two out"
            for n in (2, 4, 8, 16)
        )
    )


def test_a_sweep_on_a_recipe_that_its_experiments_do_not_fit(refused: Refused) -> None:
    assert refused("fit sweep=what_can_go_wrong recipe=line") == message(
        *(
            f"experiment={name}\n  experiment={name} is made for classification and dataset=line is regression\n"
            "  try: experiment=good"
            for name in ("learning_rate_too_high", "learning_rate_too_low", "too_few_epochs", "too_many_epochs")
        )
    )


@pytest.mark.parametrize(
    ("files", "root", "problem"),
    [
        (
            [],
            "pictures",
            "has no images in it. It must be a folder with one subfolder of images a class. "
            "Put images there, or give another folder.",
        ),
        (
            ["bears/1.png"],
            "pictures",
            "has only one class: bears. It must be a folder with one subfolder of images a "
            "class, at least two. Add a folder with images of another class.",
        ),
        (
            ["bears/1.png", "wolves/1.png"],
            "picturs",
            "there is no such folder. It must be a folder with one subfolder of images a class. Did you mean pictures?",
        ),
        (
            ["bears/1.png", "wolves/1.png"],
            "pictures/bears/1.png",
            "is a file. It must be a folder with one subfolder of images a class. "
            "Give the folder above the class folders.",
        ),
    ],
    ids=["empty", "one class", "misspelt", "a file"],
)
def test_a_folder_that_cannot_be_trained_on(
    refused: Refused, here: Path, files: list[str], root: str, problem: str
) -> None:
    (here / "pictures").mkdir()
    for file in files:
        (here / "pictures" / file).parent.mkdir()
        (here / "pictures" / file).write_bytes(b"\x89PNG\r\n\x1a\n")
    assert refused(f"fit dataset=folder dataset.root={root}") == message(f"dataset.root={root}\n  {problem}")


def option(folder: Path, name: str, text: str) -> None:
    path = folder / "mine" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.joinpath(name).parent.mkdir(exist_ok=True)
    path.write_text(text)


GLOBAL = "# @package _global_\n"


@pytest.mark.parametrize(
    ("name", "text", "problems"),
    [
        (
            "optimizer/mine",
            "lr: 0.1\n",
            ["optimizer=mine\n  its file has no _target_, the thing to build\n  try: optimizer=adamw"],
        ),
        (
            "optimizer/mine",
            "",
            ["optimizer=mine\n  its file has no _target_, the thing to build\n  try: optimizer=adamw"],
        ),
        (
            "optimizer/mine",
            "_target_: torch.optim.SGD\nlr: 0.1\nmomentum: 0.9\n",
            [
                "optimizer=mine\n  its file does not give optimizer.weight_decay, pulls the weights towards 0: "
                "decoupled from the gradient with adamw, an L2 penalty with sgd; of a model with a body it leaves "
                "biases and norm layers alone: a number of at least 0"
            ],
        ),
        (
            "experiment/mine",
            f"{GLOBAL}optimizer: {{lrr: 1}}\n",
            [
                "optimizer.lrr=1\n  there is no key optimizer.lrr; optimizer has: lr, weight_decay, betas\n"
                "  try: optimizer.lr=1"
            ],
        ),
        (
            "experiment/mine",
            "optimizer: {lr: 1}\n",
            ["experiment=mine\n  the first line of a file in experiment/ must be: # @package _global_"],
        ),
        (
            "experiment/mine",
            f'{GLOBAL}expect: {{error_rate: "5 %", verdict: helthy, acuracy: "> 0.9"}}\n',
            [
                'expect.error_rate=5 %\n  must be a bound such as "< 0.05", "> guessing" or "< 0.2 * guessing"',
                "expect.verdict=helthy\n  a verdict is one of: learning_rate_too_high, learning_rate_too_low, "
                "too_few_epochs, too_many_epochs, late_collapse, not_enough_data, noisy_labels, schedule_error, "
                "healthy, inconclusive\n  try: expect.verdict=healthy",
                "expect.acuracy\n  can be expected: verdict, error_rate, valid_loss, train_loss, train_loss_eval, "
                "train_error_rate_eval, rmse",
            ],
        ),
        (
            "sweep/mine",
            f'{GLOBAL}name: mine\nhydra:\n  mode: MULTIRUN\n  sweeper: {{params: {{optimizer.lr: "0.1,x"}}}}\n',
            ["optimizer.lr=x\n  must be a number above 0\n  try: optimizer.lr=3e-3"],
        ),
        (
            "recipe/mine",
            f"{GLOBAL}defaults: [/dataset: digits, /model: linear, /optimizer: sgd, /schedule: constant, _self_]\n",
            [
                "trainer=???\n  no trainer is chosen\n  try: trainer=auto",
                "logger=???\n  no logger is chosen\n  try: logger=tensorboard",
            ],
        ),
    ],
)
def test_a_file_of_ones_own_that_cannot_stand(
    refused: Refused, here: Path, name: str, text: str, problems: list[str]
) -> None:
    option(here, name, text)
    assert refused(f"fit --config-dir mine {name}".replace("/mine", "=mine")) == message(*problems)


def test_broken_yaml_is_answered_with_file_and_line(refused: Refused, here: Path) -> None:
    option(here, "optimizer/mine", "lr: [1\nbetas: 2\n")
    file = here / "mine" / "optimizer" / "mine.yaml"
    assert refused("fit --config-dir mine optimizer=mine") == message(
        f'a configuration file\n  while parsing a flow sequence\n  in "{file}", line 1, column 5\n'
        f"  expected ',' or ']', but got ':'\n  in \"{file}\", line 2, column 6"
    )


def test_a_file_that_picks_what_does_not_exist(refused: Refused, here: Path) -> None:
    option(here, "experiment/mine", f"{GLOBAL}defaults: [override /optimizer: nope, _self_]\n")
    assert refused("fit --config-dir mine experiment=mine") == message(
        "the configuration\n  In 'recipe/digits': Could not find 'optimizer/nope'\n"
        "  Available options in 'optimizer':\n  adamw\n  sgd"
    )


def test_what_an_experiment_picks_may_not_be_picked_again_but_its_other_keys_may_be_set(
    refused: Refused, typed: Typed, here: Path
) -> None:
    option(here, "experiment/mine", f"{GLOBAL}defaults: [override /optimizer: sgd, _self_]\noptimizer: {{lr: 0.2}}\n")
    assert refused("fit --config-dir mine experiment=mine optimizer=adamw") == message(
        "optimizer=adamw\n  experiment=mine itself sets optimizer=sgd and you typed optimizer=adamw: "
        "leave one of the two out\n"
        "  try: experiment=mine without optimizer, or optimizer=adamw without experiment=mine"
    )
    answer = typed("fit --config-dir mine experiment=mine optimizer.momentum=0 optimizer.lr=0.2 --dry-run")
    assert (answer.code, answer.err) == (0, "")


def test_an_expectation_is_refused_where_it_cannot_be_read(refused: Refused) -> None:
    assert refused("fit recipe=line \"expect.rmse='< x'\"") == message(
        'expect.rmse=< x\n  must be a bound such as "< 0.05", "> guessing" or "< 0.2 * guessing"'
    )


@pytest.mark.parametrize(
    ("line", "instead"),
    [("vit", "experiments --help"), ("lisst", "experiments list"), ("lr=0.1", "experiments fit lr=0.1")],
)
def test_a_verb_that_does_not_exist(refused: Refused, line: str, instead: str) -> None:
    there_are = "there are: fit, lr-find, diagnose, data, report, draw, tour, cache, list, explain"
    assert refused(line) == f"error: experiments {line}\n  there is no verb {line}; {there_are}\n  try: {instead}\n"


def test_twelve_mistakes_are_shown_and_the_others_counted(refused: Refused) -> None:
    words = " ".join(f"nothing{i}x=1" for i in range(15))
    text = refused(f"fit {words}")
    assert text.startswith("error: 15 mistakes, nothing was trained\n\n")
    assert text.count("there is no key") == 12
    assert text.endswith("\n\n  ... and 3 more\n")


def test_a_process_refuses_without_torch_and_without_a_traceback(here: Path) -> None:
    (here / "empty").mkdir()
    lines = [
        ["fit", "lr=0.1"],
        ["fit", "-m", "optimizer.lr=0.1,abc"],
        ["fit", "dataset=folder", "dataset.root=empty"],
        ["fit", "sweep=what_can_go_wrong", "--dry-run"],
        ["fit", "--cfg", "job"],
        ["fit", "--help"],
        ["lr-find", "-m", "seed=1,2"],
        ["lr-find", "lr=0.1"],
        ["lr-find", "--cfg", "job"],
        ["lr-find", "--help"],
        ["list"],
        ["explain", "optimizer.lr"],
    ]
    program = dedent(f"""\
        import sys
        from experiments.cli import main
        print([main(line) for line in {lines!r}], file=sys.stderr)
        heavy = {{"torch", "pytorch_lightning", "torchvision", "pandas", "matplotlib"}}
        print(sorted(heavy & set(sys.modules)), file=sys.stderr)
        """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=here, timeout=120)
    assert done.stderr.endswith("[2, 2, 2, 0, 0, 0, 2, 2, 0, 0, 0, 0]\n[]\n")
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
    assert [path.name for path in here.iterdir()] == ["empty"]
