"""A page in a headless browser, where there is one."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """The first that starts: some systems have a stub that only says how to install it."""
    for path in filter(None, map(shutil.which, NAMES)):
        if subprocess.run([path, "--version"], capture_output=True).returncode == 0:
            return path
    return None


CHROMIUM = find_chromium()

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason=f"none of {', '.join(NAMES)} starts")


def open_in_browser(page: Path, profile: Path) -> tuple[str, list[str]]:
    """The document after its scripts have run, and what they wrote to the console."""
    assert CHROMIUM is not None
    flags = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND"),
        *("--enable-logging=stderr", "--virtual-time-budget=5000", "--window-size=1280,2000"),
    ]
    done = subprocess.run(
        [CHROMIUM, *flags, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "HOME": str(profile)},
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
