"""Why the usage doors say no: one code and one sentence for each."""

from collections.abc import Mapping, Sequence

from plans.errors import DomainError, _


class UnreadableBody(DomainError):  # noqa: N818 — named like every other DomainError of the house
    """The body is not one JSON text of the expected shape; nothing was stored."""

    code = "unreadable"
    http_status = 400
    text = _("The body cannot be read: %(reason)s. Nothing was stored.")


class BodyTooLarge(DomainError):  # noqa: N818
    """More bytes or events than one request may carry."""

    code = "too_large"
    http_status = 413
    text = _("One request carries at most %(events)d events and %(bytes)d bytes. Send several smaller ones.")


class UnsupportedMedia(DomainError):  # noqa: N818
    """A media type or content coding this door does not read."""

    code = "unsupported_media_type"
    http_status = 415
    text = _("This door does not read %(given)s. Send %(wanted)s, as it is or with gzip.")


class ItemRefused(DomainError):  # noqa: N818
    """The only event or report of a request was refused; `errors` says which field and why."""

    code = "item_refused"

    def __init__(self, *, code: str, detail: str, errors: Sequence[Mapping[str, object]]) -> None:
        super().__init__(detail=detail)
        self.code, self.detail, self.errors = code, detail, errors

    def __str__(self) -> str:
        return self.detail


class UsageReportConflict(ItemRefused):
    """A usage report says something else than what is stored under its revision, or about its time."""

    http_status = 409


class ReportConflict(DomainError):  # noqa: N818
    """The same window and revision was reported with other figures."""

    code = "conflict"
    http_status = 409
    text = _("Revision %(revision)d of this window is stored with other figures. Send the next revision.")


class WindowOverlaps(DomainError):  # noqa: N818
    """A window that shares time with a different one would count that time twice."""

    code = "window_overlaps"
    http_status = 409
    text = _("The window shares time with %(other)s, already reported. Windows may touch, never overlap.")


class ExclusionConflict(DomainError):  # noqa: N818
    """The same reference and revision was stated otherwise."""

    code = "conflict"
    http_status = 409
    text = _("Revision %(revision)d of %(reference)s says something else already. Send the next revision.")


class ParameterInvalid(DomainError):  # noqa: N818
    """A query parameter is not right."""

    code = "invalid_parameter"
    http_status = 400
    text = _("The parameter %(name)s is not right: %(reason)s.")


class QueryTooWide(DomainError):  # noqa: N818
    """A read of raw events that would take too long or return too much."""

    code = "query_too_wide"
    http_status = 400
    text = _(
        "This reads raw events: at most %(days)d days and %(rows)d rows at once. Ask for a shorter span, or"
        " for days and months from GET /api/v1/usage."
    )
