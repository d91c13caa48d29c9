"""Only the server that workers are forked from imports this, and before all else.

`timeout`, `kill -- -PID` and systemd send SIGTERM to a whole process group. The server must outlive that: once it is
gone, the parent takes its living workers for dead. And a worker, which inherits what is held, loses no signal while it
starts.
"""

from experiments.sweeps.stopping import hold

hold()
