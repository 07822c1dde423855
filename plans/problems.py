"""One fault of a document: where, which, and what to do about it. PURE.

`TEXTS` holds the English sentence of every code; skins translate it and fill in `params`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from plans.errors import DomainError, _, spoken

TEXTS: dict[str, str] = {
    "unknown_field": _("“%(field)s” is not a word here. Known: %(known)s."),
    "missing_field": _("“%(field)s” is missing."),
    "wrong_shape": _("A %(expected)s belongs here, not a %(got)s."),
    "not_a_choice": _("“%(value)s” is not one of: %(known)s."),
    "not_an_instant": _(
        "“%(value)s” is not a date and time with an offset, such as 2026-12-01T00:00:00+08:00."
    ),
    "not_a_whole_number": _("“%(value)s” is not a whole number."),
    "too_deep": _("This is nested deeper than %(most)s levels."),
    "not_json": _("This cannot be read as JSON: %(reason)s"),
    "empty_text": _("The text is empty."),
    "bad_number": _("“%(value)s” is not a plain decimal number of at most 12 places."),
    "negative_literal": _("%(value)s is negative. Write the amount without a sign and use minus or credit."),
    "zero_divisor": _("Zero is not possible here: nothing can be divided by it."),
    "zero_multiple": _("Zero is not possible here: nothing is a multiple of it."),
    "zero_rank": _("Zero is not possible here: counting starts at 1."),
    "bad_name": _("“%(value)s” is not a name: a letter, then letters, digits, “_”, “-” or “.”."),
    "unknown_name": _("“%(name)s” is not a meter, a number, a fact or an option. Did you mean: %(near)s?"),
    "duplicate_name": _("“%(name)s” stands for two things: %(kinds)s."),
    "duplicate_code": _("The code “%(code)s” is used twice."),
    "name_cycle": _("The numbers refer to each other in a circle: %(circle)s."),
    "one_word_only": _("Exactly one of these words belongs here: %(words)s."),
    "mixed_forms": _("These words do not go together: %(words)s."),
    "too_few_operands": _("“%(word)s” needs at least two numbers."),
    "unknown_label": _("“%(label)s” is not a declared label. Known: %(known)s."),
    "missing_case": _("The label “%(label)s” has no case for %(missing)s, and there is no else."),
    "unknown_case": _("“%(case)s” is not a value of the label “%(label)s”."),
    "else_needed": _("The values of the label “%(label)s” are not listed, so an else is needed."),
    "unknown_spend": _("No charge or tag is called “%(name)s”."),
    "spend_below": _("“%(name)s” stands below this charge. A charge sees only those above it."),
    "mode_missing": _("Bands need a mode: graduated, volume or bracket."),
    "mode_without_bands": _("A mode without bands says nothing. Remove it or add bands."),
    "bands_empty": _("There are no bands."),
    "band_edge_missing": _("Only the last band may be open. This one needs upto or below."),
    "band_edge_double": _("A band has one edge: upto or below."),
    "band_edge_falling": _("The edge %(edge)s is not above the one before it, %(before)s."),
    "last_band_closed": _("The last band needs no edge, or add a band with ask: true."),
    "ask_with_price": _("A band to ask for has no price."),
    "by_with_graduated": _(
        "Graduated bands are selected by the quantity itself; by is for volume and bracket."
    ),
    "tariff_empty": _("The tariff names no price: flat or each is missing."),
    "partial_without_per": _("partial needs per."),
    "unknown_pool": _("“%(pool)s” is not a declared pool."),
    "unknown_option": _("“%(option)s” is not a declared option."),
    "unknown_currency": _("“%(currency)s” is not an ISO 4217 currency."),
    "currency_needed": _("Rounding to the minor unit needs a currency."),
    "stage_per_missing": _("Every stage but the last needs per."),
    "stage_per_last": _("The last stage has no per."),
    "stage_n_missing": _("“%(take)s” needs n."),
    "stage_n_unused": _("“%(take)s” takes no n."),
    "quoted_mismatch": _("A price for one %(quoted)s cannot be billed every %(every)s in whole multiples."),
    "resets_word": _("A charge that accumulates (resets) takes no “%(word)s”."),
    "meter_draws": _("A meter takes nothing from a pool. Put draw into the charge."),
    "not_money": _("This charge does not end in money: a price, a spend or a fact in money is missing."),
    "unit_mismatch": _("Money and a quantity do not go together in “%(word)s”."),
    "not_yaml": _("This cannot be read as YAML: %(reason)s"),
    "duplicate_key": _("“%(key)s” is written twice."),
    "anchor_or_alias": _("Anchors and aliases (& and *) are not used in a catalogue. Write the value out."),
    "tag_not_allowed": _("Type tags (!%(tag)s) are not used in a catalogue."),
    "empty_value": _("“%(key)s” has no value."),
    "many_documents": _("One file holds one document."),
    "unknown_reference": _("There is no “%(code)s” among the %(section)s of the catalogue."),
    "self_reference": _("“%(code)s” cannot require or exclude itself."),
    "requires_and_excludes": _("“%(code)s” is both required and excluded."),
    "value_type": _("“%(value)s” does not suit the %(type)s feature “%(feature)s”."),
    "out_of_range": _("%(value)s is outside %(low)s to %(high)s."),
    "requires_not_offered": _("“%(code)s” requires “%(other)s”, which this version does not offer."),
    "missing_translation": _("The name in %(language)s is missing."),
    "published_differs": _(
        "%(version)s is published and cannot change. Write the new terms as version %(next)s."
    ),
    "published_date": _("%(version)s is published with the date %(date)s, which cannot change."),
    "meter_in_use": _(
        "“%(code)s” is counted in published terms, so its %(fields)s cannot change. Make a new meter."
    ),
    "coupon_not_credit": _("“%(code)s” is a charge of a coupon and has to be a credit: write credit: true."),
    "validity_not_rising": _("A coupon ends after it begins."),
    "not_offered": _("“%(code)s” is not among the modules that this version offers."),
    "no_monthly_price": _(
        "claw_back prices the used months at the monthly price, and there is none. Use refund_unused."
    ),
    "name_of_nothing": _("“%(code)s” is no label, value of a label (label.value) or fact declared here."),
    "versions_not_rising": _("Version numbers and their dates rise together."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault at a path such as `charges[0].steps[1].price`."""

    path: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None  # of a file, counted from 1; None when the document came from elsewhere
    column: int | None = None

    def at(self, path: str) -> "Problem":
        """Return the same fault seen from an outer document."""
        return replace(self, path=path)

    def sentence(self) -> str:
        """Return the sentence in the reader's language; logs and commands read English."""
        return spoken(TEXTS[self.code], self.params)


class TermsInvalid(DomainError):  # noqa: N818
    """A terms document or catalogue with at least one problem; all of them are listed."""

    code = "terms_invalid"
    text = _("%(first)s (problems in all: %(count)s)")

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(count=len(problems), first=f"{first.path}: {first.sentence()}")
        self.problems = list(problems)


def join(path: str, key: str | int) -> str:
    """Return the path of a child node."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
