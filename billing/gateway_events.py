"""A webhook's header and body into values. Who signed it is for the gateway to say."""

import json
import re
from datetime import UTC, datetime

from billing.errors import BadSignature
from billing.gateway_values import SignedEvent

WORD = re.compile(r"[A-Za-z0-9_.-]{0,80}")


def instant_of(seconds: int) -> datetime:
    """Return the instant of Stripe's whole seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def stamp_of(signature: str) -> datetime:
    """Return when a body was signed, by its header.

    Two stamps are refused: what is signed is the SDK's choice among them, and could be the other one.
    """
    stamps = [part.removeprefix("t=") for part in signature.split(",") if part.startswith("t=")]
    try:
        (stamp,) = stamps
        return instant_of(int(stamp))
    except (ValueError, OverflowError, OSError) as error:
        raise BadSignature from error


def event_of(raw: bytes) -> SignedEvent:
    """Return the event of a body whose signature is good."""
    try:
        body = json.loads(raw)
        return SignedEvent(
            id=_word(body["id"]),
            type=_word(body["type"]),
            object_id=_word(body["data"]["object"].get("id", "")),
            livemode=bool(body["livemode"]),
            api_version=_word(body.get("api_version") or "")[:40],
            created=instant_of(body["created"]),
            body=raw.decode(),
        )
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        ArithmeticError,
        OSError,
        RecursionError,
    ) as error:
        raise BadSignature from error


def _word(value: object) -> str:
    """Return an id or type as Stripe writes them; ValueError for anything a column could not hold."""
    if not isinstance(value, str) or not WORD.fullmatch(value):
        raise ValueError("not an id")
    return value
