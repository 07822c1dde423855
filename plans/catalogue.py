"""A whole catalogue as one file: what is counted, granted, promised and sold. PURE.

The structs are the schema of `load_catalogue` and `export_catalogue`; read ∘ dump is identity.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from plans.catalogue_yaml import read_yaml
from plans.problems import Problem, TermsInvalid
from plans.shape import Strict
from plans.sla_terms import (
    SLA_FACTS,
    WAIT_DAYS,
    ClaimRule,
    Exclusion,
    Form,
    SmallestOutage,
    SmallestPayable,
    WindowKind,
)
from plans.support_terms import BusinessHours
from plans.terms import Charge, Document, Fact, Figure, Formula, Pool, Step, to_tree
from plans.terms_compose import Part, compose, texts_in
from plans.terms_early_exit import with_early_exit

MeterKind = Literal["count", "sum", "unique", "gauge"]
PART_FIELDS = ("charges", "figures", "numbers", "labels", "facts", "wording", "pools", "tags")


class CatalogueInvalid(TermsInvalid):
    """A catalogue file with at least one problem; each has its line and column."""

    code = "catalogue_invalid"


class Names(Strict):
    """A name in both languages; neither may be missing."""

    en: str
    zh: str = msgspec.field(name="zh-Hans")


class _Coded(Strict):
    code: str
    names: Names


class Meter(_Coded):
    """What is counted, and which events feed it (`event_type` defaults to the code)."""

    kind: MeterKind
    unit: str
    event_type: str | None = None
    value_property: str = "value"
    unique_property: str = "user"
    dimensions: list[str] = []
    source: Literal["events", "daily_reports", "period_reports"] = "events"


class Feature(_Coded):
    """One thing granted; an allowance names the meter that uses it up."""

    type: Literal["switch", "number", "text", "allowance"]
    meter: str | None = None
    unit: str | None = None
    choices: list[str] = []


class _PartFields(_Coded):
    """The small charge document that modules and tiers carry."""

    description: Names | None = None
    charges: list[Charge] = []
    figures: list[Figure] = []
    numbers: "dict[str, str | Formula]" = {}
    labels: dict[str, list[str]] = {}
    facts: "dict[str, str | Fact]" = {}
    wording: dict[str, dict[str, str]] = {}
    pools: dict[str, Pool] = {}
    tags: list[str] = []


class Module(_PartFields):
    """Features sold together."""

    requires: list[str] = []
    excludes: list[str] = []
    features: dict[str, str] = {}


class CreditFigure(Strict):
    """What a missed promise gives, over the facts `fee`, `availability` and those of `SLA_FACTS`."""

    of: "str | Formula" = "fee"
    steps: list[Step] = []


class SlaTier(_PartFields, kw_only=True):
    """An availability promised, and what is given back when it is missed."""

    target: str  # percent
    window: WindowKind = "calendar_month"
    figure: CreditFigure
    cap: "str | Formula | None" = None  # what is given is never more than this number
    smallest_outage: SmallestOutage | None = None
    exclusions: list[Exclusion] = []
    smallest_payable: SmallestPayable | None = None
    claim: "Literal['automatic'] | ClaimRule" = "automatic"
    wait_days: int = WAIT_DAYS
    form: "Literal['credit'] | Form" = "credit"


class SupportTier(_PartFields):
    """A response promised: channels, minutes to the first answer by priority, hours, languages."""

    channels: list[str] = []
    response_minutes: dict[str, int] = {}
    hours: str = "5x8"
    business_hours: BusinessHours | None = None
    around_the_clock: list[str] = []
    languages: list[str] = []
    named_manager: bool = False
    review: Literal["weekly", "monthly", "quarterly", "half_yearly", "yearly"] | None = None


class Validity(Strict):
    """When a coupon can be redeemed: from an instant, up to and not including another."""

    start: datetime | None = msgspec.field(default=None, name="from")
    until: datetime | None = None


class Coupon(_PartFields):
    """A credit for who gives its code: `periods` months long, `limit` times in all.

    `redeem` is the text customers type where it must not be the public code; upper and lower case are alike.
    """

    valid: Validity | None = None
    periods: int | None = None  # months it lasts; without it, as long as the subscription
    limit: int | None = None
    once_per_customer: bool = False
    stacks: bool = False  # with other coupons that stack
    redeem: str | None = None


class Quota(Strict):
    """What happens around the limit of an allowance: at so many percent people are warned.

    `notify` only tells; `stop` refuses from the limit plus `grace` percent of it on.
    """

    at_limit: Literal["notify", "stop"] = "notify"
    grace: int = 0
    warn_at: list[int] = msgspec.field(default_factory=lambda: [80, 100])


class Version(Strict):
    """One edition of a plan: its own terms, what it offers, what it grants.

    `features` says by module whether subscribers keep what it granted at publish (pinned) or get what it
    grants now (latest). `moves_existing`: whether subscribers of earlier versions come to this one at
    their next renewal. `early_exit`: what an annual customer who leaves early gets back. `quotas`: by
    allowance what happens around its limit; without an entry people are warned and usage goes on.
    """

    number: int
    terms: Document
    effective_at: datetime | None = None  # a version without a date stays a draft
    closing: list[Charge] = []
    modules: list[str] = []
    sla_tiers: list[str] = []
    support_tiers: list[str] = []
    coupons: list[str] = []
    entitlements: dict[str, str] = {}
    quotas: dict[str, Quota] = {}
    features: dict[str, Literal["pinned", "latest"]] = {}
    moves_existing: Literal["nobody", "at_renewal"] = "nobody"
    early_exit: Literal["keep", "claw_back", "refund_unused"] = "keep"
    comment: str | None = None


class Plan(_Coded):
    """A product with its editions, oldest first."""

    description: Names | None = None
    audience: Literal["public", "private"] = "public"
    family: str = "im"
    rank: int = 0
    versions: list[Version] = []


class Catalogue(Strict):
    """Everything one deployment sells."""

    meters: list[Meter] = []
    features: list[Feature] = []
    modules: list[Module] = []
    sla_tiers: list[SlaTier] = []
    support_tiers: list[SupportTier] = []
    coupons: list[Coupon] = []
    plans: list[Plan] = []


def read_catalogue(text: str) -> Catalogue:
    """Return a checked catalogue; raises CatalogueInvalid with every problem and its place."""
    from plans.catalogue_check import problems  # the checker imports this schema

    catalogue, found, _marks = read_yaml(text, Catalogue, problems)
    if catalogue is None:
        raise CatalogueInvalid(found)
    return catalogue


def meter_declaration(kind: str, unit: str) -> dict[str, Any]:
    """Return how terms read a catalogue's meter when they do not say otherwise.

    Counts and sums add up. Distinct users and peaks are taken per app, then added.
    """
    if kind in ("count", "sum"):
        return {"unit": unit}
    return {"unit": unit, "reduce": [{"take": "max", "per": ["app"]}, {"take": "sum"}]}


def part_tree(one: Module | SlaTier | SupportTier | Coupon) -> dict[str, Any]:
    """Return the small charge document of a module, tier or coupon.

    What an SLA tier gives is a figure in it, the smallest payable amount another; the facts of a judgement
    are declared where one of its numbers asks for them.
    """
    tree = to_tree(one)
    found = {field: tree[field] for field in PART_FIELDS if field in tree}
    if isinstance(one, SlaTier):
        found["figures"] = [*found.get("figures", []), _credit(tree), *_smallest(tree)]
        asked = {fact: unit for fact, unit in SLA_FACTS.items() if fact in set(texts_in(found))}
        if asked:
            found["facts"] = asked | found.get("facts", {})
    return found


def _smallest(tier: dict[str, Any]) -> list[dict[str, Any]]:
    given = [number for number in tier.get("smallest_payable", {}).values() if number is not None]
    return [{"code": f"sla.{tier['code']}.smallest", "of": given[0]}] if given else []


def _credit(tier: dict[str, Any]) -> dict[str, Any]:
    figure = tier["figure"]
    steps = [*figure.get("steps", []), *([{"at_most": tier["cap"]}] if "cap" in tier else [])]
    credit = {"code": f"sla.{tier['code']}", "of": figure.get("of", "fee")}
    return credit | ({"steps": steps} if steps else {})


def parts_of(version: Version, catalogue: Catalogue) -> list[Part]:
    """Return what a version offers: modules, SLA, support, coupons; unknown codes are skipped."""
    found = []
    for prefix, section, wanted in (
        ("module", "modules", version.modules),
        ("sla", "sla_tiers", version.sla_tiers),
        ("support", "support_tiers", version.support_tiers),
        ("coupon", "coupons", version.coupons),
    ):
        rows = {one.code: (index, one) for index, one in enumerate(getattr(catalogue, section))}
        for code in wanted:
            if code in rows:
                index, one = rows[code]
                found.append(Part(f"{prefix}.{code}", part_tree(one), f"{section}[{index}]"))
    return found


def compose_version(
    version: Version, catalogue: Catalogue, clashes: list[Problem] | None = None
) -> dict[str, Any]:
    """Return the whole terms of a version as a plain tree, to be given to `read_terms`."""
    closing = [to_tree(charge) for charge in version.closing]
    meters = {meter.code: meter_declaration(meter.kind, meter.unit) for meter in catalogue.meters}
    base = with_early_exit(to_tree(version.terms), version.early_exit)
    return compose(base, parts_of(version, catalogue), closing, meters, clashes)


def faults(found: list[Problem]) -> str:
    """Return every problem as a line of text, for commands."""
    return "\n".join(f"{one.line}:{one.column}: {one.path}: {one.sentence()}" for one in found)
