"""Reads of the catalogue: which versions are on sale at an instant, and what they charge."""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from plans.composition import MODULE, Rules
from plans.errors import DomainError, _
from plans.models import FeatureModule, ModuleRule, PlanVersion, SlaTier, SupportTier
from plans.models.plans import VersionState
from plans.selectors_catalogue import draft_hash, draft_terms, problems_of, stored_catalogue, version_text
from plans.terms import Terms, canonical_json, read_document

__all__ = [
    "Offer",
    "TermsDamaged",
    "draft_hash",
    "draft_terms",
    "entitlements_of",
    "module_rules",
    "on_sale",
    "price_list",
    "problems_of",
    "stored_catalogue",
    "terms_of",
    "version_state",
    "version_text",
]

State = Literal["draft", "scheduled", "on_sale", "superseded", "archived"]


class TermsDamaged(DomainError):  # noqa: N818
    """The stored document is not the one that was published: an alarm, never a price."""

    code = "terms_damaged"
    http_status = 500
    text = _("The stored terms of this plan version do not match their hash.")


def on_sale(
    at: datetime, *, currency: str | None = None, audience: str | None = "public"
) -> QuerySet[PlanVersion]:
    """Return the versions that can be subscribed to at `at`, lowest rank first. `audience` None = all."""
    later = _sold().filter(
        plan=OuterRef("plan"), effective_at__gt=OuterRef("effective_at"), effective_at__lte=at
    )
    found = _sold().filter(Q(archived_at__isnull=True) | Q(archived_at__gt=at), effective_at__lte=at)
    found = found.filter(~Exists(later))
    if audience is not None:
        found = found.filter(plan__audience=audience)
    if currency is not None:  # jsonb: both "USD" and ["USD", "CNY"] contain "USD"
        found = found.filter(terms__currency__contains=currency)
    return found.select_related("plan").order_by("plan__rank", "plan__code")


def _sold() -> QuerySet[PlanVersion]:
    """Versions that were on sale for some time; one archived before its date never was."""
    return PlanVersion.objects.exclude(state=VersionState.DRAFT).filter(
        Q(archived_at__isnull=True) | Q(archived_at__gt=F("effective_at"))
    )


def version_state(version: PlanVersion, at: datetime) -> State:
    """Return what people call the version at `at`; dates decide, no job has to run."""
    if version.state == VersionState.DRAFT or version.effective_at is None:
        return "draft"
    if version.archived_at is not None and version.archived_at <= max(at, version.effective_at):
        return "archived"
    if at < version.effective_at:
        return "scheduled"
    replaced = _sold().filter(
        plan=version.plan_id, effective_at__gt=version.effective_at, effective_at__lte=at
    )
    return "superseded" if replaced.exists() else "on_sale"


def terms_of(version: PlanVersion) -> Terms:
    """Return the terms a published version is rated by; equal hashes share one value.

    They were checked at publish and are not checked again, so a stricter check added later
    cannot make an old promise unreadable. Raises TermsDamaged if bytes and hash differ.
    """
    if version.terms is None:
        raise TermsDamaged
    terms = _stored_terms(version.terms_hash, canonical_json(version.terms))
    if terms.hash != version.terms_hash:
        raise TermsDamaged
    return terms


@functools.lru_cache(maxsize=256)
def _stored_terms(_hash: str, canonical: bytes) -> Terms:
    document, faults = read_document(canonical)
    if document is None or faults:
        raise TermsDamaged
    return Terms(document, canonical)


def module_rules(codes: Collection[str] | None = None) -> dict[str, Rules]:
    """Return requires and excludes by module code, in one query."""
    rows = ModuleRule.objects.all() if codes is None else ModuleRule.objects.filter(module__code__in=codes)
    found: dict[str, Rules] = {}
    for module, kind, other in rows.values_list("module__code", "kind", "other__code"):
        known = found.get(module, Rules())
        if kind == ModuleRule.Kind.REQUIRES:
            found[module] = Rules(known.requires | {other}, known.excludes)
        else:
            found[module] = Rules(known.requires, known.excludes | {other})
    return found


def entitlements_of(version: PlanVersion) -> dict[str, dict[str, str]]:
    """Return what the version grants now, by option (`plan` for the plan itself).

    A module whose features are pinned grants what it did at publish; one with `latest` what it does today.
    """
    found: dict[str, dict[str, str]] = {option: dict(given) for option, given in version.entitlements.items()}
    latest = {code for code, kind in version.source.get("features", {}).items() if kind == "latest"}
    if latest:
        for module in version.modules.all():
            if module.code in latest:
                found[MODULE + module.code] = dict(module.grants)
    return {option: given for option, given in found.items() if given or option == "plan"}


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the price list: a version on sale with what can be added to it."""

    version: PlanVersion
    terms: Terms
    rules: Mapping[str, Rules]
    modules: Sequence[FeatureModule]
    sla_tiers: Sequence[SlaTier]
    support_tiers: Sequence[SupportTier]

    def rules_of(self, module: FeatureModule) -> Rules:
        """Return what a module requires and excludes."""
        return self.rules.get(module.code, Rules())


def price_list(at: datetime, *, currency: str | None = None, code: str | None = None) -> list[Offer]:
    """Return the public price list at `at`, lowest rank first; a constant number of queries."""
    versions = on_sale(at, currency=currency)
    if code is not None:
        versions = versions.filter(plan__code=code)
    rules = module_rules()
    found = versions.prefetch_related("modules", "sla_tiers", "support_tiers")
    return [
        Offer(
            one,
            terms_of(one),
            rules,
            list(one.modules.all()),
            list(one.sla_tiers.all()),
            list(one.support_tiers.all()),
        )
        for one in found
    ]
