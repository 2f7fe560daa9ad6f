"""The real parts together: a cluster of its own process, a queue in the database, a mail file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from django.db import connection, transaction
from django_q.models import OrmQ

from notifications.choices import DeliveryState
from notifications.models import Delivery
from tests.factories.notifications import MessageFactory

# Only what fails takes that long: the machine may have much else to do.
PATIENCE = 120


@contextmanager
def running(folder: Path, socket_folder: str) -> "Iterator[subprocess.Popen[bytes]]":
    """A django-q cluster on the test's database, found in that folder; what it says, and the
    mails, are in the other."""
    parts = connection.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": (
            f"postgresql://{parts['USER']}:{parts['PASSWORD']}@/{parts['NAME']}"
            f"?host={socket_folder}&port={parts['PORT'] or 5432}"
        ),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(folder),
        "DEBUG": "1",
    }
    root = Path(__file__).resolve().parents[2]
    with (folder / "cluster.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=root,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=PATIENCE)


def wait_for(what: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def is_delivered() -> bool:
    return not OrmQ.objects.exists() and Delivery.objects.get().state == DeliveryState.SENT


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Path]:
    """A running cluster; gives the folder of its log and mails."""
    with running(tmp_path, connection.settings_dict["HOST"]):
        yield tmp_path


@pytest.mark.django_db(transaction=True)
def test_a_cluster_that_starts_before_the_database_waits_for_it(tmp_path: Path) -> None:
    name = f".s.PGSQL.{connection.settings_dict['PORT'] or 5432}"
    log = tmp_path / "cluster.log"
    MessageFactory()

    with running(tmp_path, str(tmp_path)) as process:
        wait_for(lambda: "Waiting for the database: " in log.read_text(), log)
        waits = (process.poll(), is_delivered())
        (tmp_path / name).symlink_to(Path(connection.settings_dict["HOST"]) / name)
        wait_for(is_delivered, log)

    assert waits == (None, False)
    assert log.read_text().count("Waiting for the database: ") == 1


@pytest.mark.django_db(transaction=True)
def test_the_cluster_delivers_what_was_committed_and_nothing_else(cluster: Path) -> None:
    with transaction.atomic():
        MessageFactory(subject="never")
        transaction.set_rollback(True)
    message = MessageFactory(subject="committed")

    wait_for(is_delivered, cluster / "cluster.log")

    files = list((cluster / "mail").iterdir())
    mail = message_from_bytes(files[0].read_bytes(), policy=default)
    assert len(files) == 1
    assert mail["Subject"] == "committed"
    assert mail["Message-ID"] == f"<{message.key}@localhost>"
