"""`dev.py manage …`: manage.py on the running copy's database, broker and sandbox."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from config.dev.errors import Refused
from config.dev.places import ROOT, python
from config.dev.state import running_environment


def main(arguments: Sequence[str]) -> int:
    """Become manage.py; without a running copy only where DATABASE_URL says which database is meant."""
    parser = argparse.ArgumentParser(prog="dev.py manage", add_help=False)
    parser.add_argument("--data", type=Path, default=ROOT / "var")
    split = (
        2
        if list(arguments[:1]) == ["--data"]
        else int(bool(arguments) and arguments[0].startswith("--data="))
    )
    found = parser.parse_args(arguments[:split])
    words = list(arguments[split:])
    try:
        ours = running_environment(found.data.expanduser().resolve())
    except Refused as refusal:
        if not os.environ.get("DATABASE_URL"):
            print(f"ratecard: {refusal}", file=sys.stderr)
            return 1
        ours = {}
    argv = [python(), str(ROOT / "manage.py"), *words]
    os.execve(argv[0], argv, {**os.environ, **ours})  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
