"""Versions side by side: what they say as trees, and the names their differences are told with."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from plans.catalogue import Catalogue, Quota
from plans.diff_words import Naming, Said, told
from plans.errors import _, spoken
from plans.models import Coupon, Feature, FeatureModule, Meter, Named, PlanVersion, SlaTier, SupportTier
from plans.models.plans import VersionState
from plans.problems import TermsInvalid
from plans.selectors_catalogue import draft_entitlements, draft_promises, draft_terms, full, normal
from plans.shape import Tree
from plans.terms import Document, to_tree
from plans.terms_early_exit import without_policy

KINDS: dict[str, type[Named]] = {
    "module": FeatureModule,
    "sla": SlaTier,
    "support": SupportTier,
    "coupon": Coupon,
    "feature": Feature,
    "meter": Meter,
}
SECTIONS = ("modules", "sla_tiers", "support_tiers", "coupons", "features", "meters")  # as KINDS
USUAL: dict[str, Tree] = {"features": {}, "moves_existing": "nobody", "early_exit": "keep"}
USUAL_QUOTA: Tree = full(Quota())
OF_TIER = _("%(tier)s: %(said)s")


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
        return _said(version, version.terms or {}, version.entitlements)
    try:
        document = draft_terms(version).document
    except TermsInvalid:
        return None
    return _said(version, to_tree(document), draft_entitlements(version))


def _said(version: PlanVersion, terms: Any, entitlements: Mapping[str, Any]) -> Tree:
    """Return what the parts joined say, and as written what the joining only has consequences of."""
    source = version.source
    own = normal(without_policy(terms, source), Document)  # defaults written out, so only meaning differs
    own["meters"] = {code: one for code, one in own.get("meters", {}).items() if code in _declared(source)}
    return {"terms": own, "entitlements": {"plan": {}, **entitlements}, **_beside(source)}


def _declared(source: Tree) -> Tree:
    """Return the meters a version declares; the others are added because something refers to them."""
    found: Tree = source.get("terms", {}).get("meters", {})
    return found


def _beside(source: Tree) -> Tree:
    """Return what a version says beside its terms, its silence written out as what it means."""
    told_of = {field: source.get(field, usual) for field, usual in USUAL.items()}
    quotas = {code: {**USUAL_QUOTA, **normal(one, Quota)} for code, one in source.get("quotas", {}).items()}
    return {**told_of, "quotas": quotas}


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
    terms = {"charges": [], "figures": [], **source.get("terms", {})}
    return {**empty, **source, "terms": terms, **_beside(source)}


def compared(old: PlanVersion, new: PlanVersion, names: Naming) -> list[Said]:
    """Return what changes from one version to another in words.

    As both charge when composed; as both are written while one is a draft that cannot be composed yet.
    What people decided about subscribers, limits and leaving is told as they wrote it.
    """
    sides = what_it_says(old), what_it_says(new)
    if None in sides:
        return told_texts(old.source, new.source, names)
    return [*told(*_with_usual_quotas(*sides), names), *_promises_changed(old, new, names)]


def _promises_changed(old: PlanVersion, new: PlanVersion, names: Naming) -> Iterator[Said]:
    """Yield what a tier that both offer promises differently; its formulas are told with the terms."""
    before, after = _promises_of(old), _promises_of(new)
    for option in (one for one in before if one in after):
        kind, _dot, code = option.partition(".")
        for one in told(before[option], after[option], names):
            text = spoken(OF_TIER, {"tier": names.row(kind, code), "said": one.text})
            places = tuple(replace(each, path=f"promises.{option}.{each.path}") for each in one.differences)
            yield Said(text, places)


def _promises_of(version: PlanVersion) -> Mapping[str, Tree]:
    """Return what its tiers promise, as sold or as a sound draft would."""
    return draft_promises(version) if version.state == VersionState.DRAFT else version.promises


def told_texts(old: Tree, new: Tree, names: Naming) -> list[Said]:
    """Return what changes from one text of a version to another in words."""
    return told(*_with_usual_quotas(written(old), written(new)), names)


def _with_usual_quotas(old: Tree, new: Tree) -> tuple[Tree, Tree]:
    """Return both sides with the usual quota where only the other names one: that is what it replaces."""
    usual: Tree = dict.fromkeys([*old["quotas"], *new["quotas"]], USUAL_QUOTA)
    before, after = ({**side, "quotas": {**usual, **side["quotas"]}} for side in (old, new))
    return before, after
