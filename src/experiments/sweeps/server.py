"""The server that workers are forked from imports this first, and nobody else does.

`timeout`, `kill -- -PID` and systemd send SIGTERM to a whole process group: without its server the parent would take
workers for dead that live, while each of them is told by the parent. And a worker begins with both signals held.
"""

from experiments.sweeps.stopping import hold

hold()
