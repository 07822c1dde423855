"""Expected bills as text. RATECARD_WRITE_GOLDEN=1 writes what is missing; a person reads it first."""

import os
from pathlib import Path

HERE = Path(__file__).parent


def golden(name: str, found: str) -> str:
    """Return the expected text; `found` is only used to write a file that is not there yet."""
    path = HERE / name
    if not path.exists() and os.environ.get("RATECARD_WRITE_GOLDEN"):
        path.write_text(found, encoding="utf-8")
    return path.read_text(encoding="utf-8")
