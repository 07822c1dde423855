"""A batch as it usually comes, read at once: exactly the attributes it needs, and nothing wrong in it. PURE.

Most batches hold no fault. Such a body is read straight into typed events, and what `usage.parsing` asks of
each text is asked of the whole body by a few calls. Whatever is unusual, a fault or only a rare spelling,
makes the answer None: then that module reads the body item by item and gives each its verdict.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from usage.parsing_json import MAX_BYTES, MAX_EVENTS, UNUSUAL, number
from usage.parsing_values import is_clean

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]

_TIMES = re.compile(
    r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})\n)*+"
)
_DATES = msgspec.json.Decoder(list[datetime])


class UsualEvent(msgspec.Struct, gc=False):
    """An event with these attributes and no others."""

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: Code
    subject: Code
    time: str
    data: dict[str, Any]


ATTRIBUTES = len(UsualEvent.__struct_fields__)
_EVENTS = msgspec.json.Decoder(list[UsualEvent], float_hook=number)


@dataclass(frozen=True, slots=True)
class UsualBatch:
    """Events of sound JSON and clean texts, with their instants in UTC; apps and data are not judged."""

    events: list[UsualEvent]
    times: list[datetime]


def usual_batch(body: bytes) -> UsualBatch | None:
    """Return a batch that is nothing but usual, else None.

    Without a backslash each quote begins or ends a text, and without white space before a colon each key's
    quote is followed by one: as many `":` as keys that were read means that no key hides behind another, as
    many brackets as objects that none is nested deeper.
    """
    if len(body) > MAX_BYTES or any(one in body for one in UNUSUAL):
        return None
    try:
        if not is_clean(body):
            return None
        events = _EVENTS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    keys = ATTRIBUTES * len(events) + sum([len(event.data) for event in events])
    brackets = body.count(b"{") + body.count(b"[")
    if not 0 < len(events) <= MAX_EVENTS or body.count(b'":') != keys or brackets != 1 + 2 * len(events):
        return None
    times = _instants([event.time for event in events])
    return None if times is None else UsualBatch(events, times)


def _instants(spelled: Sequence[str]) -> list[datetime] | None:
    """Return instants in UTC. A spelling that two readers might take differently is not usual."""
    if _TIMES.fullmatch("\n".join(spelled) + "\n") is None:
        return None
    try:
        times = _DATES.decode('["' + '","'.join(spelled) + '"]')
        return [at if at.tzinfo is UTC else at.astimezone(UTC) for at in times]
    except (msgspec.ValidationError, OverflowError):  # 31 February, or beyond the calendar's end
        return None
