"""What became of catalogue rows: the triggers' history, told in words, with who did it and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import IntegerField, Model, OuterRef, QuerySet, Subquery, Value

from plans.diff_words import Naming, told
from plans.errors import _, spoken
from plans.models import FeatureModule, Named, Plan, PlanVersion, SlaTier, SupportTier
from plans.models.plans import VersionState
from plans.selectors_words import told_texts
from plans.shape import Tree

MADE = _("It was made.")
DRAFTED = _("The draft was made.")
WRITTEN = _("Its text was saved for the first time.")
PUBLISHED = _("Published, on sale from %(at)s.")
ARCHIVED = _("Taken off sale from %(at)s.")
COMMENTED = _("Comment: %(comment)s")
TRACKED: dict[str, type[Named]] = {
    "plan": Plan,
    "module": FeatureModule,
    "sla": SlaTier,
    "support": SupportTier,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: when, by whom, of what, why, in sentences."""

    at: datetime
    actor: str
    reason: str
    subject: str
    said: Sequence[str]


@dataclass(frozen=True, slots=True)
class Words:
    """How the reader is told: names of rows, and instants as text."""

    names: Naming
    moment: Callable[[datetime | None], str]


@dataclass(frozen=True, slots=True)
class Source:
    """The history table of one kind of row, cut to the rows asked for."""

    rows: QuerySet[Any]
    is_version: bool


def plan_history(plan: Plan) -> list[Source]:
    """Return the sources of a plan's history: its own row and its versions, deleted drafts included."""
    versions = _events(PlanVersion).filter(plan_id=plan.pk)
    return [Source(_events(Plan).filter(pgh_obj_id=plan.pk), False), Source(versions, True)]


def version_history(version: PlanVersion) -> list[Source]:
    """Return the source of one version's history."""
    return [Source(_events(PlanVersion).filter(pgh_obj_id=version.pk), True)]


def part_history(row: Named) -> list[Source]:
    """Return the source of a module's or tier's history."""
    return [Source(_events(type(row)).filter(pgh_obj_id=row.pk), False)]


def _events(model: type[Model]) -> QuerySet[Any]:
    related: Any = model._meta.get_field("events").related_model
    rows: QuerySet[Any] = related._default_manager.all()
    return rows


def places(sources: Sequence[Source]) -> QuerySet[Any]:
    """Return (id, instant, source) of every change, newest first; to be counted and cut into pages."""
    parts = [
        source.rows.order_by().values_list("pgh_id", "pgh_created_at", Value(index, IntegerField()))
        for index, source in enumerate(sources)
    ]
    whole = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return whole.order_by("-pgh_created_at", "-pgh_id")


def entries(
    sources: Sequence[Source], page: Sequence[tuple[int, datetime, int]], words: Words
) -> list[Entry]:
    """Return what one page of `places` says; two queries for each source."""
    found: dict[tuple[int, int], Entry] = {}
    for index, source in enumerate(sources):
        ids = [pk for pk, _at, of in page if of == index]
        found |= {(index, event.pgh_id): one for event, one in _entries(source, ids, words)}
    return [found[of, pk] for pk, _at, of in page if (of, pk) in found]


def _entries(source: Source, ids: Sequence[int], words: Words) -> list[tuple[Any, Entry]]:
    earlier = source.rows.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
    before = Subquery(earlier.order_by("-pgh_id").values("pgh_id")[:1])
    wanted = source.rows.filter(pgh_id__in=ids).select_related("pgh_context").annotate(before=before)
    if source.is_version:
        wanted = wanted.select_related("pgh_context", "plan").defer("terms")
    events = list(wanted)
    previous = source.rows.in_bulk({event.before for event in events if event.before})
    tell = _version_said if source.is_version else _row_said
    return [(event, _entry(event, tell(event, previous.get(event.before), words))) for event in events]


def _entry(event: Any, said: Sequence[str]) -> Entry:
    metadata: Mapping[str, Any] = event.pgh_context.metadata if event.pgh_context else {}
    actor = str(metadata.get("actor") or "")
    if not actor and metadata.get("user"):  # a form of the admin: the request names the person
        actor = f"user:{metadata['user']}"
    return Entry(event.pgh_created_at, actor, str(metadata.get("reason") or ""), _subject(event), said)


def _subject(event: Any) -> str:
    return f"{event.plan.code} v{event.number}" if hasattr(event, "number") else str(event.code)


def _version_said(event: Any, before: Any, words: Words) -> list[str]:
    """Return what a change of a version says: its text, its state, its comment."""
    if before is None:
        return [spoken(DRAFTED, {})]
    said = _text_said(before.source, event.source, words.names)
    if event.state != before.state:
        text, at = (PUBLISHED, event.effective_at) if event.state == VersionState.PUBLISHED else (
            ARCHIVED, event.archived_at
        )  # fmt: skip
        said.append(spoken(text, {"at": words.moment(at)}))
    if event.comment != before.comment:
        said.append(spoken(COMMENTED, {"comment": event.comment or "–"}))
    return said


def _text_said(old: Tree, new: Tree, names: Naming) -> list[str]:
    if not old.get("terms") and new.get("terms"):
        return [spoken(WRITTEN, {})]
    return [one.text for one in told_texts(old, new, names)]


def _row_said(event: Any, before: Any, words: Words) -> list[str]:
    if before is None:
        return [spoken(MADE, {})]
    return [one.text for one in told(_tree(before), _tree(event), words.names)]


def _tree(event: Any) -> Tree:
    """Return a row of the history as the tree a file would hold."""
    found: dict[str, Tree] = {"names": {"en": event.name_en, "zh-Hans": event.name_zh}}
    if hasattr(event, "description_en"):
        found["description"] = {"en": event.description_en, "zh-Hans": event.description_zh}
    for name in ("audience", "family", "rank", "target", "window", "channels", "response_minutes", "hours"):
        if hasattr(event, name):
            value = getattr(event, name)
            found[name] = value if isinstance(value, (list, dict)) else str(value)
    if hasattr(event, "grants"):
        found["features"] = event.grants
    return {**found, **(getattr(event, "charges", None) or getattr(event, "document", None) or {})}


__all__ = [
    "TRACKED",
    "Entry",
    "Source",
    "entries",
    "part_history",
    "places",
    "plan_history",
    "version_history",
]
