"""Every number that a rule compares with, with its reason. Losses count in what guessing loses, so that ten classes
and three, and a regression, are measured alike."""

BEYOND_NOISE = 2.0
"""Standard errors that a difference must exceed: 95 % of the time chance alone does not."""

# The rate is too high.

ABOVE_GUESSING = 2.0
"""A validation loss of twice guessing's is worse than knowing nothing: only a spoilt network is so sure and
so wrong."""

WORSE_THAN_HALF_GUESSING = 0.5
"""Above half of guessing's error little has been learned; a network that is right more often is at most
over-confident."""

SPOILT = 10.0
"""Where guessing's loss is unknown: a validation loss of so many times the training loss, with an error above
SPOILT_ERROR."""

SPOILT_FOR_SURE = 1000.0
"""The same where no error is recorded: a network that learned its images by heart has a hundred times."""

SPOILT_ERROR = 0.5
"""An error that a network which learned anything is below, whatever the number of classes."""

WINDOW = 5
"""Steps over which the training loss is averaged: one odd batch is no leap."""

SPIKE = 1.25
"""A windowed training loss of so many times the start has left the valley; healthy runs stay below 1.03 on digits."""

LEAP = 0.4
"""A rise of the windowed training loss above its lowest, in guessing's loss. On digits the best rates stay below 0.3,
and those that end worse rise by 0.4 to 12; what rises and is made good is no alarm."""

STUCK = 0.3
"""Above this share of guessing's loss at the end, a leap has not been made good."""

STUCK_LEAP = 0.1
"""A rise from which a run did not get below STUCK: rates that are too low rise by no more than 0.07."""

BATCH_NOISE = 12.0
"""Standard errors of a windowed loss that a rise must exceed: among hundreds of windows chance alone reaches 11 where
labels are wrong, and rates that are too high mostly make it 14 to thousands."""

NOT_RECOVERED = 0.03
"""A leap counts if the final training loss is above this share of guessing's: what was healed did no harm."""

PRINTED_SPIKE = 1.05
"""The mean training loss of some epoch over guessing's, where the validation loss ends no better than guessing: from
below guessing's, it takes a leap to get there. (A head with dropout begins above, but ends below.)"""

PRINTED_ABOVE = 1.03
"""That mean over the final validation loss, too: a network that begins above guessing and stays has both alike."""

KNEW_SOMETHING = 0.8
"""An error below this share of guessing's: above it nothing was learned that could get worse."""

PLATEAU_RISES = 1 / 3
"""A share of epochs in which the validation loss rose. With a rate that is too low it falls every time."""

# The network is not fitted enough.

UNFITTED = 0.75
"""Above this share of guessing's loss after one epoch hardly anything has been learned. After n epochs (of at least
EPOCH_STEPS steps) a run that goes well is below it divided by n squared."""

EPOCH_STEPS = 20
"""An epoch of fewer steps counts as a part of one; a run of fewer steps in all says nothing about its rate."""

ENOUGH_STEPS = 60
"""What a run that was stopped after a handful of steps is prolonged to at least."""

UNDERFIT = 0.1
"""Below this share of guessing's loss the training images are known well enough not to raise an alarm."""

UNDERFIT_ON_OTHERS = 0.35
"""The same where only the validation images tell: some of them no training makes right."""

UNDERFIT_REGRESSION = 0.15
"""The same in a regression, where the loss alone tells and noise is part of it."""

KNOWS_LITTLE = 0.25
"""Above this share of guessing's error the loss alone says how much is left to learn."""

UNSURE = 0.03
"""A loss above the entropy of its errors by this share of guessing's is that of a network that is less sure than it may
be. With a tenth or three tenths of the labels wrong, trained networks are below 0.03."""

NO_GAP = 0.75
"""Training loss (evaluation mode) over validation loss: above this the network has not begun to learn by heart."""

HARDLY_MOVED = 0.95
"""Above this share of the start the loss has hardly moved: the next rate is a hundred times higher, not ten."""

STEPS_TO_MOVE = 5
"""In so many steps a rate that is right moves the loss: on digits all from 3e-3 on do, and 1e-3 does not."""

STOPPED_FALLING = 0.85
"""So much of the whole descent within the first half of the way (the sum of the rates): what is left of the loss is
not for want of steps but of labels, data or a larger network. Runs that were cut short are below 0.7."""

STOPPED_LONG_AGO = 0.95
"""The same within the first half of the epochs, where no steps are recorded: under an annealed rate most of the descent
is there anyway."""

LEAST_EPOCHS = 4
"""Epochs that have a first and a second half to speak of."""

WELL_ABOVE = 1.1
"""The same where the error, too, has fallen below half of guessing's."""

PRINTED_GAP = 2.0
"""A printed training loss of so many times the validation loss after a single epoch is the sign of one stopped early.
It is a mean over an epoch that began with nothing learned, so over several epochs it proves nothing."""

CRAWLING = 0.25
"""Where guessing's loss is unknown: the share of the validation loss by which a crawling run falls at most."""

CRAWLING_ERROR = 0.25
"""Where the number of classes is unknown: an error rate above which a crawling run is not simply at its end."""

# The error got worse.

SMOOTHING = 3
"""Epochs over which an error is averaged before its minimum is sought: the lowest of forty noisy ones flatters."""

STEADY_RISES = 4
"""Epochs in a row that are each worse than the one before: chance does it once in 120 times."""

STEADY_RISE = 1.25
"""The last of them over the smoothed minimum."""

OVER_CONFIDENT = 1.05
"""A validation loss of so many times its minimum, with an error that did not rise, is over-confidence."""

COLLAPSED = 2.0
"""A training error or loss of so many times its value at the best epoch: it is forgetting, not learning by heart."""

PRINTED_COLLAPSED = 1.25
"""The same of a printed training loss, which is a mean over the epoch: where it rises at all, nothing is learned by
heart."""

COLLAPSED_ALONG = 0.5
"""The rise of the training error over that of the validation error, from which on the former goes along."""

# Nothing is wrong; where there may be more.

ROOM_FOR_RATE = 0.1
"""A smaller rise of the windowed training loss leaves room for a higher rate: near the best one it is 0.1 to 0.3."""

WELL_FITTED = 0.05
"""A final training loss below this share of guessing's: more epochs help more than a higher rate."""

LONG_ENOUGH_STEPS = 300
"""Steps below which a run has not shown what its network can reach: on digits the error still falls from 88 to 352."""

KNOWN_BY_HEART = 0.001
"""A final training loss below this share of guessing's: more of the same teaches nothing."""

# Other.

UNKNOWN_SIZE = 0.05
"""The share of an error that counts as noise where the size of the validation set is not known."""

RATE_REACHED = 0.5
"""A schedule whose highest recorded rate is below this share of the configured one has never been through its peak."""

RATE_STILL_HIGH = 0.5
"""A last rate above this share of the highest: a training that was cut off before its annealing."""

LABELS_WRONG = 0.1
"""A training error at the best epoch above this is well above zero."""

FALLS_ON = 0.5
"""The final training error over that of the best epoch: below this the network went on to learn the rest by
heart."""

IMBALANCE = 3.0
"""Largest over smallest class. The lesson's 200 against 50 needs no cure, so it is never more than a note."""

KNOWN_IN_TRAINING = 0.01
"""A training error below this: the training images are known, what is wrong on the others is for want of more."""

FELL, AT_REST = 0.8, 0.01
"""A regression's training loss fell to less than this share of where it began, and in the second half of the epochs
moved by less than this share of itself: a line at a hundredth of its critical rate still moves by a tenth."""

TOO_STIFF = 0.15
"""At rest with so much of guessing's loss left, a model cannot follow the points: a straight line through the shipped
polynomial's curve keeps half of it, the cubic a tenth."""

WORTH_MENTIONING = 0.02
"""A rate of this share of the critical one comes to rest along the steepest direction within some hundred steps."""

NEAR_CRITICAL = 0.98
"""From this share of the critical rate on, what is left along the steepest direction shrinks by no more than a
twenty-fifth a step: after a hundred steps 2 % of it are there still."""
