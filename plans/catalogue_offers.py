"""What coupons, readable names and promises about modules mean, checked within a catalogue. PURE."""

from collections import Counter
from collections.abc import Iterator, Mapping

from plans.catalogue import Catalogue, Coupon, Version
from plans.problems import Problem, join
from plans.terms import Charge, Formula
from plans.terms_walk import NAME, spends_in

LANGUAGES = ("en", "zh-Hans")


def coupon_problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what is wrong with coupons: lines are credits, dates rise, what is typed names one of them."""
    typed = Counter(typed_code(one) for one in catalogue.coupons)
    for index, one in enumerate(catalogue.coupons):
        path = f"coupons[{index}]"
        yield from _coupon(one, path)
        if typed[typed_code(one)] > 1:
            yield Problem(f"{path}.redeem", "duplicate_code", {"code": typed_code(one)})


def _coupon(one: Coupon, path: str) -> Iterator[Problem]:
    yield from _credits(one, path)
    if not one.charges:
        yield Problem(path, "missing_field", {"field": "charges"})
    for field in ("periods", "limit"):
        if getattr(one, field) == 0:
            yield Problem(join(path, field), "out_of_range", {"value": "0", "low": "1", "high": "∞"})
    valid = one.valid
    if valid is not None and valid.start and valid.until and valid.until <= valid.start:
        yield Problem(f"{path}.valid.until", "validity_not_rising")
    if not NAME.fullmatch(typed_code(one)):
        yield Problem(f"{path}.redeem", "bad_name", {"value": one.redeem or one.code})


def _credits(one: Coupon, path: str) -> Iterator[Problem]:
    for number, charge in enumerate(one.charges):
        if not charge.credit:
            yield Problem(f"{path}.charges[{number}].credit", "coupon_not_credit", {"code": charge.code})
        if not _is_bounded(charge):
            yield Problem(f"{path}.charges[{number}]", "coupon_unbounded", {"code": charge.code})


def _is_bounded(charge: Charge) -> bool:
    """Return whether a credit is worked out from what there is to pay, so that no bill falls below zero."""
    last = [step.at_most for step in charge.steps if step.at_most is not None]
    return any(spends_in(part) for part in (charge.of, *last) if isinstance(part, Formula))


def typed_code(coupon: Coupon) -> str:
    """Return what customers type, in capitals."""
    return (coupon.redeem or coupon.code).upper()


def promise_problems(version: Version, path: str) -> Iterator[Problem]:
    """Yield what a version says of modules it does not offer."""
    for code in version.features:
        if code not in version.modules:
            yield Problem(join(f"{path}.features", code), "not_offered", {"code": code})
    terms = version.terms.labels.get("term") or ["monthly"]
    if version.early_exit == "claw_back" and "monthly" not in terms:
        yield Problem(join(path, "early_exit"), "no_monthly_price")


def name_problems(catalogue: Catalogue, version: Version, path: str) -> Iterator[Problem]:
    """Yield readable names of nothing, and those that lack a language; of the version and its parts."""
    terms = version.terms
    yield from _names(terms.wording, {*_nameable(terms.labels), *terms.facts}, f"{path}.terms.wording")
    for section in ("modules", "sla_tiers", "support_tiers", "coupons"):
        for index, part in enumerate(getattr(catalogue, section)):
            if part.code in getattr(version, section):
                known = {*_nameable(part.labels), *part.facts}
                yield from _names(part.wording, known, f"{section}[{index}].wording")


def _nameable(labels: Mapping[str, list[str]]) -> set[str]:
    return {*labels, *(f"{label}.{value}" for label, values in labels.items() for value in values)}


def _names(names: Mapping[str, Mapping[str, str]], known: set[str], path: str) -> Iterator[Problem]:
    for code, texts in names.items():
        here = join(path, code)
        if code not in known:
            yield Problem(here, "name_of_nothing", {"code": code})
        for language in LANGUAGES:
            if not texts.get(language, "").strip():
                yield Problem(here, "missing_translation", {"language": language})
