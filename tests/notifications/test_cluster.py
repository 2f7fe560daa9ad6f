"""The real parts together: a cluster of its own process, a queue in the database, a mail file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from django.db import connection, transaction
from django_q.models import OrmQ

from notifications.choices import DeliveryState
from notifications.models import Delivery
from tests.factories.notifications import MessageFactory

PATIENCE = 30


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Path]:
    """A running django-q cluster on the test's database; gives the folder of its log and mails."""
    parts = connection.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": (
            f"postgresql://{parts['USER']}:{parts['PASSWORD']}@/{parts['NAME']}"
            f"?host={parts['HOST']}&port={parts['PORT'] or 5432}"
        ),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(tmp_path),
        "DEBUG": "1",
    }
    root = Path(__file__).resolve().parents[2]
    with (tmp_path / "cluster.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=root,
            env=environment,
            stdout=log,
            stderr=log,
        )
    yield tmp_path
    process.send_signal(signal.SIGINT)
    process.wait(timeout=PATIENCE)


@pytest.mark.django_db(transaction=True)
def test_the_cluster_delivers_what_was_committed_and_nothing_else(cluster: Path) -> None:
    with transaction.atomic():
        MessageFactory(subject="never")
        transaction.set_rollback(True)
    message = MessageFactory(subject="committed")

    deadline = time.monotonic() + PATIENCE
    while OrmQ.objects.exists() or Delivery.objects.get().state != DeliveryState.SENT:
        assert time.monotonic() < deadline, (cluster / "cluster.log").read_text()
        time.sleep(0.2)

    files = list((cluster / "mail").iterdir())
    mail = message_from_bytes(files[0].read_bytes(), policy=default)
    assert len(files) == 1
    assert mail["Subject"] == "committed"
    assert mail["Message-ID"] == f"<{message.key}@localhost>"
