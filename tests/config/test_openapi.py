"""The web API's schema: complete, checked in, and shown without help from elsewhere."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


def test_checked_in_schema_is_current(tmp_path: Path) -> None:
    """Write it anew with ``manage.py spectacular --fail-on-warn --file docs/openapi.yaml``."""
    fresh = tmp_path / "openapi.yaml"

    call_command("spectacular", file=str(fresh), fail_on_warn=True, validate=True)

    assert fresh.read_text(encoding="utf-8") == SCHEMA.read_text(encoding="utf-8")


@pytest.mark.django_db
def test_docs_and_schema_are_served_by_us() -> None:
    page = Client().get("/api/v1/docs/")
    script = Client().get("/api/v1/docs/?script=")

    assert page.status_code == 200
    assert "cdn" not in page.content.decode().lower()
    assert "//" not in page.content.decode().replace("https://testserver", "")
    assert "<style" not in page.content.decode()
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema/" in script.content.decode()
    assert Client().get("/api/v1/schema/").status_code == 200
