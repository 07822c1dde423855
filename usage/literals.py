"""Array literals of PostgreSQL, by hand: several times cheaper than a driver that adapts each value. PURE."""

from collections.abc import Iterable


def array(values: Iterable[str]) -> str:
    """Return an array literal of values that need no quoting (numbers, uuids, instants, NULL)."""
    return "{" + ",".join(values) + "}"


def quoted(value: str) -> str:
    """Return a text as an element of an array literal."""
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'
