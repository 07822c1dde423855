"""The list of faults names tests that exist, and has a line for each fault."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LINES = [
    line
    for line in (ROOT / "docs/faults.md").read_text(encoding="utf-8").splitlines()
    if line[:3] in ("| A", "| B")
]


def test_each_fault_of_both_groups_has_a_line() -> None:
    numbers = [line.split("|")[1].strip() for line in LINES]

    assert numbers == [*(f"A{n}" for n in range(1, 29)), *(f"B{n}" for n in range(1, 13))]


def test_each_test_that_is_named_exists() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_[A-Za-z0-9_]+)`", "\n".join(LINES))

    assert [name for name in named if f"def {name}(" not in text] == []
    assert len(named) > 40
