"""`.env.example` names exactly the settings that are read."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_env_example_lists_every_setting_that_is_read() -> None:
    settings = (ROOT / "config/settings.py").read_text()
    read = set(re.findall(r'env(?:_bool)?\(\s*"([A-Z_]+)"', settings))
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.M))

    assert listed == read
