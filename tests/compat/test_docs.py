"""The snippets of docs/clients.md do what they say, in both languages."""

import re
from pathlib import Path

import pytest

from tests.usage.world import an_app, count, make_meter

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["clients.md", "clients.zh-CN.md"])
def test_the_snippets_run_as_they_stand(name: str, address: str, key: str) -> None:
    make_meter()
    an_app(code="app_bluebird")
    snippets = re.findall(r"```python\n(.+?)```", (DOCS / name).read_text("utf-8"), re.DOTALL)

    for one in snippets:
        here = one.replace("http://127.0.0.1:8000", address).replace("rc_live_…", key)
        exec(compile(here, name, "exec"), {})

    assert len(snippets) == 2
    assert count("usage_usageevent") == 2
