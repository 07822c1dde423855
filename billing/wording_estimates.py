"""What a line says of figures that were estimated because a report was missing."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.utils.translation import gettext, ngettext, override

from billing.derivation import Node
from billing.wording import LANGUAGES
from usage.reported import ESTIMATE

NAMED = 3  # days named one by one


def with_estimates(described: Mapping[str, str], tree: Node, zone: ZoneInfo) -> dict[str, str]:
    """Return a line's description with the days that were estimated, if any were."""
    leaves = list(_estimates(tree))
    if not leaves:
        return dict(described)
    days = sorted({datetime.fromisoformat(leaf.argument["at"]) for leaf in leaves if "at" in leaf.argument})
    found = {}
    for key, (language, locale) in LANGUAGES.items():
        with override(language):
            named = [format_date(day.astimezone(zone), format="medium", locale=locale) for day in days]
            found[key] = gettext("%(text)s (%(estimated)s)") % {
                "text": described[key],
                "estimated": _said(named),
            }
    return found


def _said(days: list[str]) -> str:
    if not days:
        return gettext("estimated, as no report came in time")
    if len(days) <= NAMED:
        return gettext("estimated, as no report came in time: %(days)s") % {"days": "; ".join(days)}
    text = ngettext(
        "%(count)s day estimated, as no report came in time",
        "%(count)s days estimated, as no report came in time",
        len(days),
    )
    return text % {"count": len(days)}


def _estimates(node: Node) -> Iterator[Node]:
    if node.word == "reading" and ESTIMATE in node.argument:
        yield node
    for child in node.children:
        yield from _estimates(child)
