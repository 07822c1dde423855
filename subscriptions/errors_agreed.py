"""What can be refused about choices, coupons, price locks and early exits."""

from plans.errors import DomainError, _


class LabelMissing(DomainError):  # noqa: N818
    """The price depends on a choice that was not made."""

    code = "label_missing"
    text = _("The price depends on “%(label)s”. Choose one of: %(values)s.")


class LabelUnknownValue(DomainError):  # noqa: N818
    """A value that the plan has no price for."""

    code = "label_unknown_value"
    text = _("“%(value)s” is not a value of “%(label)s”. Choose one of: %(values)s.")


class FactMissing(DomainError):  # noqa: N818
    """The price depends on a figure that was not agreed."""

    code = "agreed_fact_missing"
    text = _("The price depends on the figure “%(fact)s” (%(unit)s). Give it.")


class FactOutOfRange(DomainError):  # noqa: N818
    """A figure that is negative, endless or not a number."""

    code = "agreed_fact_out_of_range"
    text = _("“%(fact)s” is a number from 0 to 999,999,999,999 with at most 12 places, not %(value)s.")


class NothingAsks(DomainError):  # noqa: N818
    """A choice or figure that the plan does not ask for."""

    code = "nothing_asks"
    text = _("The plan does not ask for “%(name)s”. It asks for: %(known)s.")


class CouponUnknown(DomainError):  # noqa: N818
    """No coupon has this code."""

    code = "coupon_unknown"
    http_status = 404
    text = _("There is no coupon “%(code)s”. Check the spelling.")


class CouponNotForPlan(DomainError):  # noqa: N818
    """The version does not offer the coupon."""

    code = "coupon_not_for_plan"
    text = _("The coupon “%(code)s” is not for this plan.")


class CouponNotValid(DomainError):  # noqa: N818
    """Before the coupon's first instant, or after its last."""

    code = "coupon_not_valid"
    http_status = 409
    text = _("The coupon “%(code)s” cannot be used at this time.")


class CouponUsedUp(DomainError):  # noqa: N818
    """The coupon's limit is reached."""

    code = "coupon_used_up"
    http_status = 409
    text = _("The coupon “%(code)s” has been used as often as it may be.")


class CouponUsedBefore(DomainError):  # noqa: N818
    """A coupon for once per customer, a second time."""

    code = "coupon_used_before"
    http_status = 409
    text = _("You have used the coupon “%(code)s” before. It counts once per customer.")


class CouponsDoNotStack(DomainError):  # noqa: N818
    """A coupon beside another that does not go with it."""

    code = "coupons_do_not_stack"
    http_status = 409
    text = _("The coupon “%(code)s” does not go together with “%(other)s”, which is held.")


class CouponByCode(DomainError):  # noqa: N818
    """A coupon asked for as if it were a module."""

    code = "coupon_by_code"
    text = _("A coupon is redeemed by its code and cannot be added as “%(option)s”.")


class LockPast(DomainError):  # noqa: N818
    """A price lock that would have ended already."""

    code = "lock_past"
    text = _("The price lock would end before it begins. Give a later date.")


class ExitSettled(DomainError):  # noqa: N818
    """Taking back an early exit that was settled in money."""

    code = "exit_settled"
    http_status = 409
    text = _("The early exit is settled and cannot be taken back. Subscribe again instead.")


class ExitNotPossible(DomainError):  # noqa: N818
    """Leaving early where there is nothing to leave early."""

    code = "exit_not_possible"
    http_status = 409
    text = _("Only an annual subscription whose term ends later than this month can be left early.")
