"""`dev.py manage …`: manage.py on the running copy's database, broker and sandbox."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from config.dev.errors import Refused
from config.dev.places import ROOT, python
from config.dev.state import running_environment
from config.serverless import COMMANDS as SERVERLESS


def needs_nothing(words: Sequence[str]) -> bool:
    """Return whether a command reads files only, or is only asked what it does."""
    asked = not words or words[0] == "help" or bool({"-h", "--help"} & set(words))
    return asked or words[0] in SERVERLESS


def main(arguments: Sequence[str]) -> NoReturn:
    """Become manage.py; without a running copy only where DATABASE_URL says which database is meant."""
    parser = argparse.ArgumentParser(prog="dev.py manage", add_help=False)
    parser.add_argument("--data", type=Path, default=ROOT / "var")
    first = arguments[0] if arguments else ""
    own = (
        2 if first == "--data" else int(first.startswith("--data="))
    )  # ours come first, the rest is Django's
    found, words = parser.parse_args(arguments[:own]), arguments[own:]
    try:
        ours = running_environment(found.data.expanduser().resolve())
    except Refused as refusal:
        if not os.environ.get("DATABASE_URL") and not needs_nothing(words):
            sys.exit(f"ratecard: {refusal}")
        ours = {} if os.environ.get("SECRET_KEY") else {"RATECARD_DEBUG": "1"}
    argv = [python(), str(ROOT / "manage.py"), *words]
    os.execve(argv[0], argv, {**os.environ, **ours})  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main(sys.argv[1:])
