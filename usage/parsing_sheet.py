"""A usual batch to rows by column: each rule is asked of a whole column, by few calls for each event. PURE.

`usage.parsing_events` says what the rules are, event by event, and gives the verdicts; here the answer is
None as soon as one event is not plainly to be stored. Both make the same identities, hashes and rows: a test
of random batches holds them together.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import repeat
from struct import pack
from typing import Any, Protocol

import msgspec

from usage.literals import quoted
from usage.parsing_events import LONGEST, TypeRules, Window
from usage.parsing_usual import UsualBatch, UsualEvent
from usage.parsing_values import Refused, quantity

_PLAIN = re.compile(r"(?:(?:0|[1-9][0-9]{0,17})\n)*+")  # what `quantity` leaves as it is


def number_of(pk: int) -> bytes:
    """Return an id as a sheet holds it."""
    return pack(">q", pk)


class Owner(Protocol):
    """What is asked of an app."""

    @property
    def number(self) -> bytes:
        """Its id, packed."""

    @property
    def region(self) -> str:
        """Of events that name none."""

    @property
    def digest(self) -> Callable[[str], str]:
        """What stands for a user."""


@dataclass(slots=True)
class Sheet:
    """Rows to store, by column: one row for each meter fed. `first` is t on one row of each event: that one
    makes the key. Numbers and identities are bytes, big-endian; the others are elements of an array literal.
    """

    days: set[date] = field(default_factory=set)  # UTC
    first: list[str] = field(default_factory=list)
    app: list[bytes] = field(default_factory=list)
    key: list[bytes] = field(default_factory=list)
    hash: list[bytes] = field(default_factory=list)
    meter: list[bytes] = field(default_factory=list)
    at: list[str] = field(default_factory=list)
    value: list[str] = field(default_factory=list)
    user: list[str] = field(default_factory=list)
    region: list[str] = field(default_factory=list)
    dims: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Alike:
    """Events of one type whose data has the same properties in the same order."""

    rules: TypeRules
    kind: str
    names: list[str]
    owners: list[Any] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    at: list[str] = field(default_factory=list)
    data: list[Any] = field(default_factory=list)


def sheet_of(
    batch: UsualBatch, apps: Mapping[str, Owner], types: Mapping[str, TypeRules], window: Window
) -> Sheet | None:
    """Return the rows of a batch whose every event is to be stored, no two of them the same; else None."""
    if min(batch.times) < window.oldest or max(batch.times) > window.newest:
        return None
    keys = _identities(batch.events)
    if len(set(zip([event.subject for event in batch.events], keys, strict=True))) < len(keys):
        return None
    at = msgspec.json.encode(batch.times)[2:-2].decode().replace("Z", "+00:00").split('","')
    groups: dict[tuple[str, ...], _Alike] = {}
    sheet = Sheet({one.date() for one in batch.times})
    try:
        for event, key, instant in zip(batch.events, keys, at, strict=True):
            shape = (event.type, *event.data)
            alike = groups.get(shape)
            if alike is None:
                alike = groups[shape] = _Alike(types[event.type], event.type, list(event.data))
            alike.owners.append(apps[event.subject])
            alike.keys.append(key)
            alike.at.append(instant)
            alike.data.append(event.data.values())
        for alike in groups.values():
            _add(sheet, alike)
    except (KeyError, Refused):
        return None
    return sheet


def _identities(events: Sequence[UsualEvent]) -> list[bytes]:
    whole = [f"{event.source}\0{event.id}" for event in events]
    if not "".join(whole).isascii():
        whole = [unicodedata.normalize("NFC", one) for one in whole]
    sha256 = hashlib.sha256
    return [sha256(one.encode(), usedforsecurity=False).digest()[:16] for one in whole]


def _add(sheet: Sheet, alike: _Alike) -> None:
    rules, count = alike.rules, len(alike.keys)
    given = dict(zip(alike.names, zip(*alike.data, strict=True), strict=True))
    if not rules.declared >= given.keys() or not given.keys() >= set(rules.needed):
        raise Refused("unknown_property", "data")  # which, and whose, the strict way tells
    data = {name: _column(name, given[name], rules) for name in sorted(given)}
    hashes = _hashes(alike, data)
    ids = [owner.number for owner in alike.owners]
    regions = _regions(alike, data.get("region"))
    dims = _dims([name for name in rules.dimensions if name in data], rules, data, count)
    first = "t"
    for meter in rules.meters:
        sheet.first += repeat(first, count)
        sheet.app += ids
        sheet.key += alike.keys
        sheet.hash += hashes
        sheet.meter += repeat(number_of(meter.id), count)
        sheet.at += alike.at
        sheet.value += data[meter.value] if meter.value else repeat("1", count)
        sheet.user += _users(alike.owners, data[meter.user]) if meter.user else repeat("NULL", count)
        sheet.region += regions
        sheet.dims += dims
        first = "f"


def _column(name: str, values: Sequence[Any], rules: TypeRules) -> Sequence[str]:
    """Return a property's values in their one spelling; raises Refused if any is not what it must be."""
    if name in rules.numbers:
        return _numbers(name, values)
    longest = 200 if name in rules.users else LONGEST.get(name, 64)
    if set(map(type, values)) != {str} or not min(map(len, values)) >= 1 or max(map(len, values)) > longest:
        raise Refused("wrong_type", f"data.{name}", "text")
    return values


def _numbers(name: str, values: Sequence[Any]) -> Sequence[str]:
    kinds = set(map(type, values))
    if kinds == {str} and _PLAIN.fullmatch("\n".join(values) + "\n"):
        return values
    if kinds == {int} and min(values) >= 0 and max(values) < 10**18:
        return list(map(str, values))
    return [quantity(value, name) for value in values]


def _hashes(alike: _Alike, data: Mapping[str, Sequence[str]]) -> list[bytes]:
    """Return what `payload_hash` returns of each event."""
    parts: list[Any] = [repeat(alike.kind), alike.at]
    for name, column in data.items():
        parts += (repeat(name), column)
    blake2b = hashlib.blake2b
    whole = map("\x1f".join, zip(*parts))  # noqa: B905 — type and names have no end
    return [blake2b(one.encode(), digest_size=8).digest() for one in whole]


def _regions(alike: _Alike, given: Sequence[str] | None) -> list[str]:
    if given is None:
        return [quoted(owner.region) for owner in alike.owners]
    return [f'"{region}"' for region in given]  # no quote and no backslash is in a usual batch


def _users(owners: Sequence[Any], users: Sequence[str]) -> list[str]:
    return [owner.digest(user) for owner, user in zip(owners, users, strict=True)]


def _dims(names: Sequence[str], rules: TypeRules, data: Mapping[str, Sequence[str]], count: int) -> list[str]:
    if not rules.dimensions:
        return ["NULL"] * count
    if not names:
        return [quoted("{}")] * count
    said: dict[tuple[str, ...], str] = {}  # dimensions say few different things
    found = []
    for values in zip(*(data[name] for name in names), strict=True):
        text = said.get(values)
        if text is None:
            body = msgspec.json.encode(dict(zip(names, values, strict=True))).decode()
            text = said[values] = quoted(body)
        found.append(text)
    return found
