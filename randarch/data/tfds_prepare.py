"""Downloads and prepares a TFDS data set in a process of its own.

A process of its own, because a stand-in for TensorFlow is installed and network calls are
bounded, neither of which should reach the caller's process. Reads {"name", "data_dir"} as JSON
from standard input, writes {"error": kind, "detail": text} as the last line of standard output
(kind null on success). Progress goes to standard error.
"""

import json
import logging
import os
import socket
import sys
import threading
import urllib.error

RETRIES = 2
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 12.0  # from a request to the first byte, name look-up and the retries included
STALL_SECONDS = 30.0  # between two blocks of a download


class Unreachable(OSError):
    """No answer from a host within ANSWER_SECONDS."""


def prepare(name: str, data_dir: str | None) -> None:
    """Downloads what is missing and writes the data set as ArrayRecord files.

    Args:
        name: TFDS name, with config and version if wanted (`name/config:version`).
        data_dir: TFDS folder; None for TFDS's own default.

    Raises:
        Unreachable: a host does not answer.
        Exception: whatever else TFDS raises.
    """
    from . import tensorflow_standin

    tensorflow_standin.install()
    import tensorflow_datasets as tfds

    _bound_network()
    for logger in ("absl", "urllib3"):  # the caller hears of errors in one line
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    builder = tfds.builder(name, data_dir=data_dir, file_format="array_record")
    builder.download_and_prepare()


def _bound_network() -> None:
    """Gives every request a time limit: TFDS has none and tries ten times, which is minutes."""
    from tensorflow_datasets.core.download import downloader

    send = downloader.requests.adapters.HTTPAdapter.send

    def bounded_send(self, request, **options):
        options["timeout"] = (CONNECT_SECONDS, STALL_SECONDS)
        self.max_retries = self.max_retries.new(total=RETRIES)
        outcome: list = []

        def attempt() -> None:
            try:
                outcome.append((send(self, request, **options), None))
            except Exception as error:
                outcome.append((None, error))

        # A thread, because looking up a name has no time limit of its own.
        thread = threading.Thread(target=attempt, daemon=True)
        thread.start()
        thread.join(ANSWER_SECONDS)
        if not outcome:
            raise Unreachable(f"no answer from {request.url} in {ANSWER_SECONDS:.0f} s")
        response, error = outcome[0]
        if isinstance(error, downloader.requests.ConnectionError | downloader.requests.Timeout):
            raise Unreachable(f"no connection to {request.url}") from error
        if error is not None:
            raise error
        return response

    downloader.requests.adapters.HTTPAdapter.send = bounded_send
    socket.setdefaulttimeout(STALL_SECONDS)  # FTP goes through urllib


def _kind(error: BaseException) -> str:
    """Sorts an error by the remedy: network, tensorflow, space, or other."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ImportError):
            return "tensorflow" if "tensorflow" in str(cause) else "missing"
        if isinstance(cause, Unreachable | TimeoutError | urllib.error.URLError):
            return "network"
        if isinstance(cause, OSError) and cause.errno == 28:
            return "space"
        cause = cause.__cause__ or cause.__context__
    return "other"


def main() -> None:
    request = json.loads(sys.stdin.read())
    try:
        prepare(request["name"], request["data_dir"])
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        # What a failed example looked like is long; the last line is the cause.
        detail = lines[-1] if lines else type(error).__name__
        print(json.dumps({"error": _kind(error), "detail": detail[:300]}), flush=True)
    else:
        print(json.dumps({"error": None, "detail": ""}), flush=True)
    sys.stderr.flush()
    os._exit(0)  # threads of TFDS that still wait for the network would hold the process


if __name__ == "__main__":
    main()
