"""A PostgreSQL of the test's own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import postgres


@pytest.fixture
def empty_server() -> Iterator[str]:
    """The address of a PostgreSQL that holds nothing yet."""
    folder = Path(tempfile.mkdtemp(prefix="cc-"))
    postgres.start(folder)
    yield postgres.url(folder)
    postgres.stop(folder)
    shutil.rmtree(folder)
