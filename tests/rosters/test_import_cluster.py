"""The real parts together: a page takes the file, a cluster of its own process reads it."""

import time
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rosters.models import RosterImport
from tests.factories.accounts import MembershipFactory
from tests.notifications.test_cluster import PATIENCE, cluster
from tests.rosters.imports import HEAD

__all__ = ["cluster"]

ROWS = 400


def _upload_to_preview(client: Client, text: str) -> None:
    """Uploads and waits for the preview's page, polling as the page does."""
    started = time.monotonic()
    file = SimpleUploadedFile("roster.csv", (HEAD + text).encode())
    address = client.post("/school/import/", {"file": file})["Location"]
    while "HX-Refresh" not in client.get(address, headers={"HX-Request": "true"}):
        assert time.monotonic() - started < PATIENCE
        time.sleep(0.4)
    assert len(client.get(address).context["groups"]) == 1


@pytest.mark.django_db(transaction=True)
def test_four_hundred_rows_are_read_by_the_cluster_and_previewed(cluster: Path) -> None:
    office = MembershipFactory(coordinator=True)
    client = Client()
    client.force_login(office.user)
    text = "".join(
        f"{chr(0x4E00 + n)}雨,7({n // 40 + 1}),2025{n:04d},{n % 40 + 1}\n" for n in range(ROWS)
    )

    _upload_to_preview(client, text)

    made = RosterImport.objects.get()
    assert (made.state, made.rows_read, made.rows_total) == ("ready", ROWS, ROWS)
