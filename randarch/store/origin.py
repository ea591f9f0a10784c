"""Where a result comes from: machine, versions, source, and the settings that shape it."""

import importlib.metadata
import os
import platform as host
import subprocess
from pathlib import Path
from typing import Any

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "randarch")
_PACKAGE_FOLDER = Path(__file__).resolve().parents[1]


def provenance(*, device: str, platform: str, **settings: Any) -> dict[str, Any]:
    """What `ResultStore.add_shard` records with its rows; takes some tens of milliseconds.

    Args:
      device: the accelerator's name, as `jax.devices()[0].device_kind`.
      platform: JAX's name for the backend: "cpu", "gpu" or "tpu".
      **settings: what else shapes the numbers, such as batch_norm, init and precision.

    Returns:
      device, platform, machine (processor, cores, system), versions (None: not installed), source
      (see `source_state`), and the settings.
    """
    return {
        "device": device,
        "platform": platform,
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": f"{host.system()} {host.machine()}",
        },
        "versions": {
            "python": host.python_version(),
            **{name: _version(name) for name in _PACKAGES},
        },
        "source": source_state(_PACKAGE_FOLDER),
        **settings,
    }


def source_state(folder: Path) -> dict[str, Any] | None:
    """The git commit of the checkout that has `folder`, and whether files in it differ from that.

    Returns:
      {"commit": str, "dirty": bool}, or None without git, outside a checkout, or where the checkout
      does not track the folder (a package installed inside somebody else's repository).
    """
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit or not _git(folder, "ls-files", "--", "."):
        return None
    changes = _git(folder, "status", "--porcelain", "--", ".")
    return None if changes is None else {"commit": commit, "dirty": bool(changes)}


def _git(folder: Path, *arguments: str) -> str | None:
    # A git hook that runs us sets GIT_DIR to its own repository.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return host.processor()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return host.processor()
