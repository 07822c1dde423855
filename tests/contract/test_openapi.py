"""The committed API document is the one the code generates, and the docs page needs no other host."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

COMMITTED = Path(__file__).resolve().parents[2] / "docs/openapi.yaml"


def test_the_committed_document_is_fresh() -> None:
    made = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=made)

    assert made.getvalue() == COMMITTED.read_text(), (
        "Run: python3 dev.py manage spectacular --file docs/openapi.yaml"
    )


@pytest.mark.django_db
def test_the_docs_page_loads_everything_from_here(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()

    assert "swagger-ui" in page
    assert "https://" not in page
    assert "//cdn" not in page
