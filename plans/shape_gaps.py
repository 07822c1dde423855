"""What stands in for a part of a document whose shape is wrong: it keeps its place and says nothing. PURE.

A text that stands in begins with a character that nobody writes and names its own place, so no two are
alike and every check can tell it from what somebody wrote.
"""

import types
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

_MARK = "\ue000"  # of the private use area
NO_WHOLE = -1  # stands in for a whole number; those in documents are never negative


def gap(path: str) -> str:
    """Return the text that stands in for one at a path."""
    return _MARK + path


def is_gap(value: object) -> bool:
    """Return whether a value stands in for one that could not be read."""
    return (isinstance(value, str) and value.startswith(_MARK)) or value == NO_WHOLE


def is_gap_in(path: str, *texts: str) -> bool:
    """Return whether a place lies in something that stands in, or one of the texts stands in itself."""
    return _MARK in path or any(is_gap(text) for text in texts)


def without_gaps(listed: str) -> str:
    """Return a list of words, as sentences print it, without those that stand in."""
    return ", ".join(word for word in listed.split(", ") if _MARK not in word) if _MARK in listed else listed


def stand_in(kind: Any, path: str) -> Any:
    """Return a neutral value of a kind: what a sound document could hold without saying anything."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        members = [member for member in get_args(kind) if member is not type(None)]
        return stand_in(str if str in members else members[0], path)
    if origin is list:
        return [stand_in(get_args(kind)[0], f"{path}[0]")]
    if origin is dict:
        return {}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(kind, path)
    if kind in (int, bool, datetime):
        return {int: NO_WHOLE, bool: False, datetime: None}[kind]
    return gap(path) if origin is Literal or kind is str else None


def _struct(kind: type[msgspec.Struct], path: str) -> msgspec.Struct:
    """Return a struct with only what it must have."""
    hints = get_type_hints(kind)
    needed = [one for one in msgspec.structs.fields(kind) if one.required]
    return kind(**{one.name: stand_in(hints[one.name], f"{path}.{one.encode_name}") for one in needed})
