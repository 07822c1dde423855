"""How the period of a report is written: a first day and a length, or a part of the calendar. PURE."""

import re
from dataclasses import dataclass
from datetime import date

from usage.parsing_values import Refused

LENGTHS = {1: "month", 3: "quarter", 6: "half_year", 12: "year"}  # months -> `every` of a charge
_YEAR = "(?P<year>20[0-9]{2}|21[0-9]{2})"
_CALENDAR = re.compile(f"{_YEAR}(?:-(?:(?P<month>[0-9]{{2}})|Q(?P<quarter>[1-4])|H(?P<half>[12])))?")
_FROM = re.compile(f"{_YEAR}-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}})(?:P(?P<length>3M|6M|1Y))?")
_MONTHS = {None: 1, "3M": 3, "6M": 6, "1Y": 12}


@dataclass(frozen=True, slots=True)
class Spelled:
    """The first day and the months that an address means; 0 months: the day itself."""

    label: str
    day: date
    months: int
    by_calendar: bool  # 2026-10, 2026-Q4, 2026-H2, 2026; else a period of an agreement

    @property
    def is_period(self) -> bool:
        """False for a day."""
        return self.months > 0


def spelled_day(label: str) -> Spelled:
    """Read 2026-10-03; raises Refused."""
    found = _FROM.fullmatch(label)
    if found is None or found["length"]:
        raise Refused("invalid_day", "day")
    return Spelled(label, _date("day", found["year"], found["month"], found["day"]), 0, False)


def spelled_period(label: str) -> Spelled:
    """Read 2026-10-10, 2026-10-10P3M, 2026-10, 2026-Q4, 2026-H2 or 2026; raises Refused."""
    if found := _FROM.fullmatch(label):
        day = _date("period", found["year"], found["month"], found["day"])
        return Spelled(label, day, _MONTHS[found["length"]], False)
    told = _CALENDAR.fullmatch(label)
    if told is None:
        raise Refused("invalid_report_period", "period")
    if told["quarter"]:
        months, first = 3, 3 * int(told["quarter"]) - 2
    elif told["half"]:
        months, first = 6, 6 * int(told["half"]) - 5
    else:
        months, first = (1, int(told["month"])) if told["month"] else (12, 1)
    return Spelled(label, _date("period", told["year"], first, 1), months, True)


def _date(field: str, year: str | int, month: str | int, day: str | int) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise Refused("invalid_day" if field == "day" else "invalid_report_period", field) from None
