"""Staff who may do everything, and the state a form was opened with."""

import re

import pytest
from django.test import Client

from tests.factories import make_user


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_user("staff@example.com", is_staff=True))
    return client


def opened(client: Client, url: str) -> dict[str, str]:
    """Open a change form and return its hidden fields, as a browser would send them back."""
    page = client.get(url).content.decode()
    tags = [tag for tag in re.findall(r"<input[^>]+>", page) if 'type="hidden"' in tag]
    pairs = [re.findall(r'(name|value)="([^"]*)"', tag) for tag in tags]
    found = {dict(pair)["name"]: dict(pair).get("value", "") for pair in pairs if "name" in dict(pair)}
    assert "row_state" in found, "the form carries no row state"
    return found


def shown(client: Client, url: str) -> str:
    """Return the page's text."""
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()
