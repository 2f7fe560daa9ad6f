"""Finds a Chromium for the browser tests, or installs one, or says in one sentence what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The Chromium named by CHROMIUM, else one on the PATH."""
    named = os.environ.get("CHROMIUM", "")
    if named:
        if not Path(named).exists():
            sys.exit(f"CHROMIUM names {named}, which does not exist. Correct it or unset it.")
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def has_chinese_font() -> bool:
    listed = shutil.which("fc-list")
    if not listed:
        return True
    out = subprocess.run([listed, ":lang=zh"], capture_output=True, check=False)
    return bool(out.stdout.strip())


def install() -> str | None:
    """With apt-get as root, with a Chinese font for the pictures; else Playwright's own."""
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "chromium", "fonts-noto-cjk"],
            env=environment,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if found := find():
            return found
    done = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return "playwright" if done.returncode == 0 else None


def main() -> None:
    found = find()
    if found is None or not has_chinese_font():
        found = install() or found
    if found is None:
        sys.exit(
            "The browser tests need Chromium: install it (Debian: apt-get install chromium; "
            "macOS: brew install --cask chromium) or name one with CHROMIUM=/path, "
            "then run make test again."
        )
    print(f"Chromium: {found}")


if __name__ == "__main__":
    main()
