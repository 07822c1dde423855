"""What billing refuses about packs, by code."""

# ruff: noqa: N818 — refusals are named as sentences, like every DomainError of the house.

from plans.errors import DomainError, _


class PackPoolUnknown(DomainError):
    """No published plan has a pool of this code, so nothing would ever be drawn."""

    code = "pack_pool_unknown"
    text = _("No published plan draws from a pool “%(pool)s”. Known pools: %(known)s.")


class PackWithoutUnits(DomainError):
    """Units that are no number, none, too many, or finer than twelve places."""

    code = "pack_without_units"
    text = _("A pack needs units above 0 and below 10^15, with at most 12 decimal places; not %(quantity)s.")


class PackEndsTooEarly(DomainError):
    """An end at or before the purchase."""

    code = "pack_ends_too_early"
    text = _("The pack would end (%(expires_at)s) before it is bought (%(bought_at)s).")


class PackReasonMissing(DomainError):
    """Whoever reads the list later wants to know where a pack came from."""

    code = "pack_reason_missing"
    text = _("Say why the customer gets this pack: an order number, a ticket, a promise.")
