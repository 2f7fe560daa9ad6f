"""The cluster, started before or after the database."""

import time
from typing import Any

from django.db import OperationalError, connection
from django_q.management.commands import qcluster

BETWEEN_TRIES = 1.0


class Command(qcluster.Command):
    help = "Runs the tasks: django-q's cluster, once the database answers."

    def handle(self, *args: Any, **options: Any) -> None:
        self.wait_for_database()
        super().handle(*args, **options)

    def wait_for_database(self) -> None:
        """Tries until it answers; what it says instead is written once for each sentence."""
        said = ""
        while True:
            try:
                connection.ensure_connection()
            except OperationalError as error:
                if str(error) != said:
                    said = str(error)
                    self.stderr.write(f"Waiting for the database: {said.strip()}")
                time.sleep(BETWEEN_TRIES)
            else:
                # The cluster forks: each of its processes has a connection of its own.
                connection.close()
                return
