"""A body to a JSON tree, strictly: size, nesting, and no key named twice. PURE.

msgspec decodes fast but keeps the last of two equal keys, so the tree's keys are counted against the
colons of the text. A body that fails is decoded again by the slower standard decoder, which can say
which item is at fault; the others still pass.
"""

import json
import re
import zlib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from plans.errors import _
from usage.errors import BodyTooLarge, UnreadableBody
from usage.parsing_values import Refused

MAX_BYTES = 1024 * 1024
MAX_EVENTS = 1_000
MAX_DEPTH = 6  # an array of events whose data holds plain values is 3 deep

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')  # only run over text already known to be JSON
UNUSUAL = (b"\\", b" :", b"\t", b"\n", b"\r")  # with none of them keys can be counted by their colons
_NOT_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))


def inflate(body: bytes) -> bytes:
    """Return the content of a gzip body, refusing one that grows past the limit."""
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(body, MAX_BYTES + 1)
    except zlib.error:
        raise UnreadableBody(reason=_("it is not gzip")) from None
    if len(plain) > MAX_BYTES:
        raise BodyTooLarge(events=MAX_EVENTS, bytes=MAX_BYTES)
    if not stream.eof or stream.unused_data:
        raise UnreadableBody(reason=_("the gzip stream is cut short or has something after its end"))
    return plain


def read_object(body: bytes) -> dict[str, Any]:
    """Read a body that is one JSON object, strictly; raises UnreadableBody or BodyTooLarge."""
    if len(body) > MAX_BYTES:
        raise BodyTooLarge(events=MAX_EVENTS, bytes=MAX_BYTES)
    is_single(body, batch=False)
    tree, sound = tree_of(body)
    try:
        if not sound:
            check_shape(tree, MAX_DEPTH)
    except Refused as no:
        raise UnreadableBody(reason=no.code.replace("_", " ")) from None
    found: dict[str, Any] = tree
    return found


def read_items(body: bytes) -> list[Any]:
    """Read a body that is one JSON array, strictly; an item that is not sound stands there as its Refused.

    Raises UnreadableBody or BodyTooLarge.
    """
    if len(body) > MAX_BYTES:
        raise BodyTooLarge(events=MAX_EVENTS, bytes=MAX_BYTES)
    is_single(body, batch=True)
    tree, sound = tree_of(body)
    if len(tree) > MAX_EVENTS:
        raise BodyTooLarge(events=MAX_EVENTS, bytes=MAX_BYTES)
    if not tree:
        raise UnreadableBody(reason=_("the array is empty"))
    return list(tree) if sound else [_shaped(item) for item in tree]


def _shaped(item: Any) -> Any:
    try:
        check_shape(item, MAX_DEPTH - 1)
    except Refused as no:
        return no
    return item


def is_single(body: bytes, batch: bool | None) -> bool:
    """Return whether the body is one object; refuses one that is not what `batch` says."""
    start = body.lstrip(b" \t\r\n")[:1]
    if start not in (b"{", b"["):
        raise UnreadableBody(reason=_("it is neither a JSON object nor an array"))
    if batch is not None and batch != (start == b"["):
        raise UnreadableBody(reason=_("one object or an array was expected, the other came"))
    return start == b"{"


def tree_of(body: bytes) -> tuple[Any, bool]:
    """Return the body's tree and whether it is known to be sound; else each item must be checked."""
    try:
        tree = _FAST.decode(body)
        if _is_plainly_sound(body, tree) or _is_sound(body, tree):
            return tree, True
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # perhaps one item's fault: the slower decoder says whose
    except RecursionError:
        raise UnreadableBody(reason=_("it is nested too deeply")) from None
    return _slow_tree(body), False


def _slow_tree(body: bytes) -> Any:
    """Decode keeping what the fast decoder hides or dies of, for the item's own refusal to name."""
    try:
        return _SLOW.decode(body.decode("utf-8", "surrogateescape"))
    except RecursionError:
        raise UnreadableBody(reason=_("it is nested too deeply")) from None
    except ValueError as error:
        raise UnreadableBody(reason=f"it is not JSON ({error})") from None


class _Doubled(dict[str, Any]):
    """An object that named a key twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Doubled(found)


def _integer(spelled: str) -> int | Decimal:
    return int(spelled) if len(spelled) < 100 else Decimal("Infinity")


def number(spelled: str) -> Decimal:
    """Return a JSON number that is not whole, exactly; what decimal cannot hold is infinite."""
    try:
        return Decimal(spelled)
    except InvalidOperation:  # an exponent beyond what decimal can hold
        return Decimal("Infinity")


_FAST = msgspec.json.Decoder(float_hook=number)
_SLOW = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=number, parse_constant=number
)


def check_shape(item: Any, depth: int) -> None:
    """Refuse an item that names a key twice or nests too deeply."""
    if isinstance(item, _Doubled):
        raise Refused("duplicate_key", "")
    if isinstance(item, dict | list):
        if depth == 0:
            raise Refused("too_deep", "", MAX_DEPTH)
        for inner in item.values() if isinstance(item, dict) else item:
            check_shape(inner, depth - 1)


def _is_plainly_sound(raw: bytes, tree: Any) -> bool:
    """Return whether counting bytes is enough to see that valid JSON is a shallow batch without double keys.

    Without a backslash each quote begins or ends a text, and without white space before a colon each key's
    quote is followed by one. So there are at least as many `":` as keys, and as many brackets as objects
    and arrays: when the tree has as many, none was hidden. False says nothing.
    """
    if type(tree) is not list or any(one in raw for one in UNUSUAL):
        return False
    try:
        inner = [item["data"] for item in tree]
    except (TypeError, KeyError):
        return False
    if set(map(type, inner)) != {dict}:  # a list's or text's length counts no keys
        return False
    brackets = raw.count(b"{") + raw.count(b"[")
    keys = sum(map(len, tree)) + sum(map(len, inner))
    return brackets == 1 + 2 * len(tree) and raw.count(b'":') == keys


def _is_sound(raw: bytes, tree: Any) -> bool:
    """Return whether valid JSON is shallow and no object names a key twice."""
    skeleton = _STRING.sub(b"", raw)
    return _depth_of(skeleton) <= MAX_DEPTH and skeleton.count(b":") == sum(_keys(tree))


def _depth_of(skeleton: bytes) -> int:
    """Return the deepest nesting, or the first depth past the limit."""
    depth = deepest = 0
    for bracket in skeleton.translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"{[" else -1
        if depth > deepest:
            deepest = depth
            if deepest > MAX_DEPTH:
                break
    return deepest


def _keys(tree: Any) -> Iterator[int]:
    """Yield the number of keys of each object in a shallow tree."""
    inner = tree
    if type(tree) is dict:
        yield len(tree)
        inner = tree.values()
    for value in inner:
        if type(value) is dict or type(value) is list:
            yield from _keys(value)
