"""What a subscription may hold: checked by `start` and by every later change of options."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from plans.composition import COUPON, Clash, clashes, modules_in
from plans.models import PlanVersion
from plans.selectors import module_rules, terms_of
from subscriptions.errors import (
    CurrencyNotOffered,
    OneTierOnly,
    OptionMissing,
    OptionNotOffered,
    OptionQuantity,
    OptionsExclude,
    TermNotOffered,
)
from subscriptions.errors_agreed import CouponByCode
from subscriptions.models.agreements import Term

REFUSALS = {"requires": OptionMissing, "excludes": OptionsExclude, "one_only": OneTierOnly}
MOST = Decimal(10) ** 12  # the table's bound


def check_sold(version: PlanVersion, *, term: str, currency: str) -> None:
    """Refuse a term or a currency that the version does not sell."""
    terms = terms_of(version)
    offered = terms.document.labels.get("term") or Term.values
    if term not in Term.values or term not in offered:
        raise TermNotOffered(term=term, offered=", ".join(offered))
    if currency not in terms.currencies:
        raise CurrencyNotOffered(version=str(version), currency=currency, offered=", ".join(terms.currencies))


def check_options(version: PlanVersion, options: Mapping[str, Decimal]) -> None:
    """Refuse options that the version does not sell or that do not go together."""
    offered = terms_of(version).document.options
    for option, quantity in sorted(options.items()):
        if option not in offered:
            raise OptionNotOffered(option=option)
        if not quantity.is_finite() or not 0 < quantity < MOST:
            raise OptionQuantity(option=option, quantity=quantity)
    refuse(clashes(options, module_rules(modules_in(options))))


def refuse_coupons(options: Iterable[str]) -> None:
    """Refuse coupons among wanted options: a code, a limit and dates stand before them."""
    for option in options:
        if option.startswith(COUPON):
            raise CouponByCode(option=option)


def refuse(found: list[Clash]) -> None:
    """Raise the first clash as the error people see."""
    if found:
        raise REFUSALS[found[0].kind](option=found[0].option, other=found[0].other)
