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


def can_install() -> bool:
    return os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def has_chinese_fonts() -> bool:
    """Whether the machine can draw even the rare characters of names, such as 𠮷.

    Where that cannot be asked, no.
    """
    listed = shutil.which("fc-list")
    if not listed:
        return False
    out = subprocess.run([listed, ":charset=20bb7"], capture_output=True, check=False)
    return bool(out.stdout.strip())


def install() -> str | None:
    """With apt-get as root, with Chinese fonts for pictures of pages; else Playwright's own."""
    if can_install():
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "chromium", "fontconfig", "fonts-noto-cjk"],
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
    if found is None or (can_install() and not has_chinese_fonts()):
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
