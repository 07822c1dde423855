"""A request body to event envelopes: one verdict per item. PURE."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from plans.errors import _
from usage.errors import BodyTooLarge, UnreadableBody
from usage.parsing_json import MAX_BYTES, MAX_DEPTH, MAX_EVENTS, check_shape, is_single, tree_of
from usage.parsing_values import Refused, instant, text

Place = tuple[Any, Any, Any]  # source, type and subject of an event


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """One well-formed event whose app, type and data are still to be judged."""

    index: int
    id: str
    source: str
    type: str
    subject: str
    time: datetime  # UTC
    data: dict[str, Any]
    timed: bool = True  # False: the sender gave no time; it is the time of receipt

    def identity(self, scope: str = "") -> str:
        """Return 128 bits, as hex, of SHA-256 over (source, id): NFC, parted by a byte neither may hold."""
        whole = f"{scope}\0{self.source}\0{self.id}" if scope else f"{self.source}\0{self.id}"
        if not whole.isascii():
            whole = unicodedata.normalize("NFC", whole)
        return hashlib.sha256(whole.encode(), usedforsecurity=False).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one item was not taken; `limit` completes the sentence shown to people."""

    index: int
    id: str
    code: str
    field: str
    limit: object = ""


@dataclass(slots=True)
class Parsed:
    """A readable body: envelopes and refusals together are all that was sent."""

    sent: int
    single: bool  # one object, answered with 422 when refused
    events: list[Envelope] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def parse(body: bytes, *, batch: bool | None = None, received: datetime | None = None) -> Parsed:
    """Read a body into envelopes. `batch`: True = an array is expected, False = one object, None = either.

    `received` stands for the time of events that give none; without it they are refused. Raises
    UnreadableBody or BodyTooLarge; every fault of a single item becomes its Refusal.
    """
    if len(body) > MAX_BYTES:
        raise BodyTooLarge(events=MAX_EVENTS, bytes=MAX_BYTES)
    single = is_single(body, batch)
    tree, sound = tree_of(body)
    items = [tree] if single else tree
    if len(items) > MAX_EVENTS:
        raise BodyTooLarge(events=MAX_EVENTS, bytes=MAX_BYTES)
    if not items:
        raise UnreadableBody(reason=_("the array is empty"))
    depth, places = (MAX_DEPTH if single else MAX_DEPTH - 1), set[Place]()

    def read(index: int, item: Any) -> Envelope:
        if not sound:
            check_shape(item, depth)
        return envelope(index, item, places, received=received)

    return envelopes(items, read, single=single)


def envelopes(items: Iterable[Any], read: Callable[[int, Any], Envelope], *, single: bool) -> Parsed:
    """Read items one by one; a Refused becomes the item's Refusal and spares the others."""
    parsed = Parsed(sent=0, single=single)
    for index, item in enumerate(items):
        parsed.sent += 1
        try:
            parsed.events.append(read(index, item))
        except Refused as no:
            parsed.refused.append(Refusal(index, _id_of(item), no.code, no.field, no.limit))
    return parsed


def envelope(index: int, tree: Any, places: set[Place], *, received: datetime | None = None) -> Envelope:
    """Check the attributes that CloudEvents and identity need; unknown extensions pass and are ignored.

    `places` are those of the body that were found good: its events have few, so each is looked at once.
    With `received`, the sender may leave out time and data, or write them as null.
    """
    if not isinstance(tree, dict):
        raise Refused("wrong_type", "", "object")
    get = tree.get
    if get("specversion") != "1.0":
        raise Refused("specversion", "specversion")
    if "data_base64" in tree:
        raise Refused("unsupported", "data_base64")
    data, time = get("data", {}), get("time")
    if received is not None and data is None:
        data = {}
    if type(data) is not dict:
        raise Refused("wrong_type", "data", "object")
    name = text(get("id"), "id", longest=200)
    place: Place = get("source"), get("type"), get("subject")
    source, kind, subject = place
    if not _is_known(place, places):
        text(source, "source", longest=200)
        text(kind, "type", longest=64)
        text(subject, "subject", longest=64)
        places.add(place)
    if received is not None and time is None:
        return Envelope(index, name, source, kind, subject, received, data, timed=False)
    return Envelope(index, name, source, kind, subject, instant(time, "time"), data)


def _is_known(place: Place, places: set[Place]) -> bool:
    try:
        return place in places
    except TypeError:  # a list or an object where a text belongs
        return False


def _id_of(tree: Any) -> str:
    """Return the id of a refused item for the answer, if it has a usable one."""
    found = tree.get("id") if isinstance(tree, dict) else None
    try:
        return text(found, "id", longest=200)
    except Refused:
        return ""
