"""What a catalogue means, checked as a whole: references, values, and every version's terms. PURE."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from plans.catalogue import Catalogue, Feature, Module, Plan, Version, compose_version, parts_of
from plans.catalogue_limits import limits
from plans.catalogue_offers import coupon_problems, name_problems
from plans.catalogue_offers import promise_problems as offered_problems
from plans.catalogue_quotas import quota_problems
from plans.catalogue_reports import not_reported, report_problems
from plans.problems import Problem, join
from plans.promises import frozen_promise, given_problems
from plans.shape import mended
from plans.shape_gaps import is_gap
from plans.sla_terms import promise_problems
from plans.support_terms import support_problems
from plans.terms import Document, Terms, read_terms, to_tree
from plans.terms_attributes import kept_by_events
from plans.terms_check import problems as terms_problems
from plans.terms_compose import origins, traced
from plans.terms_early_exit import with_early_exit
from plans.terms_walk import NAME

_SLA_FIGURE = re.compile(r"sla_tiers\[(\d+)\]\.figures\[(\d+)\]")
SECTIONS = ("meters", "features", "modules", "sla_tiers", "support_tiers", "coupons", "plans")
MOST = 10**18  # of a number granted; more is written as unlimited


def problems(catalogue: Catalogue) -> list[Problem]:
    """Return every problem, each once even where several versions offer the same part."""
    found = [*_codes(catalogue), *_features(catalogue), *_modules(catalogue), *_tiers(catalogue)]
    found += [*_never_held(catalogue), *limits(catalogue), *coupon_problems(catalogue)]
    found += report_problems(catalogue)
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


def _never_held(catalogue: Catalogue) -> Iterator[Problem]:
    """Yield the modules of which two that are required, however far, exclude each other."""
    modules = {one.code: one for one in catalogue.modules}
    for index, module in enumerate(catalogue.modules):
        held, left = {module.code}, [*module.requires]
        while left:
            code = left.pop()
            if code in modules and code not in held:
                held.add(code)
                left += modules[code].requires
        clashes = [
            (one, other) for one in sorted(held) for other in modules[one].excludes if other in held - {one}
        ]
        if clashes and not set(module.requires) & set(module.excludes):
            one, other = clashes[0]
            params = {"code": module.code, "other": module.requires[0], "one": one, "another": other}
            yield Problem(f"modules[{index}].requires", "never_held", params)


def _tiers(catalogue: Catalogue) -> Iterator[Problem]:
    for index, sla in enumerate(catalogue.sla_tiers):
        yield from promise_problems(sla, f"sla_tiers[{index}]")
    for index, support in enumerate(catalogue.support_tiers):
        yield from support_problems(support, f"support_tiers[{index}]")


def _entitlements(catalogue: Catalogue, values: Mapping[str, str], path: str) -> Iterator[Problem]:
    features = {feature.code: feature for feature in catalogue.features}
    for code, value in values.items():
        here = join(path, code)
        if code not in features:
            yield Problem(here, "unknown_reference", {"section": "features", "code": code})
        elif not _suits(features[code], value):
            yield Problem(here, "value_type", {"value": value, "type": features[code].type, "feature": code})


def _suits(feature: Feature, value: str) -> bool:
    if is_gap(feature.type) or is_gap(value) or any(is_gap(one) for one in feature.choices):
        return True
    if feature.type == "switch":
        return value in ("true", "false")
    if feature.type == "text":
        return not feature.choices or value in feature.choices
    number = _number(value)
    return value == "unlimited" or (number is not None and 0 <= number < MOST)


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
        if is_gap(before.number) or is_gap(after.number):
            continue
        dated = before.effective_at is not None and after.effective_at is not None
        if after.number <= before.number or (dated and after.effective_at <= before.effective_at):  # type: ignore[operator]
            yield Problem(f"{path}.versions[{index}]", "versions_not_rising")


def _version(catalogue: Catalogue, version: Version, path: str) -> Iterator[Problem]:
    yield from _unknown(catalogue, "modules", version.modules, f"{path}.modules")
    yield from _unknown(catalogue, "sla_tiers", version.sla_tiers, f"{path}.sla_tiers")
    yield from _unknown(catalogue, "support_tiers", version.support_tiers, f"{path}.support_tiers")
    yield from _unknown(catalogue, "coupons", version.coupons, f"{path}.coupons")
    yield from _entitlements(catalogue, version.entitlements, f"{path}.entitlements")
    yield from quota_problems(catalogue, version, path)
    yield from offered_problems(version, path)
    yield from name_problems(catalogue, version, path)
    yield from _terms(catalogue, version, path)


def _terms(catalogue: Catalogue, version: Version, path: str) -> Iterator[Problem]:
    """Yield the problems of the composed document, each at the place somebody wrote."""
    wrong: list[Problem] = []
    document = composed(catalogue, version, wrong)
    for index, tier in enumerate(catalogue.sla_tiers):
        if tier.code in version.sla_tiers:
            yield from given_problems(document, tier.code, frozen_promise(tier), f"sla_tiers[{index}]")
    wrong += [*terms_problems(document), *_not_kept(catalogue, document)]
    wrong += not_reported(catalogue, document)
    closing: list[Any] = list(version.closing)
    base = with_early_exit(to_tree(version.terms), version.early_exit)
    found = origins(
        base, parts_of(version, catalogue), closing,
        base_path=f"{path}.terms", closing_path=f"{path}.closing",
    )  # fmt: skip
    for one in wrong:
        here = _promised(catalogue, traced(one.path, found, f"{path}.terms"))
        yield Problem(here, one.code, one.params)


def _promised(catalogue: Catalogue, path: str) -> str:
    """Return where the figures that a tier's promise brings in were written: its figure, cap or smallest."""
    match = _SLA_FIGURE.match(path)
    if match is None:
        return path
    tier, rest = catalogue.sla_tiers[int(match[1])], path[match.end() :]
    beyond = int(match[2]) - len(tier.figures)
    if beyond < 0:
        return path
    here = f"sla_tiers[{match[1]}]"
    if beyond:
        word = "at_least" if tier.smallest_payable and tier.smallest_payable.at_least else "exceeds"
        return f"{here}.smallest_payable.{word}{rest.removeprefix('.of')}"
    cap = f".steps[{len(tier.figure.steps)}]"
    if rest.startswith(cap):
        return f"{here}.cap{rest.removeprefix(cap).removeprefix('.at_most')}"
    return f"{here}.figure{rest}"


def _not_kept(catalogue: Catalogue, document: Document) -> Iterator[Problem]:
    """Yield the attributes that terms count by and events of the meter do not keep."""
    for meter in catalogue.meters:
        if meter.code in document.meters and meter.source == "events":
            known = {*meter.dimensions, meter.unique_property}
            for name in sorted(kept_by_events(document, meter.code) - known):
                params = {"meter": meter.code, "attribute": name, "known": ", ".join(meter.dimensions) or "—"}
                yield Problem(join("meters", meter.code), "attribute_not_kept", params)


def composed(catalogue: Catalogue, version: Version, found: list[Problem] | None = None) -> Document:
    """Return the document of one version, with a stand-in for each fault; those are added to `found`."""
    wrong = [] if found is None else found
    document: Document = mended(compose_version(version, catalogue, wrong), Document, "", wrong)
    return document


def terms_of(catalogue: Catalogue, version: Version) -> Terms:
    """Return the composed and checked terms of one version."""
    return read_terms(compose_version(version, catalogue))
