"""What a line says of figures that were estimated because a report was missing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.utils.translation import get_language, gettext, ngettext, override

from billing.derivation import Node
from billing.wording import LANGUAGES
from usage.reported import ESTIMATE

NAMED = 3  # days named one by one


def with_estimates(described: Mapping[str, str], tree: Node, zone: ZoneInfo) -> dict[str, str]:
    """Return a line's description with the days that were estimated, if any were."""
    days = _days(tree)
    if days is None:
        return dict(described)
    found = {}
    for key, (language, locale) in LANGUAGES.items():
        with override(language):
            words = {"text": described[key], "estimated": _said(days, zone, locale)}
            found[key] = gettext("%(text)s (%(estimated)s)") % words
    return found


def estimated_said(tree: Node, zone: ZoneInfo) -> str:
    """Return what was estimated, in the reader's language; empty where nothing was."""
    days, chinese = _days(tree), (get_language() or "").startswith("zh")
    locale = LANGUAGES["zh-Hans" if chinese else "en"][1]
    return "" if days is None else _said(days, zone, locale)


def holds_estimates(tree: Node) -> bool:
    """Return whether a figure stands in for a missing report."""
    return next(_estimates(tree), None) is not None


def _days(tree: Node) -> list[datetime] | None:
    """Return when the estimated cells begin; none of a figure that has no time; None without an estimate."""
    leaves = list(_estimates(tree))
    if not leaves:
        return None
    return sorted({datetime.fromisoformat(leaf.argument["at"]) for leaf in leaves if "at" in leaf.argument})


def _said(starts: Sequence[datetime], zone: ZoneInfo, locale: str) -> str:
    days = [format_date(one.astimezone(zone), format="medium", locale=locale) for one in starts]
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
