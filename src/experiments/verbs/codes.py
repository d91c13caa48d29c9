"""The exit codes of the command line."""

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
