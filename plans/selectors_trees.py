"""Rows of the catalogue as the trees that a file would hold."""

from typing import Any

from plans.models import Coupon as CouponRow
from plans.models import Feature as FeatureRow
from plans.models import FeatureModule, Named
from plans.models import Meter as MeterRow
from plans.models import Plan as PlanRow
from plans.models import SlaTier as SlaRow
from plans.models import SupportTier as SupportRow
from plans.shape import Tree


def _named(row: Named) -> dict[str, Tree]:
    return {"code": row.code, "names": {"en": row.name_en, "zh-Hans": row.name_zh}}


def _described(row: FeatureModule | PlanRow) -> dict[str, Tree]:
    texts = {"en": row.description_en, "zh-Hans": row.description_zh}
    return {"description": texts} if all(texts.values()) else {}


def meter_tree(row: MeterRow) -> Tree:
    """Return a meter as the tree a file would hold."""
    fields = ("kind", "unit", "event_type", "value_property", "unique_property", "dimensions", "source")
    given = {field: getattr(row, field) for field in fields}
    if row.event_type == row.code:  # the default: a file that leaves it out comes back without it
        del given["event_type"]
    return _named(row) | {field: value for field, value in given.items() if value != ""}


def feature_tree(row: FeatureRow) -> Tree:
    """Return a feature as the tree a file would hold."""
    meter = {"meter": row.meter.code} if row.meter else {}
    unit = {"unit": row.unit} if row.unit else {}
    return {**_named(row), "type": row.type, **meter, **unit, "choices": row.choices}


def modules_rows() -> Any:
    """Return the modules with their rules, in a stable order."""
    return FeatureModule.objects.prefetch_related("rules__other").order_by("pk")


def module_tree(row: FeatureModule) -> Tree:
    """Return a module as the tree a file would hold."""
    rules: dict[str, list[str]] = {"requires": [], "excludes": []}
    for rule in sorted(row.rules.all(), key=lambda one: one.pk):
        rules[rule.kind].append(rule.other.code)
    return {**_named(row), **_described(row), **rules, "features": row.grants, **row.charges}


def sla_tier_tree(row: SlaRow) -> Tree:
    """Return an SLA tier as the tree a file would hold."""
    target = format(row.target.normalize(), "f")
    return {**_named(row), "target": target, "window": row.window, **row.document}


def support_tier_tree(row: SupportRow) -> Tree:
    """Return a support tier as the tree a file would hold."""
    fields = ("channels", "response_minutes", "hours")
    return {**_named(row), **{field: getattr(row, field) for field in fields}, **row.document}


def coupon_tree(row: CouponRow) -> Tree:
    """Return a coupon as the tree a file would hold."""
    edges = {"from": row.valid_from, "until": row.valid_until}
    valid = {edge: at.isoformat() for edge, at in edges.items() if at is not None}
    counts = {name: str(n) for name in ("periods", "limit") if (n := getattr(row, name)) is not None}
    flags = {name: "true" for name in ("once_per_customer", "stacks") if getattr(row, name)}
    redeem = {"redeem": row.redeem_code} if row.redeem_code != row.code.upper() else {}
    return {**_named(row), **({"valid": valid} if valid else {}), **counts, **flags, **redeem, **row.document}


def plan_tree(row: PlanRow) -> Tree:
    """Return a plan as the tree a file would hold, without its versions."""
    rest = {"audience": row.audience, "family": row.family, "rank": str(row.rank)}
    return {**_named(row), **_described(row), **rest}
