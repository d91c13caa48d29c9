"""A Slurm cluster in a folder: `install` writes sbatch, srun, sacct, scancel and scontrol, which are this file.

Jobs really run, on this machine. What Slurm would keep in its database are files of the folder `SLURM_STAND_IN`.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = ("sbatch", "srun", "sacct", "scancel", "scontrol")
FOLDER = "SLURM_STAND_IN"


def install(folder: Path) -> Path:
    """The commands, to be put on PATH; returns their folder."""
    for name in COMMANDS:
        (folder / name).write_text(f"#!{sys.executable}\n{Path(__file__).read_text()}")
        (folder / name).chmod(0o755)
    return folder


def states(folder: Path) -> dict[str, str]:
    """What became of each job."""
    return {path.stem: path.read_text() for path in sorted(folder.glob("*.state"))}


def told(folder: Path, *words: str) -> None:
    """One of the commands, by hand."""
    subprocess.run([folder / words[0], *words[1:]], check=True, env={**os.environ, FOLDER: str(folder)})


def main(command: str, words: list[str]) -> None:
    folder = Path(os.environ[FOLDER])
    with (folder / "typed").open("a") as typed:
        typed.write(" ".join([command, *words]) + "\n")
    if command == "sbatch":
        sbatch(folder, Path(words[0]))
    elif command == "manage":
        manage(folder, words[0], Path(words[1]))
    elif command == "srun":
        srun(folder, words)
    elif command == "sacct":
        print("JobID|State|NodeList")
        for job, state in states(folder).items():
            print(f"{job}|{state}|here")
    elif command == "scontrol":
        assert words[0] == "requeue"
        (folder / f"{words[1]}.requeue").touch()
    else:
        scancel(folder, words)


def sbatch(folder: Path, script: Path) -> None:
    text = script.read_text()
    if "--partition=nowhere" in text:
        sys.exit("sbatch: error: invalid partition specified: nowhere")
    number = str(len(list(folder.glob("*.sh"))) + 1)
    (folder / f"{number}.sh").write_text(text)
    array = re.search(r"--array=0-(\d+)%(\d+)", text)
    for task in [f"{number}_{i}" for i in range(int(array[1]) + 1)] if array else [number]:
        put(folder, task, "PENDING")
    quiet = subprocess.DEVNULL
    manager = [sys.executable, __file__, "manage", number, array[2] if array else "1"]
    subprocess.Popen(manager, stdout=quiet, stderr=quiet, start_new_session=True)
    print(f"Submitted batch job {number}")


def manage(folder: Path, number: str, most: Path) -> None:
    """What Slurm's own daemons do: begin jobs, begin them again where that was asked for, note how they ended."""
    waiting = [task for task in states(folder) if task.split("_")[0] == number]
    running: dict[str, subprocess.Popen[bytes]] = {}
    while waiting or running:
        waiting = [task for task in waiting if states(folder)[task] == "PENDING"]
        while waiting and len(running) < int(str(most)):
            task = waiting.pop(0)
            running[task] = begun(folder, task)
        for task, process in list(running.items()):
            if process.poll() is None:
                continue
            del running[task]
            if (folder / f"{task}.requeue").exists():
                (folder / f"{task}.requeue").unlink()
                put(folder, task, "PENDING")
                waiting.append(task)
            elif states(folder)[task] == "RUNNING":
                put(folder, task, "FAILED" if process.returncode else "COMPLETED")
        time.sleep(0.02)


def begun(folder: Path, task: str) -> subprocess.Popen[bytes]:
    put(folder, task, "RUNNING")
    number, _, index = task.partition("_")
    environment = {**os.environ, "SLURM_JOB_ID": number, "SLURM_NTASKS": "1", "SLURM_PROCID": "0"}
    if index:
        environment |= {"SLURM_ARRAY_JOB_ID": number, "SLURM_ARRAY_TASK_ID": index}
    return subprocess.Popen(["bash", folder / f"{number}.sh"], env=environment, start_new_session=True)


def srun(folder: Path, words: list[str]) -> None:
    number, index = os.environ["SLURM_JOB_ID"], os.environ.get("SLURM_ARRAY_TASK_ID", "")
    task = f"{number}_{index}" if index else number
    for option, stream in (("--output", 1), ("--error", 2)):
        path = words[words.index(option) + 1].replace("%A_%a", task).replace("%j", task).replace("%t", "0")
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    (folder / f"{task}.pid").write_text(str(os.getpid()))
    command = words[words.index("--error") + 2 :]
    os.execvp(command[0], command)


def scancel(folder: Path, words: list[str]) -> None:
    options = dict(word.lstrip("-").split("=") for word in words if word.startswith("--"))
    asked = [word for word in words if not word.startswith("--")]
    for task, state in states(folder).items():
        if task not in asked and task.split("_")[0] not in asked:
            continue
        if state == "PENDING" and "signal" not in options:
            put(folder, task, "CANCELLED by 1000")
        if state == "RUNNING" and "state" not in options:
            how = getattr(signal, f"SIG{options.get('signal', 'KILL')}")
            if how == signal.SIGKILL:
                put(folder, task, "CANCELLED by 1000")
            os.kill(int((folder / f"{task}.pid").read_text()), how)


def put(folder: Path, task: str, state: str) -> None:
    aside = folder / f"{task}.aside"
    aside.write_text(state)
    aside.replace(folder / f"{task}.state")


if __name__ == "__main__":
    name = Path(sys.argv[0]).name
    main(*(("manage", sys.argv[2:]) if sys.argv[1:2] == ["manage"] else (name, sys.argv[1:])))
