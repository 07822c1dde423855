"""What can be refused about agreements, people and keys."""

from plans.errors import DomainError, _


class VersionNotOnSale(DomainError):  # noqa: N818
    """Subscribing to a draft, a future, a superseded or an archived version."""

    code = "version_not_on_sale"
    http_status = 409
    text = _("%(version)s is not on sale at this time. Choose a plan from the price list.")


class CurrencyNotOffered(DomainError):  # noqa: N818
    """The plan has no prices in the customer's currency."""

    code = "currency_not_offered"
    text = _("%(version)s has no prices in %(currency)s. It is sold in: %(offered)s.")


class TermNotOffered(DomainError):  # noqa: N818
    """A term that is neither monthly nor annual, or that the plan does not sell."""

    code = "term_not_offered"
    text = _("The term “%(term)s” is not offered. Offered: %(offered)s.")


class UnknownCollection(DomainError):  # noqa: N818
    """A way of paying that does not exist."""

    code = "unknown_collection"
    text = _("“%(collection)s” is not a way of paying.")


class OptionNotOffered(DomainError):  # noqa: N818
    """A module or tier that the plan version does not sell."""

    code = "option_not_offered"
    text = _("The plan does not offer “%(option)s”.")


class OptionQuantity(DomainError):  # noqa: N818
    """An option held in a quantity that is not a positive number."""

    code = "option_quantity"
    text = _("“%(option)s” needs a quantity above 0, not %(quantity)s.")


class OptionMissing(DomainError):  # noqa: N818
    """A module without the one it requires."""

    code = "option_missing"
    text = _("“%(option)s” needs “%(other)s” as well.")


class OptionsExclude(DomainError):  # noqa: N818
    """Two modules that cannot be held together."""

    code = "options_exclude"
    text = _("“%(option)s” and “%(other)s” cannot be held together.")


class OneTierOnly(DomainError):  # noqa: N818
    """Two SLA tiers, or two support tiers."""

    code = "one_tier_only"
    text = _("“%(option)s” and “%(other)s” are two tiers of one kind. Choose one.")


class OptionAlreadyHeld(DomainError):  # noqa: N818
    """Adding what is held already."""

    code = "option_already_held"
    http_status = 409
    text = _("“%(option)s” is already held.")


class OptionNotHeld(DomainError):  # noqa: N818
    """Removing what is not held."""

    code = "option_not_held"
    http_status = 409
    text = _("“%(option)s” is not held at this time.")


class AlreadySubscribed(DomainError):  # noqa: N818
    """A second live agreement of one plan family for the same app, or for all apps."""

    code = "already_subscribed"
    http_status = 409
    text = _("There is already a subscription of this kind for the same time. Change or cancel it first.")


class AppOfAnotherCustomer(DomainError):  # noqa: N818
    """An app that is not the customer's, or is archived."""

    code = "app_not_found"
    http_status = 404
    text = _("There is no such app, or it is archived.")


class KeyReused(DomainError):  # noqa: N818
    """The same request key with another request."""

    code = "key_reused"
    http_status = 409
    text = _("This request key was used for a different request. Send a new key.")


class NotLive(DomainError):  # noqa: N818
    """Changing an agreement that has ended or has not begun."""

    code = "subscription_not_live"
    http_status = 409
    text = _("The subscription %(subscription)s is not live at this time.")


class NotCancelled(DomainError):  # noqa: N818
    """Undoing a cancellation that is not there."""

    code = "subscription_not_cancelled"
    http_status = 409
    text = _("The subscription %(subscription)s is not cancelled.")


class SeatsBelowZero(DomainError):  # noqa: N818
    """Giving back more seats than are held."""

    code = "seats_below_zero"
    text = _("%(seats)s seats are held; there cannot be fewer than none.")


class UnknownZone(DomainError):  # noqa: N818
    """A time zone that the IANA list does not have."""

    code = "unknown_zone"
    text = _("“%(zone)s” is not a time zone. Use an IANA name such as Asia/Shanghai.")


class UnknownLanguage(DomainError):  # noqa: N818
    """A language the pages and documents do not speak."""

    code = "unknown_language"
    text = _("“%(language)s” is not a language of this site. Known: %(known)s.")


class UnknownRole(DomainError):  # noqa: N818
    """A role that does not exist."""

    code = "unknown_role"
    text = _("“%(role)s” is not a role. Known: %(known)s.")


class LastOwner(DomainError):  # noqa: N818
    """A customer always keeps one owner."""

    code = "last_owner"
    http_status = 409
    text = _("This is the last owner. Make somebody else an owner first.")


class ScopeNotAllowed(DomainError):  # noqa: N818
    """A scope that this kind of key cannot have."""

    code = "scope_not_allowed"
    text = _("A key of this kind cannot hold: %(scopes)s. Possible: %(possible)s.")


class ExpiryPast(DomainError):  # noqa: N818
    """A key that would be expired when made."""

    code = "expiry_past"
    text = _("The expiry lies in the past.")


class CodeTaken(DomainError):  # noqa: N818
    """An app code that is in use."""

    code = "code_taken"
    http_status = 409
    text = _("The app code “%(code)s” is taken.")


class UnknownStanding(DomainError):  # noqa: N818
    """A standing that does not exist."""

    code = "unknown_standing"
    text = _("“%(standing)s” is not a standing. Known: %(known)s.")
