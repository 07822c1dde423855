"""What meters fed by absolute reports cannot say, so that no charge asks for it. PURE."""

from collections.abc import Iterator

from plans.catalogue import Catalogue, Meter
from plans.problems import Problem, join
from plans.terms import Document
from plans.terms_attributes import BAND, kept_by_events, told_apart

FINER_THAN_A_DAY = frozenset({"hour", "minute", BAND})
FINER_THAN_A_PERIOD = FINER_THAN_A_DAY | {"day", "week", "month", "region"}


def report_problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Refuse distinct users by the day: those of several days cannot be told from those of one."""
    for index, meter in enumerate(catalogue.meters):
        if meter.source == "daily_reports" and meter.kind == "unique":
            yield Problem(f"meters[{index}].source", "users_by_day", {"code": meter.code})


def not_reported(catalogue: Catalogue, document: Document) -> Iterator[Problem]:
    """Yield what terms tell a reported meter's usage apart by although its reports cannot say it."""
    for meter in catalogue.meters:
        if meter.code in document.meters and meter.source != "events":
            for name in sorted(_asked(meter, document)):
                params = {"meter": meter.code, "attribute": name, "source": meter.source}
                yield Problem(join("meters", meter.code), "attribute_not_reported", params)


def _asked(meter: Meter, document: Document) -> set[str]:
    finer = FINER_THAN_A_DAY if meter.source == "daily_reports" else FINER_THAN_A_PERIOD
    asked = kept_by_events(document, meter.code) | (told_apart(document, meter.code) & finer)
    if document.meters[meter.code].each is not None:
        asked.add("each")
    return asked - {meter.unique_property}
