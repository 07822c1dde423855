"""Cursor pages and query parameters of the usage API."""

import json
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from usage.errors import ParameterInvalid
from usage.parsing_values import Refused, instant
from usage.selectors_pages import before

T = TypeVar("T")
DEFAULT_ROWS, MOST_ROWS = 100, 1_000


def page(
    rows: Sequence[T], limit: int, *, key: Callable[[T], Any], shown: Callable[[T], Any]
) -> dict[str, Any]:
    """Return a page of `limit` rows; `rows` holds one more when there is a next page."""
    kept, has_more = rows[:limit], len(rows) > limit
    cursor = encode(key(kept[-1])) if has_more else None
    return {"data": [shown(row) for row in kept], "next_cursor": cursor, "has_more": has_more}


def encode(key: Any) -> str:
    """Return a row's key as an opaque text."""
    return urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def cursor_of(parameters: Mapping[str, str], length: int) -> list[str] | None:
    """Return the key that the cursor stands for: `length` texts."""
    given = parameters.get("cursor")
    if not given:
        return None
    try:
        key = json.loads(urlsafe_b64decode(given + "=" * (-len(given) % 4)))
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, list) or len(key) != length or not all(map(_plain, key)):
        raise ParameterInvalid(name="cursor", reason=_("use next_cursor of the page before"))
    return key


def _plain(part: object) -> bool:
    """Return whether a cursor's part is a text PostgreSQL can take: no control mark, no surrogate."""
    return isinstance(part, str) and all(unicodedata.category(mark) not in {"Cc", "Cs"} for mark in part)


def limit_of(parameters: Mapping[str, str]) -> int:
    """Return how many rows a page holds."""
    given = parameters.get("limit", str(DEFAULT_ROWS))
    if not (given.isascii() and given.isdecimal() and len(given) <= 4 and 1 <= int(given) <= MOST_ROWS):
        reason = _("it is a number from 1 to %(most)d") % {"most": MOST_ROWS}
        raise ParameterInvalid(name="limit", reason=reason)
    return int(given)


def first_of(parameters: Mapping[str, str], at: datetime) -> date | datetime:
    """Return where `from` begins; 31 days back by default."""
    given = parameters.get("from")
    return day_or_instant("from", given) if given else (at - timedelta(days=31)).date()


def last_of(parameters: Mapping[str, str], at: datetime) -> date | datetime:
    """Return the last day that `to` (not included) leaves; tomorrow by default, wherever it is today."""
    given = parameters.get("to")
    if not given:
        return at.date() + timedelta(days=1)
    end = day_or_instant("to", given)
    return before(end) if isinstance(end, datetime) else end - timedelta(days=1)


def day_or_instant(name: str, given: str) -> date | datetime:
    """Read 2026-11-01 as a day of the billing zone, or an RFC 3339 instant."""
    try:
        found = date.fromisoformat(given) if len(given) == 10 else instant(given, name)
        if 2000 <= found.year <= 2999:
            return found
    except (ValueError, Refused):
        pass
    raise ParameterInvalid(name=name, reason=_("use a day such as 2026-11-01 or an instant with its offset"))


def word_of(parameters: Mapping[str, str], name: str, words: Sequence[str]) -> str:
    """Return a parameter that is one of a few words; the first is the default."""
    given = parameters.get(name) or words[0]
    if given not in words:
        raise ParameterInvalid(name=name, reason=_("it is one of: %(words)s") % {"words": ", ".join(words)})
    return given


def text_of(parameters: Mapping[str, str], name: str) -> str | None:
    """Return a parameter as it is, None if absent; what no row can hold is refused."""
    given = parameters.get(name)
    if given is not None and "\0" in given:
        raise ParameterInvalid(name=name, reason=_("it holds a control character"))
    return given
