"""Why the access check says no: one code and one sentence for each."""

from plans.errors import DomainError, _


class KeyNeeded(DomainError):  # noqa: N818 — named like every other DomainError of the house
    """No key, or one that is unknown, expired or revoked."""

    code = "authentication_failed"
    http_status = 401
    text = _("This API key is unknown, expired or revoked. Send: Authorization: Bearer rc_live_…")
    headers = {"WWW-Authenticate": 'Bearer realm="ratecard"'}


class ScopeMissing(DomainError):  # noqa: N818
    """A key without entitlements:read."""

    code = "permission_denied"
    http_status = 403
    text = _("This API key lacks the scope that the request needs.")


class OnlyRead(DomainError):  # noqa: N818
    """Another method than GET or HEAD."""

    code = "method_not_allowed"
    http_status = 405
    text = _("Entitlements can only be read here: send GET.")
    headers = {"Allow": "GET, HEAD"}


class WhoseEntitlements(DomainError):  # noqa: N818
    """A provider's key that names nobody, or a request that names both an app and a customer."""

    code = "whose_entitlements"
    http_status = 400
    text = _("Say whose entitlements: app=CODE or customer=ID, one of the two.")


class UnknownFeature(DomainError):  # noqa: N818
    """A code that is no feature of the catalogue: a slip of the pen, not a refusal of access."""

    code = "unknown_feature"
    http_status = 404
    text = _("The catalogue has no feature “%(feature)s”.")


class AwayJustNow(DomainError):  # noqa: N818
    """The database does not answer."""

    code = "unavailable"
    http_status = 503
    text = _("The store does not answer just now. Ask again.")
    headers = {"Retry-After": "1"}
