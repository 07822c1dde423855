"""The stored catalogue as the grammar sees it: rows -> trees -> typed structs -> composed terms."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from decimal import Decimal
from typing import Any

import msgspec

from plans.catalogue import (
    Catalogue,
    Coupon,
    Feature,
    Meter,
    Module,
    Plan,
    SlaTier,
    SupportTier,
    Version,
    compose_version,
)
from plans.catalogue_check import problems
from plans.catalogue_yaml import dump_yaml
from plans.composition import offer_problems
from plans.models import Coupon as CouponRow
from plans.models import Feature as FeatureRow
from plans.models import FeatureModule, PlanVersion
from plans.models import Meter as MeterRow
from plans.models import Plan as PlanRow
from plans.models import SlaTier as SlaRow
from plans.models import SupportTier as SupportRow
from plans.problems import Problem, TermsInvalid
from plans.problems_follow import with_meaning
from plans.promises import compose_promises
from plans.selectors_trees import (
    coupon_tree,
    feature_tree,
    meter_tree,
    module_tree,
    modules_rows,
    plan_tree,
    sla_tier_tree,
    support_tier_tree,
)
from plans.shape import Tree, build, mended
from plans.terms import Terms, canonical_json, read_terms, to_tree

SECTIONS: dict[str, Any] = {
    "meters": Meter,
    "features": Feature,
    "modules": Module,
    "sla_tiers": SlaTier,
    "support_tiers": SupportTier,
    "coupons": Coupon,
    "plans": Plan,
}
PARTS = {"modules": "module", "sla_tiers": "sla", "support_tiers": "support", "coupons": "coupon"}
SOURCE_FIELDS = (
    "terms", "closing", "modules", "sla_tiers", "support_tiers", "coupons", "entitlements", "quotas",
    "features", "moves_existing", "early_exit",
)  # fmt: skip
_HERE = "plans[0].versions[0]"  # where a version stands in the small catalogue it is checked in


@dataclass(frozen=True, slots=True)
class Draft:
    """A version as it would be published now."""

    version: Version | None
    catalogue: Catalogue | None
    problems: list[Problem]


def stored_trees() -> dict[str, dict[str, Tree]]:
    """Return every catalogue row as the tree a file would hold, by section and code; versions left out."""
    return {
        "meters": {row.code: meter_tree(row) for row in MeterRow.objects.order_by("pk")},
        "features": {
            row.code: feature_tree(row) for row in FeatureRow.objects.select_related("meter").order_by("pk")
        },
        "modules": {row.code: module_tree(row) for row in modules_rows()},
        "sla_tiers": {row.code: sla_tier_tree(row) for row in SlaRow.objects.order_by("pk")},
        "support_tiers": {row.code: support_tier_tree(row) for row in SupportRow.objects.order_by("pk")},
        "coupons": {row.code: coupon_tree(row) for row in CouponRow.objects.order_by("pk")},
        "plans": {row.code: plan_tree(row) for row in PlanRow.objects.order_by("pk")},
    }


def stored_catalogue() -> Catalogue:
    """Return the whole stored catalogue, versions included; raises TermsInvalid if a row is malformed."""
    trees = stored_trees()
    for version in PlanVersion.objects.select_related("plan").order_by("number"):
        plan = trees["plans"][version.plan.code]
        plan.setdefault("versions", []).append(version_tree(version))
    return _typed({section: list(rows.values()) for section, rows in trees.items()})


def version_tree(version: PlanVersion) -> Tree:
    """Return a version as the tree a file would hold."""
    dated = {} if version.effective_at is None else {"effective_at": version.effective_at.isoformat()}
    comment = {"comment": version.comment} if version.comment else {}
    return {"number": str(version.number), **dated, "terms": {}, **version.source, **comment}


def normal(tree: Tree, kind: Any) -> Tree:
    """Return a tree with every default filled in, or as it is when it does not fit its struct."""
    value = build(tree, kind, "", [])
    return tree if value is None else full(value)


def full(value: Any) -> Tree:
    """Return a struct as a tree for comparing: defaults written out, what says nothing left out."""
    if isinstance(value, msgspec.Struct):
        fields = {one.encode_name: getattr(value, one.name) for one in msgspec.structs.fields(value)}
        return {
            name: full(part) for name, part in fields.items() if part is not None and part not in ([], {})
        }
    if isinstance(value, dict):
        return {key: full(part) for key, part in value.items()}
    return [full(part) for part in value] if isinstance(value, list) else value


def plain(section: str, tree: Tree) -> Tree:
    """Return a tree with one spelling for what can be written in two, so that only meaning differs."""
    if section == "meters" and tree.get("event_type") == tree["code"]:  # the default, written out
        return {key: value for key, value in tree.items() if key != "event_type"}
    if section == "coupons":
        valid = {edge: at.astimezone(UTC).isoformat() for edge, at in tree.get("valid", {}).items()}
        typed = tree.get("redeem", tree["code"]).upper()
        redeem = {"redeem": typed} if typed != tree["code"].upper() else {}
        kept = {key: value for key, value in tree.items() if key not in ("valid", "redeem")}
        return kept | ({"valid": valid} if valid else {}) | redeem
    if section == "sla_tiers":
        return {**tree, "target": format(Decimal(tree["target"]).normalize(), "f")}
    return tree


def version_text(version: PlanVersion) -> str:
    """Return what staff edit: the source of a version as catalogue text."""
    found: list[Problem] = []
    typed = build(version_tree(version), Version, "", found)
    return dump_yaml(version.source if typed is None else to_tree(typed))


def draft_of(version: PlanVersion, typed_in: Tree = None) -> Draft:
    """Check a version against the stored catalogue; problems carry paths of its source.

    `typed_in` is a source that is not stored, perhaps of the wrong shape.
    """
    trees = stored_trees()
    source = version.source if typed_in is None else typed_in
    wanted = _wanted(source)
    offered = {f"{section}.{code}" for section, codes in wanted.items() for code in codes}
    tree = {
        section: [
            row
            for code, row in rows.items()
            if f"{section}.{code}" in offered or _fits(row, SECTIONS[section])
        ]
        for section, rows in trees.items()
        if section != "plans"
    }
    owner = plan_tree(version.plan)
    tree["plans"] = [{**owner, "versions": [version_tree(version) | ({} if typed_in is None else source)]}]
    shape: list[Problem] = []
    catalogue: Catalogue = mended(tree, Catalogue, "", shape)
    typed = catalogue.plans[0].versions[0]
    meaning = [*problems(catalogue), *offer_problems(typed, catalogue, _HERE)]
    found = [
        *_relative(with_meaning(shape, tree, meaning), tree, wanted),
        *_half_described(version),
    ]
    return Draft(None, None, found) if shape else Draft(typed, catalogue, found)


def problems_of(version: PlanVersion, typed_in: Tree = None) -> list[Problem]:
    """Return everything that keeps a draft (or what is typed in for it) from being published."""
    return draft_of(version, typed_in).problems


def draft_terms(version: PlanVersion, draft: Draft | None = None) -> Terms:
    """Return the composed terms of a draft (read now unless given); raises TermsInvalid with all problems."""
    draft = draft or draft_of(version)
    if draft.problems or draft.version is None or draft.catalogue is None:
        raise TermsInvalid(draft.problems)
    return read_terms(compose_version(draft.version, draft.catalogue))


def draft_hash(version: PlanVersion, draft: Draft | None = None) -> str:
    """Return what a reviewer signs: prices, entitlements and promises as they would be published now."""
    draft = draft or draft_of(version)
    terms, promises = draft_terms(version, draft), draft_promises(version, draft)
    reviewed: list[object] = [terms.hash, draft_entitlements(version), promises]
    reviewed += [said for field in ("features", "quotas") if (said := version.source.get(field))]
    return hashlib.sha256(canonical_json(reviewed)).hexdigest()


def draft_entitlements(version: PlanVersion) -> dict[str, dict[str, str]]:
    """Return what holding the plan grants, and what each offered module adds, by option."""
    granted = {"plan": dict(version.source.get("entitlements", {}))}
    wanted = version.source.get("modules", [])
    rows = FeatureModule.objects.filter(code__in=wanted).order_by("code")
    return granted | {f"module.{row.code}": dict(row.grants) for row in rows if row.grants}


def draft_promises(version: PlanVersion, draft: Draft | None = None) -> dict[str, Tree]:
    """Return what the SLA and support tiers of a version promise, by option; expects a sound draft."""
    draft = draft or draft_of(version)
    if draft.version is None or draft.catalogue is None:
        raise TermsInvalid(draft.problems)
    return compose_promises(draft.version, draft.catalogue)


def _fits(tree: Tree, kind: Any) -> bool:
    """Return whether a row has the right shape; a half-edited part nobody asked for stops nobody."""
    return build(tree, kind, "", []) is not None


def _typed(tree: Tree) -> Catalogue:
    found: list[Problem] = []
    catalogue: Catalogue | None = build(tree, Catalogue, "", found)
    if catalogue is None:
        raise TermsInvalid(found)
    return catalogue


def _wanted(source: Tree) -> dict[str, list[str]]:
    """Return the parts that a source offers, as far as it can be read."""
    given = {section: source.get(section, []) for section in PARTS}
    return {
        section: [one for one in codes if isinstance(one, str)] if isinstance(codes, list) else []
        for section, codes in given.items()
    }


def _relative(found: list[Problem], tree: Tree, wanted: dict[str, list[str]]) -> Iterator[Problem]:
    """Keep what concerns the version; name its parts by option, as their index means nothing here."""
    for one in found:
        if one.path.startswith(_HERE):
            yield replace(one, path=one.path.removeprefix(_HERE).lstrip("."))
            continue
        section, _, rest = one.path.partition("[")
        index, _, inner = rest.partition("]")
        row = tree.get(section, [])[int(index)] if index.isdigit() else {}
        if section in PARTS and row.get("code") in wanted[section]:
            yield replace(one, path=f"{PARTS[section]}.{row['code']}{inner}")
        elif section in ("meters", "features", "plans"):
            yield one


def _half_described(version: PlanVersion) -> Iterator[Problem]:
    """Yield what one language lacks of the descriptions the price list would show."""
    wanted = version.source.get("modules", [])
    rows: list[tuple[str, PlanRow | FeatureModule]] = [("plan", version.plan)]
    rows += [("module", row) for row in FeatureModule.objects.filter(code__in=wanted).order_by("code")]
    for kind, row in rows:
        texts = {"en": row.description_en.strip(), "zh-Hans": row.description_zh.strip()}
        if any(texts.values()):
            for language in (tag for tag, text in texts.items() if not text):
                path = f"{kind}.{row.code}.description"
                yield Problem(path, "missing_description", {"language": language})
