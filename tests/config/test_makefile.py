"""The Makefile's checks fail where they cannot look."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_check_fails_where_its_list_of_files_cannot_be_made() -> None:
    done = subprocess.run(
        ["make", "--eval", "probe: ; @false | xargs true", "probe"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 2


def test_every_target_that_is_promised_is_listed() -> None:
    promised = (
        "demo", "test", "test-fast", "check", "format", "shell", "reset", "help", "backup",
        "restore", "smoke",
    )  # fmt: skip

    listed = subprocess.run(
        ["make", "help"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert [name for name in promised if f"make {name} " not in listed] == []
