"""The figures a price calculator asks for: one of each meter, or one of each time band where it has some."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from plans.highlights import Highlight, bands_by_meter
from plans.models import Meter
from plans.ratio import plain
from plans.templatetags.figures import language_tag
from plans.terms import Document

METER = "use-"  # prefix of the figures' field names
AT_BAND = "@"  # no code holds it
MOST = Decimal(10) ** 12
Usage = dict[str, str | list[str | dict[str, str]]]  # of a quote request


@dataclass(frozen=True, slots=True)
class UseField:
    """One figure of a month: all of a meter, or its part in one time band."""

    meter: Meter
    band: str = ""
    band_name: str = ""

    @property
    def name(self) -> str:
        """The field's name in the address."""
        return f"{METER}{self.meter.code}" + (AT_BAND + self.band if self.band else "")

    @property
    def label(self) -> str:
        """What people read beside the field."""
        return f"{self.meter.name} · {self.band_name}" if self.band else str(self.meter.name)

    def made(self) -> forms.DecimalField:
        """Return the form's field: any number from 0, and nothing given is 0."""
        return forms.DecimalField(
            label=self.label, min_value=0, max_value=MOST, max_digits=20, decimal_places=6, required=False
        )

    def offer(self, lines: Sequence[Highlight]) -> Highlight | None:
        """Return the first line of a price list for this figure: of its band, or of the whole meter."""
        own = [one for one in lines if one.meter == self.meter.code]
        return next((one for band in (self.band, "") for one in own if one.band == band), None)


def use_fields(document: Document, meters: Sequence[Meter]) -> Iterator[UseField]:
    """Yield the figures to ask for, in the meters' order and their bands' as written."""
    bands = bands_by_meter(document)
    for meter in meters:
        if meter.code not in bands:
            yield UseField(meter)
        for code, names in bands.get(meter.code, ()):
            yield UseField(meter, code, band_label(code, names))


def band_label(code: str, names: Mapping[str, str]) -> str:
    """Return a time band's name in the reader's language; its code where it has none."""
    return names.get(language_tag()) or code


def usage_in(fields: Sequence[UseField], given: Mapping[str, Any]) -> Usage:
    """Return the usage of a quote request; figures of 0 are left out."""
    found: Usage = {}
    for one in fields:
        value = given.get(one.name)
        if not value:
            continue
        if one.band:
            rows = found.setdefault(one.meter.code, [])
            assert isinstance(rows, list)  # noqa: S101  # a meter has bands or it has none
            rows.append({"value": plain(value), "band": one.band})
            continue
        found[one.meter.code] = plain(value)
    return found
