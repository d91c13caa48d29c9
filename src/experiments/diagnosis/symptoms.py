"""What each symptom means, by what it is seen, and what helps: the words of `experiments explain SYMPTOM`."""

SYMPTOMS = {
    "learning_rate_too_high": """\
the steps are too long: the loss leaves the valley and stays out
seen by: a loss that is no number; a validation loss far above guessing's (ln of the number of classes); a training
  loss above where it began, or stuck there after a leap; an error that rises at once when a trained body is unfrozen
helps: a new model at a lower rate, a tenth or less (optimizer.lr; for unfrozen layers schedule.unfrozen_lr); the
  spoilt one cannot be saved by training on""",
    "learning_rate_too_low": """\
the steps are too short: the loss falls smoothly, and nobody would wait for it
seen by: after an epoch the training loss (evaluation mode) is above 75 % of guessing's, after n epochs above 75 % / n^2
  (but 10 %), with no gap to the validation loss
helps: ten times the rate; a hundred times if the loss hardly moved""",
    "too_few_epochs": """\
it was on its way, and stopped
seen by: a run of an epoch or so that knows much more than guessing, its training loss (evaluation mode) as high as
  its validation loss
helps: twice as many epochs; if that crawls, a higher rate. One run cannot always tell the two apart""",
    "too_many_epochs": """\
overfitting: the error improved for a while, then got worse by more than noise, while the training error fell on
seen by: the error rate alone, smoothed over three epochs, against the binomial error of the validation set and its own
  scatter. Never by the gap between the losses; a validation loss that rises with an error that does not is only
  over-confidence
helps: stop at the best epoch; more data; augmentation, dropout, weight decay""",
    "late_collapse": """\
it knew, and forgot: the error got worse, and the training error, too
seen by: both errors above those of an earlier epoch by more than noise
helps: a lower rate, or one that is annealed to nothing""",
    "not_enough_data": """\
nothing that can be set helps any more
seen by: a sweep only: the rate is bracketed, the longest run is no better, the training images are known
helps: more images, or augmentation""",
    "noisy_labels": """\
some labels may be wrong; never more than possible
seen by: training and validation error alike and well above zero at the best epoch; then the one falls, the other rises
helps: look at the images with the highest loss, and mend their labels""",
    "schedule_error": """\
the recorded rate never came near the configured one
seen by: the rate of each step; a one-cycle that takes its step after each epoch instead of each batch looks just like
  a rate that is too low
helps: let the schedule take a step after each batch""",
    "healthy": """\
nothing is wrong with the training; the error may still be too high for you
seen by: none of the others. A training loss below the validation loss is how every well-trained network looks; a
  printed training loss above it is a mean over the epoch with dropout and augmentation on. Neither is an alarm""",
    "inconclusive": """\
too little is recorded, or nothing was trained
seen by: no epoch; no validation loss or error; evaluations that are the same to the last digit""",
}
