"""Query parameters as OpenMeter's client writes them."""

import ast
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from usage.api_pages import day_or_instant, text_of
from usage.errors import ParameterInvalid

LONGEST_LITERAL = 1024
MOST_FILTERS = 20


def instant_of(asked: QueryDict, name: str) -> datetime | None:
    """Return an RFC 3339 instant; None when it is not given."""
    given = asked.get(name)
    if not given:
        return None
    found = day_or_instant(name, given)
    if isinstance(found, datetime):
        return found
    raise ParameterInvalid(
        name=name, reason=_("it is an instant with its offset, such as 2026-11-01T00:00:00Z")
    )


def limit_of(asked: QueryDict, *, most: int, name: str = "limit", default: int | None = None) -> int:
    """Return a number of rows from 1 to `most`, which is the default unless there is another."""
    given = asked.get(name) or str(default or most)
    if given.isascii() and given.isdecimal() and len(given) <= 6 and 1 <= int(given) <= most:
        return int(given)
    raise ParameterInvalid(name=name, reason=_("it is a number from 1 to %(most)d") % {"most": most})


def page_of(asked: QueryDict) -> int:
    """Return the number of a page, from 1."""
    return limit_of(asked, most=100_000, name="page", default=1)


def text(asked: QueryDict, name: str) -> str:
    """Return a text parameter, empty when it is not given."""
    return text_of(asked, name) or ""


def texts_of(asked: QueryDict, name: str) -> list[str]:
    """Return every value of a parameter that may be repeated."""
    text_of(asked, name)
    return asked.getlist(name)


def filters_of(asked: QueryDict) -> dict[str, list[str]]:
    """Return filterGroupBy: filterGroupBy[name]=value, or the text that the Python client makes of a dict.

    That text is a literal of texts; nothing of it is ever run. More than a short, flat one belongs into the
    body of a POST.
    """
    found: dict[str, list[str]] = {}
    for key in asked:
        if key.startswith("filterGroupBy[") and key.endswith("]"):
            found.setdefault(key[14:-1], []).extend(asked.getlist(key))
    if given := asked.get("filterGroupBy"):
        found |= {name: [value] for name, value in _literal(given).items()}
    return found


def _literal(given: str) -> dict[str, str]:
    reason = _("write it as filterGroupBy[name]=value, or use POST with a JSON body")
    if len(given.encode()) > LONGEST_LITERAL:
        raise ParameterInvalid(name="filterGroupBy", reason=reason)
    try:
        tree: Any = ast.literal_eval(given)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        tree = None
    texts = isinstance(tree, dict) and all(type(one) is str for pair in tree.items() for one in pair)
    if not texts or len(tree) > MOST_FILTERS or "\0" in "".join(tree) + "".join(tree.values()):
        raise ParameterInvalid(name="filterGroupBy", reason=reason)
    found: dict[str, str] = tree
    return found
