"""An envelope to rows: the type's meters, declared data only, the window, and the body's hash. PURE."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from usage.parsing import Envelope
from usage.parsing_values import Refused, quantity, spelled, text

LONGEST = {"region": 32}  # characters; dimensions 64, users 200


@dataclass(frozen=True, slots=True)
class MeterRule:
    """What one meter takes from an event of its type. No `value`: each event counts 1."""

    id: int
    value: str | None  # property holding the value
    user: str | None  # property holding the user whom a distinct meter counts


@dataclass(frozen=True)
class TypeRules:
    """What an event type may say: which properties are numbers, users or texts, and who is fed."""

    meters: tuple[MeterRule, ...]
    numbers: frozenset[str]
    users: frozenset[str]
    dimensions: frozenset[str]

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The properties that some meter cannot do without, in the meters' order."""
        named = [name for meter in self.meters for name in (meter.value, meter.user) if name is not None]
        return tuple(dict.fromkeys(named))

    @property
    def declared(self) -> frozenset[str]:
        """Every property that `data` may have."""
        return self.numbers | self.users | self.dimensions | {"region"}


@dataclass(frozen=True, slots=True)
class Window:
    """Instants that are taken: [oldest, newest]."""

    oldest: datetime
    newest: datetime


class Fact(msgspec.Struct, frozen=True, gc=False):
    """A judged event: identity, body hash, and what each meter takes from it."""

    event: Envelope
    key: str  # 32 hex digits
    payload_hash: int  # signed 64 bit
    data: dict[str, str]  # normalised
    rules: TypeRules


def check_window(event: Envelope, window: Window) -> None:
    """Refuse an event whose time lies outside the window."""
    if event.time < window.oldest:
        raise Refused("too_old", "time", window.oldest.isoformat())
    if event.time > window.newest:
        raise Refused("in_future", "time", window.newest.isoformat())


def judge(event: Envelope, rules: TypeRules) -> Fact:
    """Check the data against the type's rules; raises Refused."""
    data = normal(event.data, rules)
    for needed in rules.needed:
        if needed not in data:
            raise Refused("required", f"data.{needed}")
    return Fact(event, event.identity(), payload_hash(event, data), data, rules)


def loose(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return data whose type nobody knows yet, if a database can keep it: short texts and plain values."""
    for name, value in data.items():
        text(name, "data", longest=64)
        if isinstance(value, dict | list):
            raise Refused("wrong_type", f"data.{shown(name)}", "text")
        if value and isinstance(value, str):
            text(value, f"data.{shown(name)}", longest=200)
    return dict(data)


def normal(data: Mapping[str, Any], rules: TypeRules) -> dict[str, str]:
    """Return the data in one spelling, so that equal bodies hash alike; only declared properties pass."""
    found: dict[str, str] = {}
    for name, value in data.items():
        if name in rules.numbers:
            found[name] = quantity(value, f"data.{name}")
        elif name in rules.users:
            found[name] = text(value, f"data.{name}", longest=200)
        elif name == "region" or name in rules.dimensions:
            found[name] = text(value, f"data.{name}", longest=LONGEST.get(name, 64))
        else:
            raise Refused("unknown_property", f"data.{shown(name)}", ", ".join(sorted(rules.declared)))
    return found


def shown(name: str) -> str:
    """Return a sender's property name, short and printable, for the answer."""
    return "".join(c if c.isprintable() else "?" for c in name[:64])


def payload_hash(event: Envelope, data: Mapping[str, str]) -> int:
    """Return 64 bits over type, instant and data; texts hold no control character to part them wrongly.

    A time that the sender did not give is no part of it: the repeat comes at another one.
    """
    parts = [event.type, spelled(event.time) if event.timed else ""]
    for name in sorted(data):
        parts += (name, data[name])
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
