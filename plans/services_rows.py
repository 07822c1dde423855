"""Write one catalogue row from the tree a file holds. Callers hold the transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from plans.models import Coupon, Feature, FeatureModule, Meter, ModuleRule, Plan, SlaTier, SupportTier
from plans.shape import Tree

EDGES = (("valid_from", "from"), ("valid_until", "until"))


def write_row(section: str, tree: Tree) -> None:
    """Create or change the row of a section that has the tree's code."""
    model, columns = WRITERS[section]
    names = {"name_en": tree["names"]["en"], "name_zh": tree["names"]["zh-Hans"]}
    model._default_manager.update_or_create(code=tree["code"], defaults={**names, **columns(tree)})


def write_rules(code: str, *, requires: Sequence[str], excludes: Sequence[str]) -> None:
    """Give a module exactly these rules, in this order."""
    module = FeatureModule.objects.get(code=code)
    wanted = [("requires", other) for other in requires] + [("excludes", other) for other in excludes]
    if list(module.rules.order_by("pk").values_list("kind", "other__code")) == wanted:
        return
    module.rules.all().delete()
    others = {one.code: one for one in FeatureModule.objects.filter(code__in=[*requires, *excludes])}
    ModuleRule.objects.bulk_create(
        ModuleRule(module=module, kind=kind, other=others[other]) for kind, other in wanted
    )


def _meter(tree: Tree) -> dict[str, Any]:
    return {
        "kind": tree["kind"],
        "unit": tree["unit"],
        "source": tree.get("source", "events"),
        "event_type": tree.get("event_type", tree["code"]),
        "value_property": tree.get("value_property", "value"),
        "unique_property": tree.get("unique_property", "user"),
        "dimensions": tree.get("dimensions", []),
    }


def _feature(tree: Tree) -> dict[str, Any]:
    meter = Meter.objects.get(code=tree["meter"]) if "meter" in tree else None
    rest = {"unit": tree.get("unit", ""), "choices": tree.get("choices", [])}
    return {"type": tree["type"], "meter": meter, **rest}


def _module(tree: Tree) -> dict[str, Any]:
    own = ("requires", "excludes", "features", "description")
    return {**_description(tree), "grants": tree.get("features", {}), "charges": _rest(tree, own)}


def _sla_tier(tree: Tree) -> dict[str, Any]:
    window = tree.get("window", "calendar_month")
    return {
        "target": Decimal(tree["target"]),
        "window": window,
        "document": _rest(tree, ("target", "window")),
    }


def _support_tier(tree: Tree) -> dict[str, Any]:
    own = ("channels", "response_minutes", "hours")
    return {
        "channels": tree.get("channels", []),
        "response_minutes": tree.get("response_minutes", {}),
        "hours": tree.get("hours", "5x8"),
        "document": _rest(tree, own),
    }


def _coupon(tree: Tree) -> dict[str, Any]:
    own = ("valid", "periods", "limit", "once_per_customer", "stacks", "redeem")
    valid = tree.get("valid", {})
    edges = {name: datetime.fromisoformat(valid[edge]) if edge in valid else None for name, edge in EDGES}
    return {
        **edges,
        "periods": tree.get("periods"),
        "limit": tree.get("limit"),
        "once_per_customer": tree.get("once_per_customer", False),
        "stacks": tree.get("stacks", False),
        "redeem_code": tree.get("redeem", tree["code"]).upper(),
        "document": _rest(tree, own),
    }


def _plan(tree: Tree) -> dict[str, Any]:
    rest = {"audience": tree.get("audience", "public"), "family": tree.get("family", "im")}
    return {**_description(tree), **rest, "rank": tree.get("rank", 0)}


def _description(tree: Tree) -> dict[str, str]:
    texts = tree.get("description", {})
    return {"description_en": texts.get("en", ""), "description_zh": texts.get("zh-Hans", "")}


def _rest(tree: Tree, own: Sequence[str]) -> Tree:
    """Return the small charge document: what no column of the table keeps."""
    return {key: value for key, value in tree.items() if key not in ("code", "names", *own)}


WRITERS: dict[str, tuple[type[Any], Callable[[Tree], dict[str, Any]]]] = {
    "meters": (Meter, _meter),
    "features": (Feature, _feature),
    "modules": (FeatureModule, _module),
    "sla_tiers": (SlaTier, _sla_tier),
    "support_tiers": (SupportTier, _support_tier),
    "coupons": (Coupon, _coupon),
    "plans": (Plan, _plan),
}
