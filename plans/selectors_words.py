"""Versions side by side: what they say as trees, and the names their differences are told with."""

from collections.abc import Mapping
from typing import Any

from plans.catalogue import Catalogue
from plans.diff_words import Naming, Said, told
from plans.models import Coupon, Feature, FeatureModule, Meter, Named, PlanVersion, SlaTier, SupportTier
from plans.models.plans import VersionState
from plans.problems import TermsInvalid
from plans.selectors_catalogue import draft_entitlements, draft_terms, normal
from plans.shape import Tree
from plans.terms import Document, to_tree

KINDS: dict[str, type[Named]] = {
    "module": FeatureModule,
    "sla": SlaTier,
    "support": SupportTier,
    "coupon": Coupon,
    "feature": Feature,
    "meter": Meter,
}
SECTIONS = ("modules", "sla_tiers", "support_tiers", "coupons", "features", "meters")  # as KINDS


def naming(language: str, catalogue: Catalogue | None = None) -> Naming:
    """Return the names of all catalogue rows, those of a file before those stored; six queries."""
    found: dict[str, Mapping[str, str]] = {}
    for kind, model in KINDS.items():
        rows = model._default_manager.only("code", "name_en", "name_zh")
        found |= {f"{kind}.{row.code}": row.name_i18n for row in rows}
    return Naming(language, found | (_file_names(catalogue) if catalogue else {}))


def _file_names(catalogue: Catalogue) -> dict[str, Mapping[str, str]]:
    sections = zip(KINDS, SECTIONS, strict=True)
    return {
        f"{kind}.{row.code}": {"en": row.names.en, "zh-Hans": row.names.zh}
        for kind, section in sections
        for row in getattr(catalogue, section)
    }


def what_it_says(version: PlanVersion) -> Tree | None:
    """Return terms and entitlements as sold, or as a draft would be; None for a draft with faults."""
    if version.state != VersionState.DRAFT:
        return _said(version.terms or {}, version.entitlements)
    try:
        document = draft_terms(version).document
    except TermsInvalid:
        return None
    return _said(to_tree(document), draft_entitlements(version))


def _said(terms: Any, entitlements: Mapping[str, Any]) -> Tree:
    own = normal(terms, Document)  # defaults written out on both sides, so only meaning differs
    return {"terms": own, "entitlements": {"plan": {}, **entitlements}}


def written(source: Tree) -> Tree:
    """Return the text of a version with its empty parts written out, so that each thing in them is told."""
    empty: Tree = {
        "closing": [],
        "modules": [],
        "sla_tiers": [],
        "support_tiers": [],
        "coupons": [],
        "entitlements": {},
    }
    return {**empty, **source, "terms": {"charges": [], "figures": [], **source.get("terms", {})}}


def compared(old: PlanVersion, new: PlanVersion, names: Naming) -> list[Said]:
    """Return what changes from one version to another in words.

    As both charge when composed; as both are written while one is a draft that cannot be composed yet.
    """
    sides = what_it_says(old), what_it_says(new)
    if None in sides:
        sides = written(old.source), written(new.source)
    return told(*sides, names)
