"""Commands in forks of one process that has imported what they import.

A fresh process spends seconds on importing, before it looks at its first flag. A fork is a process of its own all the
same: it has its own arguments, streams and exit code, runs the command's module as `python -m` does, and ends as an
interpreter ends. What a fork must not inherit is threads: nothing here may compute before it.

  python -m tests.command_server

reads a line for each command, a JSON object with `study`, `arguments`, `environment`, the files `out` and `err`, and
`seconds` that it may take. It answers each with a line: the exit code, negative for a signal.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import sys
import threading
from typing import Any

# Not the commands' own modules: those run afresh in each fork, and define their flags there.
IMPORTED = (
    "experiments._command",
    "randarch.studies.dataset_transfer",
    "randarch.studies.random_conv_sweep",
    "randarch.studies.receptive_field",
    "randarch.studies.rfm_correlation",
    "randarch.studies.structural_sampling",
)


def redirect(stream: int, path: str, mode: int) -> None:
    opened = os.open(path, mode, 0o600)
    os.dup2(opened, stream)
    os.close(opened)


def may_fork() -> bool:
    """No thread of Python's, and none of JAX's: those of the other libraries look after themselves in a fork."""
    from jax._src import xla_bridge

    return threading.active_count() == 1 and not xla_bridge.backends_are_initialized()


def serve() -> dict[str, Any] | None:
    """Returns a request in each fork, and None at the end of the requests."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    # From here on nothing that is read or printed gets between requests and answers.
    redirect(0, os.devnull, os.O_RDONLY)
    redirect(1, os.devnull, os.O_WRONLY)
    for module in IMPORTED:
        importlib.import_module(module)
    gc.freeze()  # or each fork looks for garbage in all that was imported when it ends: three quarters of its time
    for line in requests:
        assert may_fork()
        child = os.fork()
        if child == 0:
            requests.close()
            answers.close()
            return json.loads(line)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)
    return None


def become(request: dict[str, Any]) -> None:
    """The command, from its first line to its end."""
    signal.alarm(request["seconds"])  # ends a process that does not end, whatever it is at
    create = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    redirect(1, request["out"], create)
    redirect(2, request["err"], create)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    runpy.run_module(f"experiments.{request['study']}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    asked = serve()
    if asked is not None:
        become(asked)
