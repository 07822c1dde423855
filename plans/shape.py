"""Plain strings, lists and mappings into typed structs; every fault is listed, not the first. PURE.

Text stays text until a field asks for something else, so YAML (all strings) and JSON (numbers,
booleans) give the same struct. msgspec alone would stop at the first fault. Where a part is at fault a
neutral one stands in for it, so that the rest can be looked at as well.
"""

import types
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from plans.problems import Problem, join
from plans.shape_gaps import gap, stand_in

# A plain tree is what JSON can say; `Any` because the nesting has no useful static type.
Tree = Any

DEEPEST = 120  # levels; Python's own stack ends some hundreds further on
LONGEST_WHOLE = 18  # digits
_GOT: dict[type, str] = {dict: "mapping", list: "list", type(None): "null", float: "number"}
_WORDS: dict[type, str] = {dict: "mapping", list: "list", str: "text", bool: "yes or no"}


class Strict(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the document: unknown words are refused, defaults are not written out."""


def build(tree: Tree, kind: Any, path: str, problems: list[Problem]) -> Any:
    """Return `tree` as `kind`, or None with at least one problem added."""
    before = len(problems)
    value = mended(tree, kind, path, problems)
    return None if len(problems) > before else value


def mended(tree: Tree, kind: Any, path: str, problems: list[Problem]) -> Any:
    """Return `tree` as `kind`; where a part is at fault its problem is added and a neutral one stands in."""
    if path.count(".") + path.count("[") > DEEPEST:
        problems.append(Problem(path, "too_deep", {"most": str(DEEPEST)}))
        return stand_in(kind, path)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        member = _member(tree, kind, path, problems)
        return stand_in(kind, path) if member is None else mended(tree, member, path, problems)
    if origin is Literal:
        return _choice(tree, kind, path, problems)
    if origin is list:
        return _list(tree, kind, path, problems)
    if origin is dict:
        return _dict(tree, kind, path, problems)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(tree, kind, path, problems)
    return _scalar(tree, kind, path, problems)


def _member(tree: Tree, kind: Any, path: str, problems: list[Problem]) -> Any:
    """Return the member of a union that can hold this tree, judged by its outer shape."""
    members = [member for member in get_args(kind) if member is not type(None)]
    for member in members:
        if _holds(tree, member):
            return member
    _refuse(tree, " or ".join(dict.fromkeys(_asked(member) for member in members)), path, problems)
    return None


def _holds(tree: Tree, member: Any) -> bool:
    word = _word(member)
    if isinstance(tree, dict):
        return word == "mapping"
    return word == "list" if isinstance(tree, list) else word not in ("mapping", "list")


def _asked(kind: Any) -> str:
    """Return what a person has to write: brackets for a list, the words of a mapping."""
    word = _word(kind)
    if word == "list":
        return "list […]"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return f"mapping {{{', '.join(_fields(kind))}}}"
    return word


def _word(kind: Any) -> str:
    origin = get_origin(kind) or kind
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        return "mapping"
    return _WORDS.get(origin, "text")


def _refuse(tree: Tree, expected: str, path: str, problems: list[Problem]) -> None:
    got = next((word for kind, word in _GOT.items() if isinstance(tree, kind)), "text")
    problems.append(Problem(path, "wrong_shape", {"expected": expected, "got": got}))


def _list(tree: Tree, kind: Any, path: str, problems: list[Problem]) -> list[Any]:
    if not isinstance(tree, list):
        _refuse(tree, _asked(kind), path, problems)
        return stand_in(kind, path)  # type: ignore[no-any-return]
    (item,) = get_args(kind)
    return [mended(part, item, join(path, index), problems) for index, part in enumerate(tree)]


def _dict(tree: Tree, kind: Any, path: str, problems: list[Problem]) -> dict[str, Any]:
    if not isinstance(tree, dict):
        _refuse(tree, "mapping", path, problems)
        return {}
    item = get_args(kind)[1]
    return {str(key): mended(part, item, join(path, key), problems) for key, part in tree.items()}


@cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, tuple[str, Any, bool]]:
    """Return encoded name -> (attribute, type, required)."""
    hints = get_type_hints(kind)
    return {
        one.encode_name: (one.name, hints[one.name], one.required) for one in msgspec.structs.fields(kind)
    }


def _struct(tree: Tree, kind: type[msgspec.Struct], path: str, problems: list[Problem]) -> msgspec.Struct:
    if not isinstance(tree, dict):
        _refuse(tree, _asked(kind), path, problems)
        return stand_in(kind, path)  # type: ignore[no-any-return]
    fields, values = _fields(kind), dict[str, Any]()
    for key in [key for key in tree if key not in fields]:
        params = {"field": str(key), "known": ", ".join(fields)}
        problems.append(Problem(join(path, str(key)), "unknown_field", params))
    missing = [name for name, (_, _, required) in fields.items() if required and name not in tree]
    for name in missing:
        problems.append(Problem(path, "missing_field", {"field": name}))
        values[fields[name][0]] = stand_in(fields[name][1], join(path, name))
    for key, part in tree.items():
        if key in fields:
            values[fields[key][0]] = _field(
                part, fields[key][1], join(path, key), problems, _unset(kind, key)
            )
    return kind(**{name: value for name, value in values.items() if value != _defaults(kind).get(name)})


def _field(part: Tree, kind: Any, path: str, problems: list[Problem], unset: Any) -> Any:
    """Return a field's value; a choice, number or instant at fault is as if it were not written."""
    before = len(problems)
    value = mended(part, kind, path, problems)
    if len(problems) == before or unset is msgspec.UNSET or isinstance(value, (list, dict, msgspec.Struct)):
        return value
    return value if _takes_text(kind) else unset


def _takes_text(kind: Any) -> bool:
    members = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return str in members


def _unset(kind: type[msgspec.Struct], key: str) -> Any:
    """Return the default of a field by the name it is written with; UNSET where it has none."""
    return _defaults(kind).get(_fields(kind)[key][0], msgspec.UNSET)


@cache
def _defaults(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return attribute -> default: one written out is the same document, and has the same bytes and hash."""
    return {one.name: one.default for one in msgspec.structs.fields(kind) if not one.required}


def _choice(tree: Tree, kind: Any, path: str, problems: list[Problem]) -> str:
    known = get_args(kind)
    if isinstance(tree, str) and tree in known:
        return tree
    if isinstance(tree, (dict, list)):
        _refuse(tree, "text", path, problems)
    else:
        params = {"value": str(tree), "known": ", ".join(known)}
        problems.append(Problem(path, "not_a_choice", params))
    return gap(path)


def _scalar(tree: Tree, kind: Any, path: str, problems: list[Problem]) -> Any:
    if tree is None or isinstance(tree, (dict, list, float)):
        _refuse(tree, _WORDS.get(kind, "text"), path, problems)
        return stand_in(kind, path)
    text = str(tree).lower() if isinstance(tree, bool) else str(tree)
    if kind is bool:
        return _choice(text, Literal["true", "false"], path, problems) == "true"
    if kind is int:
        return _whole(text, path, problems)
    if kind is datetime:
        return _instant(text, path, problems)
    if not text:
        problems.append(Problem(path, "empty_text"))
        return gap(path)
    return _decimal_text(tree) if isinstance(tree, Decimal) else text


def _decimal_text(value: Decimal) -> str:
    """Return a JSON number as it would be written in YAML: no exponent."""
    return format(value, "f")


def _whole(text: str, path: str, problems: list[Problem]) -> int:
    if text.isascii() and text.isdigit():
        if len(text) <= LONGEST_WHOLE:
            return int(text)
        high = "9" * LONGEST_WHOLE
        problems.append(Problem(path, "out_of_range", {"value": text, "low": "0", "high": high}))
    else:
        problems.append(Problem(path, "not_a_whole_number", {"value": text}))
    return stand_in(int, path)  # type: ignore[no-any-return]


def _instant(text: str, path: str, problems: list[Problem]) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        problems.append(Problem(path, "not_an_instant", {"value": text}))
        return None
    return instant
