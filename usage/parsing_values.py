"""Single values of an event, checked strictly: numbers, instants, texts. PURE.

JSON decoders are kinder than billing may be: they take "1_000", full-width digits, naive times and
control characters. Nothing here guesses; each refusal has a code.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

DIGITS = 18  # before the point: values stay below 10^18
PLACES = 12  # after the point
LONGEST_NUMBER = 64  # characters; more cannot be a value we keep

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
# Control characters, bidirectional marks and lone surrogates: they make two ids look alike, or break jsonb.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")

# White space between a body's tokens is none of a text's; inside a text JSON itself forbids it.
_IN_BODY = re.compile(_FORBIDDEN.pattern.replace("\x00-\x1f", "\x00-\x08\x0b\x0c\x0e-\x1f"))


class Refused(Exception):  # noqa: N818 — a verdict on one item, not a failure
    """One item says no: a code, the field's path, and what the sentence about it needs."""

    def __init__(self, code: str, field: str, limit: object = "") -> None:
        super().__init__(code, field)
        self.code, self.field, self.limit = code, field, limit


def text(value: object, field: str, *, longest: int) -> str:
    """Return a text of 1 to `longest` characters without control or bidirectional characters."""
    if type(value) is not str:
        raise Refused("required" if value is None else "wrong_type", field, "text")
    if not value:
        raise Refused("required", field)
    if len(value) > longest:
        raise Refused("too_long", field, longest)
    if not value.isprintable() and _FORBIDDEN.search(value):
        raise Refused("invalid_text", field)
    return value


def is_clean(body: bytes) -> bool:
    """Return whether no text of a JSON body without a backslash can hold what `text` forbids.

    Raises UnicodeDecodeError when it is not UTF-8.
    """
    return b"\x7f" not in body if body.isascii() else _IN_BODY.search(body.decode()) is None


def quantity(value: object, field: str) -> str:
    """Return a number in its one plain spelling: `12`, `0.5`; never an exponent, sign or trailing zero.

    Takes a JSON number or a text of ASCII digits; below 10^18 and with at most 12 decimal places.
    """
    if type(value) is str and value.isdecimal() and value.isascii() and len(value) <= DIGITS:
        if value[0] != "0" or value == "0":  # the usual case: plain already
            return value
        raise Refused("not_a_number", field)
    if type(value) is int:
        return _whole(value, field)
    if type(value) is Decimal:
        value = _spelled(value, field)
    if type(value) is not str:
        raise Refused("required" if value is None else "wrong_type", field, "number")
    if len(value) > LONGEST_NUMBER:
        raise Refused("out_of_range", field)
    if _NUMBER.fullmatch(value) is None:
        raise Refused("not_a_number", field)
    return _bounded(value, field)


def _whole(value: int, field: str) -> str:
    if value < 0:
        raise Refused("negative", field)
    if value >= 10**DIGITS:
        raise Refused("out_of_range", field)
    return str(value)


def _spelled(value: Decimal, field: str) -> str:
    """Return a JSON number with a point or exponent in plain digits; nothing is rounded."""
    if not value.is_finite() or value.adjusted() >= DIGITS:
        raise Refused("out_of_range", field)
    if value.as_tuple().exponent < -LONGEST_NUMBER:  # type: ignore[operator]
        raise Refused("too_precise", field, PLACES)
    return f"{value:f}"


def _bounded(spelled: str, field: str) -> str:
    if spelled[0] == "-":
        raise Refused("negative", field)
    whole, _point, fraction = spelled.partition(".")
    fraction = fraction.rstrip("0")
    if len(whole) > DIGITS:
        raise Refused("out_of_range", field)
    if len(fraction) > PLACES:
        raise Refused("too_precise", field, PLACES)
    return f"{whole}.{fraction}" if fraction else whole


def instant(value: object, field: str) -> datetime:
    """Return an RFC 3339 instant in UTC; one without an offset is refused, never guessed."""
    if type(value) is not str:
        raise Refused("required" if value is None else "wrong_type", field, "RFC 3339")
    found = _INSTANT.fullmatch(value)
    if found is None:
        raise Refused("invalid_time", field)
    if found[1] is None:
        raise Refused("offset_required", field)
    try:
        at = datetime.fromisoformat(value.upper())
        return at if at.tzinfo is UTC else at.astimezone(UTC)
    except (ValueError, OverflowError):  # 31 February, second 60, or beyond the calendar's end
        raise Refused("invalid_time", field) from None


def spelled(at: datetime) -> str:
    """Return a UTC instant as `isoformat` does, at a fraction of its cost."""
    return msgspec.json.encode(at)[1:-2].decode() + "+00:00"
