"""What a catalogue means, checked as a whole: references, values, and every version's terms. PURE."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from plans.catalogue import Catalogue, Feature, Module, Plan, Version, compose_version, parts_of
from plans.catalogue_offers import coupon_problems, name_problems, promise_problems
from plans.problems import Problem, TermsInvalid, join
from plans.terms import Terms, read_terms, to_tree
from plans.terms_compose import origins, traced
from plans.terms_early_exit import with_early_exit
from plans.terms_walk import NAME

SECTIONS = ("meters", "features", "modules", "sla_tiers", "support_tiers", "coupons", "plans")


def problems(catalogue: Catalogue) -> list[Problem]:
    """Return every problem, each once even where several versions offer the same part."""
    found = [*_codes(catalogue), *_features(catalogue), *_modules(catalogue), *_targets(catalogue)]
    found += coupon_problems(catalogue)
    for index, plan in enumerate(catalogue.plans):
        found += _plan(catalogue, plan, f"plans[{index}]")
    unique = {(one.path, one.code, tuple(one.params.items())): one for one in found}
    return list(unique.values())


def _codes(catalogue: Catalogue) -> Iterator[Problem]:
    for section in SECTIONS:
        rows = getattr(catalogue, section)
        counts = Counter(row.code for row in rows)
        for index, row in enumerate(rows):
            path = f"{section}[{index}].code"
            if not NAME.fullmatch(row.code):
                yield Problem(path, "bad_name", {"value": row.code})
            if counts[row.code] > 1:
                yield Problem(path, "duplicate_code", {"code": row.code})


def _unknown(catalogue: Catalogue, section: str, codes: Sequence[str], path: str) -> Iterator[Problem]:
    known = {row.code for row in getattr(catalogue, section)}
    for index, code in enumerate(codes):
        if code not in known:
            yield Problem(join(path, index), "unknown_reference", {"section": section, "code": code})


def _features(catalogue: Catalogue) -> Iterator[Problem]:
    for index, feature in enumerate(catalogue.features):
        path = f"features[{index}]"
        if feature.type == "allowance" and feature.meter is None:
            yield Problem(path, "missing_field", {"field": "meter"})
        if feature.meter is not None and feature.meter not in {meter.code for meter in catalogue.meters}:
            yield Problem(f"{path}.meter", "unknown_reference", {"section": "meters", "code": feature.meter})


def _modules(catalogue: Catalogue) -> Iterator[Problem]:
    for index, module in enumerate(catalogue.modules):
        path = f"modules[{index}]"
        yield from _unknown(catalogue, "modules", module.requires, f"{path}.requires")
        yield from _unknown(catalogue, "modules", module.excludes, f"{path}.excludes")
        yield from _entitlements(catalogue, module.features, f"{path}.features")
        yield from _rules(module, path)


def _rules(module: Module, path: str) -> Iterator[Problem]:
    if module.code in (*module.requires, *module.excludes):
        yield Problem(path, "self_reference", {"code": module.code})
    for code in sorted(set(module.requires) & set(module.excludes)):
        yield Problem(path, "requires_and_excludes", {"code": code})


def _targets(catalogue: Catalogue) -> Iterator[Problem]:
    for index, tier in enumerate(catalogue.sla_tiers):
        target = _number(tier.target)
        if target is None or not 0 < target <= 100:
            params = {"value": tier.target, "low": "0", "high": "100"}
            yield Problem(f"sla_tiers[{index}].target", "out_of_range", params)


def _entitlements(catalogue: Catalogue, values: Mapping[str, str], path: str) -> Iterator[Problem]:
    features = {feature.code: feature for feature in catalogue.features}
    for code, value in values.items():
        here = join(path, code)
        if code not in features:
            yield Problem(here, "unknown_reference", {"section": "features", "code": code})
        elif not _suits(features[code], value):
            yield Problem(here, "value_type", {"value": value, "type": features[code].type, "feature": code})


def _suits(feature: Feature, value: str) -> bool:
    if feature.type == "switch":
        return value in ("true", "false")
    if feature.type == "text":
        return not feature.choices or value in feature.choices
    number = _number(value)
    return value == "unlimited" or (number is not None and number >= 0)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _plan(catalogue: Catalogue, plan: Plan, path: str) -> Iterator[Problem]:
    for index, version in enumerate(plan.versions):
        yield from _version(catalogue, version, f"{path}.versions[{index}]")
    for index in range(1, len(plan.versions)):
        before, after = plan.versions[index - 1], plan.versions[index]
        dated = before.effective_at is not None and after.effective_at is not None
        if after.number <= before.number or (dated and after.effective_at <= before.effective_at):  # type: ignore[operator]
            yield Problem(f"{path}.versions[{index}]", "versions_not_rising")


def _version(catalogue: Catalogue, version: Version, path: str) -> Iterator[Problem]:
    yield from _unknown(catalogue, "modules", version.modules, f"{path}.modules")
    yield from _unknown(catalogue, "sla_tiers", version.sla_tiers, f"{path}.sla_tiers")
    yield from _unknown(catalogue, "support_tiers", version.support_tiers, f"{path}.support_tiers")
    yield from _unknown(catalogue, "coupons", version.coupons, f"{path}.coupons")
    yield from _entitlements(catalogue, version.entitlements, f"{path}.entitlements")
    yield from promise_problems(version, path)
    yield from name_problems(catalogue, version, path)
    yield from _terms(catalogue, version, path)


def _terms(catalogue: Catalogue, version: Version, path: str) -> Iterator[Problem]:
    """Yield the problems of the composed document, each at the place somebody wrote."""
    try:
        terms_of(catalogue, version)
    except TermsInvalid as error:
        closing: list[Any] = list(version.closing)
        base = with_early_exit(to_tree(version.terms), version.early_exit)
        found = origins(
            base, parts_of(version, catalogue), closing,
            base_path=f"{path}.terms", closing_path=f"{path}.closing",
        )  # fmt: skip
        for one in error.problems:
            yield Problem(traced(one.path, found, f"{path}.terms"), one.code, one.params)


def terms_of(catalogue: Catalogue, version: Version) -> Terms:
    """Return the composed and checked terms of one version."""
    return read_terms(compose_version(version, catalogue))
