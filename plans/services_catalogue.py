"""Bring the stored catalogue in line with a file: by code and version number, all of it or nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from plans.actor import Actor
from plans.catalogue import Catalogue, Version
from plans.catalogue_check import terms_of
from plans.composition import offer_problems
from plans.diff import Difference, differences
from plans.history import changes
from plans.models import Meter, Plan, PlanVersion
from plans.models.plans import VersionState
from plans.problems import Problem, TermsInvalid
from plans.promises import compose_promises
from plans.selectors_catalogue import SECTIONS, SOURCE_FIELDS, full, normal, plain, stored_trees, version_tree
from plans.services_rows import write_row, write_rules
from plans.services_versions import publish_version, save_source
from plans.shape import Tree
from plans.terms import to_tree

Kind = Literal["create", "change", "unchanged", "publish"]
COUNTED = ("kind", "unit", "source", "value_property", "unique_property", "event_type")


@dataclass(frozen=True, slots=True)
class Change:
    """What loading does (or would do) to one object, named as in the file."""

    kind: Kind
    section: str
    code: str  # of a version: growth v2
    differences: list[Difference] = field(default_factory=list)
    effective_at: datetime | None = None  # of a version that is published
    sides: tuple[Tree, Tree] | None = None  # what the differences were found between
    against: str = ""  # of a new version: the earlier one that `sides` compares it with
    keeps_terms: bool = False  # published; a part it offers changed, and the change does not reach it


class _DryRun(Exception):  # noqa: N818 — control flow inside this module only
    """Undoes everything at the end of a trial."""


def apply_catalogue(
    catalogue: Catalogue, *, dry_run: bool = False, reason: str = "", at: datetime, by: Actor
) -> list[Change]:
    """Create and change what the file names; what it does not name stays. A repeat changes nothing.

    Raises TermsInvalid with every problem, its path that of the file; then nothing is saved. A
    published version whose own text differs is refused: its terms are a promise.
    """
    made: list[Change] = []
    try:
        with changes(by, reason=reason):
            made += _rows(catalogue)
            made += _versions(catalogue, at=at, by=by)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return made


def _rows(catalogue: Catalogue) -> Iterator[Change]:
    stored = stored_trees()
    if refused := list(_counted_otherwise(catalogue, stored["meters"])):
        raise TermsInvalid(refused)
    for section, kind in SECTIONS.items():
        for one in getattr(catalogue, section):
            old = stored[section].get(one.code)
            if old is None:
                write_row(section, to_tree(one))
                yield Change("create", section, one.code)
                continue
            new = {name: value for name, value in full(one).items() if name != "versions"}
            sides = plain(section, normal(old, kind)), plain(section, new)
            found = differences(*sides)
            if found:
                write_row(section, to_tree(one))
            yield Change("change" if found else "unchanged", section, one.code, found, sides=sides)
    for module in catalogue.modules:  # rules name other modules, so every module stands first
        write_rules(module.code, requires=module.requires, excludes=module.excludes)


def _counted_otherwise(catalogue: Catalogue, stored: dict[str, Tree]) -> Iterator[Problem]:
    """Refuse to count a meter in another way while published terms price it, or figures of it are there."""
    for index, meter in enumerate(catalogue.meters):
        if meter.code not in stored or not _is_priced(meter.code):
            continue
        old = plain("meters", normal(stored[meter.code], type(meter)))
        new = plain("meters", full(meter))
        moved = [name for name in COUNTED if old.get(name) != new.get(name)]
        if moved:
            params = {"code": meter.code, "fields": ", ".join(moved)}
            yield Problem(f"meters[{index}].{moved[0]}", "meter_in_use", params)


def _is_priced(code: str) -> bool:
    published = PlanVersion.objects.exclude(state=VersionState.DRAFT)
    priced = published.filter(terms__meters__has_key=code).exists()
    return priced or Meter.objects.get(code=code).is_counted


def _versions(catalogue: Catalogue, *, at: datetime, by: Actor) -> list[Change]:
    made: list[Change] = []
    refused: list[Problem] = []
    for path, plan, version in _numbered(catalogue):
        stored = PlanVersion.objects.filter(plan__code=plan, number=version.number).first()
        if stored is not None and stored.state != VersionState.DRAFT:
            refused += _broken_promises(stored, version, path)
            made.append(_kept(stored, version, catalogue))
            continue
        if version.effective_at is not None:
            refused += offer_problems(version, catalogue, path)
        if not refused:
            made.append(_draft(stored, plan, version, at=at, by=by))
    if refused:  # a part that two versions offer is reported once
        raise TermsInvalid(list({(one.path, one.code, str(one.params)): one for one in refused}.values()))
    return made


def _numbered(catalogue: Catalogue) -> Iterator[tuple[str, str, Version]]:
    for p, plan in enumerate(catalogue.plans):
        for v, version in enumerate(plan.versions):
            yield f"plans[{p}].versions[{v}]", plan.code, version


def _draft(stored: PlanVersion | None, plan: str, version: Version, *, at: datetime, by: Actor) -> Change:
    """Write a draft, and publish it if the file gives it a date."""
    earlier = None if stored else PlanVersion.objects.filter(plan__code=plan).order_by("-number").first()
    compared = stored or earlier
    sides = _sides(compared, version) if compared else None
    found = differences(*sides) if sides and stored else []
    row = stored or PlanVersion(plan=Plan.objects.get(code=plan), number=version.number)
    if stored is None:
        row.save(force_insert=True)
    if stored is None or found:
        save_source(row, source=_source(to_tree(version)), comment=version.comment or "", by=by)
    if version.effective_at is not None:
        publish_version(row, effective_at=version.effective_at, at=at, by=by)
    kind: Kind = "create" if stored is None else "change" if found else "unchanged"
    if kind == "unchanged" and version.effective_at is not None:
        kind = "publish"
    return Change(
        kind, "versions", str(row), found, version.effective_at, sides=sides, against=str(earlier or "")
    )


def _broken_promises(stored: PlanVersion, version: Version, path: str) -> Iterator[Problem]:
    if differences(*_sides(stored, version)):
        following = (stored.plan.versions.order_by("-number").values_list("number", flat=True)[0]) + 1
        params = {"version": str(stored), "next": str(following)}
        yield Problem(path, "published_differs", params)
    if version.effective_at is not None and version.effective_at != stored.effective_at:
        params = {
            "version": str(stored),
            "date": stored.effective_at.isoformat() if stored.effective_at else "",
        }
        yield Problem(f"{path}.effective_at", "published_date", params)


def _kept(stored: PlanVersion, version: Version, catalogue: Catalogue) -> Change:
    """Name a published version; its frozen terms stand even where a part it offers has changed."""
    otherwise = terms_of(catalogue, version).hash != stored.terms_hash
    otherwise = otherwise or compose_promises(version, catalogue) != stored.promises
    return Change("unchanged", "versions", str(stored), keeps_terms=otherwise)


def _sides(stored: PlanVersion, version: Version) -> tuple[Tree, Tree]:
    return _source(normal(version_tree(stored), Version)), _source(full(version))


def _source(tree: Tree) -> Tree:
    return {name: tree[name] for name in SOURCE_FIELDS if name in tree}
