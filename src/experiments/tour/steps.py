"""What the tour shows, in its order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One idea.

    Attributes:
        name: a word for it, in file names.
        title: in a few words.
        text: what to look at, two lines.
        commands: as they are typed; `*` and `?` are expanded as a shell does it.
        needs: names of the steps whose runs or pictures it looks at.
        downloads: what its commands fetch; where that cannot be had, the step is left out and nothing has failed.
    """

    name: str
    title: str
    text: tuple[str, str]
    commands: tuple[str, ...]
    needs: tuple[str, ...] = ()
    downloads: str | None = None


STEPS = (
    Step(
        "line",
        "Gradient descent fits a line",
        (
            "Two numbers, a guess, and a hundred steps down the slope of the loss. Watch fit.gif: the line swings in.",
            "At the end the coefficients are those of least squares, which are known exactly.",
        ),
        ("experiments fit recipe=line draw=true",),
    ),
    Step(
        "rates",
        "The learning rate: creeping, good, oscillating, diverging",
        (
            "The same line at eight rates. Where divergence starts can be computed on a parabola: the critical rate.",
            "Below half of it the steps creep; from there they hop from side to side, and beyond it ever further away.",
        ),
        ("experiments fit recipe=line sweep=learning_rate draw=true",),
    ),
    Step(
        "minibatches",
        "Minibatches: the same way, with noise",
        (
            "Fewer points a step make each step cheaper and its direction random. On average it is the same direction.",
            "In contours.png the paths tremble around the full batch's and never quite settle.",
        ),
        ("experiments fit recipe=line sweep=batch_size draw=true",),
    ),
    Step(
        "thousand",
        "A thousand lines at once",
        (
            "Twenty rates, each from fifty beginnings: no loop a thousand times, but one more dimension of a tensor.",
            "Each is a run of its own on disk. From wherever one begins, the rate decides (swept.png, curves.png).",
        ),
        ("experiments fit sweep=thousand_lines logger=csv",),
    ),
    Step(
        "degrees",
        "Too stiff, just right, too wiggly",
        (
            "Polynomials of degree 1 to 15 through the same 20 points. More parameters lower the training error;",
            "the validation error is lowest in between: see swept.png and fits.png. The validation set tells.",
        ),
        ("experiments fit sweep=polynomial_degree draw=true",),
    ),
    Step(
        "regularisation",
        "Weight decay is the better lever",
        (
            "Degree 12 is far too wiggly. More and more weight decay calms it without taking a parameter away,",
            "until it is nearly as good as the best degree; with too much of it the curve is too stiff again.",
        ),
        ("experiments fit sweep=regularisation hydra/launcher=vectorised draw=true",),
    ),
    Step(
        "digits",
        "The same fit, 95,242 numbers instead of two",
        (
            "Handwritten digits and a small convolutional network, through the very same code as the line.",
            "The loss on the validation images says how good it is; guessing would have 2.303.",
        ),
        ("experiments fit",),
    ),
    Step(
        "wrong",
        "What can go wrong",
        (
            "The run that goes right beside the rate too high, the rate too low, too few epochs and too many.",
            "Each said beforehand what must be seen; the doctor names it from the curves. See curves.png.",
        ),
        ("experiments fit sweep=what_can_go_wrong",),
    ),
    Step(
        "valley",
        "The learning rate again, on digits",
        (
            "From far too low to far too high: the valley of good rates is wide, and its walls are steep (swept.png).",
            "A sweep knows more than any single run in it, and may overrule what that says alone.",
        ),
        ("experiments fit sweep=learning_rate",),
    ),
    Step(
        "doctor",
        "What to try next",
        (
            "A run at a rate that is too high. The doctor names it, shows the evidence and prints the next command;",
            "with --apply it trains that, too, and compares.",
        ),
        ("experiments fit experiment=learning_rate_too_high", "experiments diagnose --apply"),
    ),
    Step(
        "overfitting",
        "Real overfitting",
        (
            "It takes wrong labels: a network that learns them by heart gets better first, then worse again.",
            "The error rate says so, beyond noise. Training loss below validation loss alone is no sign of it.",
        ),
        ("experiments fit -m experiment=good,wrong_labels_by_heart",),
    ),
    Step(
        "pictures",
        "Pictures of your own",
        (
            "A folder a class. Drawn bears stand in for photographs: some files are broken, some pictures twice there.",
            "Training leaves the broken ones out and names them; verify moves them aside, duplicates finds the copies.",
        ),
        (
            "experiments fit recipe=bears dataset=toy_bears model=small_cnn dataset.root=bears "
            "dataset.images_per_class=200 dataset.corrupt_files=0.02 dataset.near_duplicates=0.02",
            "experiments data verify bears --quarantine",
            "experiments data duplicates bears",
            "experiments data show bears --image-size 64 --to outputs/bears",
        ),
    ),
    Step(
        "transfer",
        "What a million numbers learnt from other pictures",
        (
            "A network that knows ImageNet, and a new head for the bears: four epochs of the head, two of every layer.",
            "The body is computed once a picture; then thirteen rates take seconds. lr-find looks for one in advance.",
        ),
        (
            "experiments fit recipe=bears dataset.root=bears model=squeezenet1_1",
            "experiments lr-find recipe=bears dataset.root=bears model=squeezenet1_1",
            "experiments fit sweep=learning_rate recipe=bears dataset.root=bears model=squeezenet1_1",
        ),
        needs=("pictures",),
        downloads="squeezenet1_1's ImageNet weights, 5 MB, once",
    ),
    Step(
        "bridge",
        "What fits two numbers is what fits a million",
        (
            "Loss against steps at a rate too low, good and too high: the line, the digits, the bears (bridge.png).",
            "Too low crawls, good falls and settles, too high leaves the valley: two numbers teach what millions do.",
        ),
        ("experiments draw multirun/learning_rate/*",),
        needs=("rates", "valley", "transfer"),
    ),
    Step(
        "balance",
        "Unbalanced classes",
        (
            "Every second class keeps a quarter of its images in training; then these are repeated up to the others.",
            "The lesson's advice is to do nothing first, and if anything to repeat the rare class.",
        ),
        ("experiments fit sweep=class_balance",),
    ),
    Step(
        "images",
        "How many images are enough?",
        (
            "The same four epochs on a twentieth of the training images up to all of them, thrice: see swept.png.",
            "Where the curve is still falling more images would help, and the last line says how much.",
        ),
        ("experiments fit sweep=training_images",),
    ),
    Step(
        "seeds",
        "Is the result stable?",
        (
            "The same run from five beginnings, on the same held-out images. They differ by chance alone:",
            "a change that gains less than that has shown nothing.",
        ),
        ("experiments fit sweep=seeds",),
    ),
)
