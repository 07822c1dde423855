"""A schema as forms see it: which fields a struct has, of which kind, with which default. PURE.

The structs are the one source: a word added to them is described, and so appears in the form, with no
further code. How a form is laid out beyond that (which of several shapes a struct takes) is a hint.
"""

import inspect
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

Described = dict[str, Any]
_SCALARS: dict[Any, str] = {bool: "switch", int: "whole"}


@dataclass(frozen=True, slots=True)
class Shape:
    """One of several shapes of a struct: `signs` are the fields that tell it, `fields` those it uses.

    `main` are shown before they are set. A shape that takes the `rest` also gets the fields no shape names.
    """

    key: str
    signs: Sequence[str]
    fields: Sequence[str]
    main: Sequence[str] = ()
    rest: bool = False


def described(root: Any, shapes: Mapping[str, Sequence[Shape]]) -> Described:
    """Return the kind of `root` and every struct that it reaches, by name."""
    structs: dict[str, Described] = {}
    return {"root": _kind(root, shapes, structs), "structs": structs}


def _kind(kind: Any, shapes: Mapping[str, Sequence[Shape]], structs: dict[str, Described]) -> Described:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        members = [one for one in get_args(kind) if one is not type(None)]
        kinds = [_kind(one, shapes, structs) for one in members]
        return kinds[0] if len(kinds) == 1 else {"is": "either", "of": kinds}
    if origin is Literal:
        return {"is": "choice", "values": list(get_args(kind))}
    if origin in (list, dict):
        return {"is": "list" if origin is list else "map", "of": _kind(get_args(kind)[-1], shapes, structs)}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind.__name__ not in structs:
            structs[kind.__name__] = {}  # known before its fields are: structs contain each other
            structs[kind.__name__] |= _struct(kind, shapes, structs)
        return {"is": "struct", "name": kind.__name__}
    return {"is": _SCALARS.get(kind, "text")}


def _struct(
    kind: type[msgspec.Struct], shapes: Mapping[str, Sequence[Shape]], structs: dict[str, Described]
) -> Described:
    hints = get_type_hints(kind)
    fields = [
        {
            "name": one.encode_name,
            "kind": _kind(hints[one.name], shapes, structs),
            "required": one.required,
            **_default(one.default),
        }
        for one in msgspec.structs.fields(kind)
    ]
    doc = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
    found: Described = {"doc": doc, "fields": fields}
    if kind.__name__ in shapes:
        found["shapes"] = _shapes(shapes[kind.__name__], [one["name"] for one in fields])
    return found


def _default(value: Any) -> Described:
    """Return what a field says when nothing is written; emptiness says nothing."""
    return {"default": value} if isinstance(value, (str, int)) and not isinstance(value, bool) else {}


def _shapes(hinted: Sequence[Shape], names: Sequence[str]) -> list[Described]:
    """Return the shapes of a struct; a field that no shape names goes to the rest, or is one by itself."""
    named = {name for shape in hinted for name in shape.fields}
    over = [name for name in names if name not in named]
    takers = [shape for shape in hinted if shape.rest]
    found = [
        {
            "key": shape.key,
            "signs": list(shape.signs),
            "fields": [*shape.fields, *(over if shape.rest else ())],
            "main": list(shape.main or shape.fields),
        }
        for shape in hinted
    ]
    alone = [] if takers else over
    return found + [{"key": name, "signs": [name], "fields": [name], "main": [name]} for name in alone]
