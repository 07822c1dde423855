"""What each plan offers, side by side: the version on sale and the draft, by module, tier and feature."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plans.composition import Rules, missing_requirements
from plans.diff_places import price_of
from plans.errors import _, spoken
from plans.models import Feature, FeatureModule, Named, Plan, PlanVersion, SlaTier, SupportTier
from plans.models.plans import VersionState
from plans.right_words import right_text
from plans.selectors import module_rules, on_sale
from plans.shape import Tree

CODE = re.compile(r"\b([A-Z]{3}) ")
PRICE = re.compile(r"'(?:each|flat)': '")  # a literal amount, not a share or a formula
WITH = _("%(name)s: %(value)s")


@dataclass(frozen=True, slots=True)
class Column:
    """A plan with the version on sale and its newest draft, where there are such."""

    plan: Plan
    sold: PlanVersion | None
    draft: PlanVersion | None

    @property
    def next_number(self) -> int:
        """The number a draft has, or would have if it were made now."""
        if self.draft is not None:
            return self.draft.number
        return 1 + max((version.number for version in self.plan.versions.all()), default=0)


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing in one edition of a plan."""

    offered: bool
    says: Sequence[str] = ()  # prices or values
    needs: Sequence[str] = ()  # names of modules that it requires and that are not offered


@dataclass(frozen=True, slots=True)
class Row:
    """A module, tier or feature across all plans; a cell for each plan's sold and draft edition."""

    section: str
    row: Named
    cells: Sequence[tuple[Column, Cell, Cell]]
    requires: Sequence[str] = ()
    excludes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """The page: columns, and rows by section."""

    columns: Sequence[Column]
    sections: Mapping[str, Sequence[Row]] = field(default_factory=dict)


def matrix(at: datetime) -> Matrix:
    """Return what every plan offers at `at`; a fixed number of queries."""
    columns = _columns(at)
    rules = module_rules()
    modules = list(FeatureModule.objects.order_by("code"))
    names = {module.code: module.name for module in modules}
    sections: dict[str, list[Row]] = {
        "modules": [_module(one, columns, rules, names) for one in modules],
        "sla_tiers": [_tier("sla_tiers", "sla", one, columns) for one in SlaTier.objects.order_by("code")],
        "support_tiers": [
            _tier("support_tiers", "support", one, columns) for one in SupportTier.objects.order_by("code")
        ],
        "features": [_feature(one, columns, names, modules) for one in Feature.objects.order_by("code")],
    }
    return Matrix(columns, sections)


def _columns(at: datetime) -> list[Column]:
    sold = {version.plan_id: version for version in on_sale(at, audience=None)}
    drafts: dict[int, PlanVersion] = {}
    for draft in PlanVersion.objects.filter(state=VersionState.DRAFT).order_by("number"):
        drafts[draft.plan_id] = draft
    plans = Plan.objects.prefetch_related("versions").order_by("rank", "code")
    return [Column(plan, sold.get(plan.pk), drafts.get(plan.pk)) for plan in plans]


def _module(
    module: FeatureModule, columns: Sequence[Column], rules: Mapping[str, Rules], names: Mapping[str, str]
) -> Row:
    own = rules.get(module.code, Rules())
    cells = []
    for column in columns:
        pair = _pair(column, "modules", f"module.{module.code}", module.charges)
        lacking = _lacking(column, rules).get(module.code, [])
        draft = Cell(pair[1].offered, pair[1].says, [names.get(code, code) for code in lacking])
        cells.append((column, pair[0], draft))
    known = ([names.get(code, code) for code in sorted(codes)] for codes in (own.requires, own.excludes))
    return Row("modules", module, cells, *known)


def _lacking(column: Column, rules: Mapping[str, Rules]) -> dict[str, list[str]]:
    """Return by module what it requires and the draft (or what a draft would start from) does not offer."""
    found: dict[str, list[str]] = {}
    for clash in missing_requirements(_offered(column, "modules"), rules):
        found.setdefault(clash.option.removeprefix("module."), []).append(clash.other.removeprefix("module."))
    return found


def _tier(section: str, kind: str, tier: SlaTier | SupportTier, columns: Sequence[Column]) -> Row:
    cells = [(column, *_pair(column, section, f"{kind}.{tier.code}", tier.document)) for column in columns]
    return Row(section, tier, cells)


def _pair(column: Column, section: str, option: str, document: Mapping[str, Any]) -> tuple[Cell, Cell]:
    """Return what the version on sale and the draft say of an option."""
    terms = column.sold.terms or {} if column.sold else {}
    sold = [one for one in terms.get("charges", []) if option in one.get("held", [])]
    is_sold = option in terms.get("options", [])
    is_drafted = option.partition(".")[2] in _offered(column, section)
    drafted = document.get("charges", [])
    own = (column.draft or column.sold).source.get("terms", {}) if column.draft or column.sold else {}  # type: ignore[union-attr]
    return (
        Cell(is_sold, _prices(sold, terms.get("currency")) if is_sold else ()),
        Cell(is_drafted, _prices(drafted, own.get("currency")) if is_drafted else ()),
    )


def _offered(column: Column, section: str) -> list[str]:
    """Return what the draft offers; without one, what it would start with."""
    version = column.draft or column.sold
    return list(version.source.get(section, [])) if version else []


def _prices(charges: Tree, currency: Any) -> list[str]:
    """Return each charge's price with its currency; one that names none is in each of the plan's."""
    codes = [currency] if isinstance(currency, str) else currency if isinstance(currency, list) else []
    return [_priced(one, "/".join(map(str, codes))) for one in charges] if isinstance(charges, list) else []


def _priced(charge: Tree, currencies: str) -> str:
    price = price_of(charge)
    if not CODE.search(price) and currencies and PRICE.search(str(charge)):
        price = f"{currencies} {price}"
    return CODE.sub("\\1\N{NO-BREAK SPACE}", price)


def _feature(
    feature: Feature, columns: Sequence[Column], names: Mapping[str, str], modules: Sequence[FeatureModule]
) -> Row:
    cells = []
    for column in columns:
        sold = column.sold.entitlements if column.sold else {}
        own = (column.draft or column.sold).source if column.draft or column.sold else {}  # type: ignore[union-attr]
        wanted = set(own.get("modules", []))
        granted = {f"module.{one.code}": one.grants for one in modules if one.code in wanted}
        drafted = {"plan": own.get("entitlements", {}), **granted}
        cells.append((column, _grant(feature, sold, names), _grant(feature, drafted, names)))
    return Row("features", feature, cells)


def _grant(feature: Feature, entitlements: Mapping[str, Any], names: Mapping[str, str]) -> Cell:
    """Return the plan's own value, then what each module adds."""
    says = []
    for holder, values in entitlements.items():
        if isinstance(values, dict) and feature.code in values:
            value = right_text(str(values[feature.code]))
            code = holder.removeprefix("module.")
            params = {"name": names.get(code, code), "value": value}
            says.append(value if holder == "plan" else spoken(WITH, params))
    return Cell(bool(says), says)
