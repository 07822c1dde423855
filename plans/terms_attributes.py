"""Which attributes of events a document tells a meter's usage apart by: what a reading must keep. PURE."""

from plans.terms import Document, Formula, Meter, Tariff
from plans.terms_timing import timings
from plans.terms_walk import names_in, walk

CLOCK = frozenset({"minute", "hour", "day", "week", "month"})  # what an instant itself says
BAND = "band"  # what a meter's schedule says of an instant
# Every reading says its app and region; users and values are what is counted.
ALWAYS = frozenset({"app", "region", "user", "value"})


def told_apart(document: Document, code: str) -> set[str]:
    """Return the attributes that a meter's usage is selected, grouped and split by."""
    meter = document.meters[code]
    found = set(meter.where)
    for stage in meter.reduce:
        found |= set(stage.per or ())
        found |= {stage.of} if stage.take == "distinct" else set()
    rules = timings(document)
    return found | {one.split for one in document.charges if one.split and code in rules[one.code].meters}


def read_attributes(document: Document, code: str) -> set[str]:
    """Return every attribute of a meter's events that some word of the document reads."""
    meter = document.meters[code]
    return told_apart(document, code) | worth_names(meter) | bands_of(meter)


def worth_names(meter: Meter) -> set[str]:
    """Return the attributes that the worth of one event (`each`) asks for, its value aside."""
    if meter.each is None:
        return set()
    found = {meter.each} if isinstance(meter.each, str) else names_in(meter.each)
    for _path, part in walk(meter.each, "", number=True):
        if isinstance(part, Formula | Tariff) and part.pick is not None:
            found.add(part.pick)
    return {name for name in found if name != "value" and not name[:1].isdigit()}


def kept_by_events(document: Document, code: str) -> set[str]:
    """Return the attributes that only the events can say: they must be dimensions of the meter."""
    meter = document.meters[code]
    return (told_apart(document, code) | worth_names(meter)) - CLOCK - ALWAYS - bands_of(meter)


def bands_of(meter: Meter) -> frozenset[str]:
    """Return the attribute that a meter's schedule works out; without one only the events can say it."""
    return frozenset({BAND}) if meter.schedule is not None else frozenset()
