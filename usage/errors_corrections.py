"""Why cells are not counted again."""

from plans.errors import DomainError, _


class TooManyCells(DomainError):  # noqa: N818
    """More cells than one request may have counted again."""

    code = "too_many_cells"
    text = _("This is %(cells)d cells; at most %(most)d are counted again at once. Name fewer days or apps.")


class DaysDropped(DomainError):  # noqa: N818
    """Raw events are gone: a recount would come to nothing."""

    code = "raw_dropped"
    text = _("Raw events up to %(day)s are no longer kept: these days cannot be counted again.")
