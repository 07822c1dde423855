"""Why something cannot be read or done: retention has dropped the raw events it needs."""

from plans.errors import DomainError, _


class RawEventsDropped(DomainError):  # noqa: N818 — named like every other DomainError of the house
    """Raw events of a day are asked for that are no longer kept; a figure made of the rest would be wrong."""

    code = "raw_events_dropped"
    http_status = 410
    text = _(
        "Raw events up to %(day)s (UTC) are no longer kept. Ask for what lies after that day, or for the days"
        " and months that stay in GET /api/v1/usage."
    )


class CellIsFinal(DomainError):  # noqa: N818
    """A cell cannot be counted again: the raw events of its day are gone."""

    code = "cell_is_final"
    http_status = 409
    text = _(
        "The raw events of %(day)s (UTC) are no longer kept, so this day cannot be counted again: it would"
        " come to nothing. Its figures stay as they are; settle what was wrong with a credit."
    )


class UsageCannotBeCounted(DomainError):  # noqa: N818
    """A period needs raw events that are gone, and was not frozen while they were there."""

    code = "usage_cannot_be_counted"
    http_status = 409
    text = _(
        "%(meters)s cannot be counted from %(start)s to %(end)s: raw events of %(day)s (UTC) are no longer"
        " kept. An agreement for that time has to begin later, or be settled by hand."
    )
