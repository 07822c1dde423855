"""One fault of a document: where, which, and what to do about it. PURE.

`TEXTS` holds the English sentence of every code; skins translate it and fill in `params`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plans.errors import DomainError

TEXTS: dict[str, str] = {
    "unknown_field": "“%(field)s” is not a word here. Known: %(known)s.",
    "missing_field": "“%(field)s” is missing.",
    "wrong_shape": "A %(expected)s belongs here, not a %(got)s.",
    "not_a_choice": "“%(value)s” is not one of: %(known)s.",
    "not_an_instant": "“%(value)s” is not a date and time with an offset, such as 2026-12-01T00:00:00+08:00.",
    "not_a_whole_number": "“%(value)s” is not a whole number.",
    "empty_text": "The text is empty.",
    "bad_number": "“%(value)s” is not a plain decimal number of at most 12 places.",
    "negative_literal": "%(value)s is negative. Write the amount without a sign and use minus or credit.",
    "zero_not_allowed": "Zero is not possible here: %(reason)s.",
    "bad_name": "“%(value)s” is not a name: a letter, then letters, digits, “_”, “-” or “.”.",
    "unknown_name": "“%(name)s” is not a meter, a number, a fact or an option. Did you mean: %(near)s?",
    "duplicate_name": "“%(name)s” stands for two things: %(kinds)s.",
    "duplicate_code": "The code “%(code)s” is used twice.",
    "name_cycle": "The numbers refer to each other in a circle: %(circle)s.",
    "one_word_only": "Exactly one of these words belongs here: %(words)s.",
    "mixed_forms": "These words do not go together: %(words)s.",
    "too_few_operands": "“%(word)s” needs at least two numbers.",
    "unknown_label": "“%(label)s” is not a declared label. Known: %(known)s.",
    "missing_case": "The label “%(label)s” has no case for %(missing)s, and there is no else.",
    "unknown_case": "“%(case)s” is not a value of the label “%(label)s”.",
    "else_needed": "The values of the label “%(label)s” are not listed, so an else is needed.",
    "unknown_spend": "No charge or tag is called “%(name)s”.",
    "spend_below": "“%(name)s” stands below this charge. A charge sees only those above it.",
    "mode_missing": "Bands need a mode: graduated, volume or bracket.",
    "mode_without_bands": "A mode without bands says nothing. Remove it or add bands.",
    "bands_empty": "There are no bands.",
    "band_edge_missing": "Only the last band may be open. This one needs upto or below.",
    "band_edge_double": "A band has one edge: upto or below.",
    "band_edge_falling": "The edge %(edge)s is not above the one before it, %(before)s.",
    "last_band_closed": "The last band needs no edge, or add a band with ask: true.",
    "ask_with_price": "A band to ask for has no price.",
    "by_with_graduated": "Graduated bands are selected by the quantity itself; by is for volume and bracket.",
    "tariff_empty": "The tariff names no price: flat or each is missing.",
    "partial_without_per": "partial needs per.",
    "unknown_pool": "“%(pool)s” is not a declared pool.",
    "unknown_option": "“%(option)s” is not a declared option.",
    "unknown_currency": "“%(currency)s” is not an ISO 4217 currency.",
    "currency_needed": "Rounding to the minor unit needs a currency.",
    "stage_per_missing": "Every stage but the last needs per.",
    "stage_per_last": "The last stage has no per.",
    "stage_n_missing": "“%(take)s” needs n.",
    "stage_n_unused": "“%(take)s” takes no n.",
    "quoted_mismatch": "A price for one %(quoted)s cannot be billed every %(every)s in whole multiples.",
    "not_money": "This charge does not end in money: a price, a spend or a fact in money is missing.",
    "unit_mismatch": "%(left)s and %(right)s do not go together in “%(word)s”.",
    "not_yaml": "This cannot be read as YAML: %(reason)s",
    "duplicate_key": "“%(key)s” is written twice.",
    "anchor_or_alias": "Anchors and aliases (& and *) are not used in a catalogue. Write the value out.",
    "tag_not_allowed": "Type tags (!%(tag)s) are not used in a catalogue.",
    "empty_value": "“%(key)s” has no value.",
    "many_documents": "One file holds one document.",
    "unknown_reference": "There is no %(kind)s with the code “%(code)s”.",
    "self_reference": "“%(code)s” cannot require or exclude itself.",
    "requires_and_excludes": "“%(code)s” is both required and excluded.",
    "value_type": "“%(value)s” does not suit the %(type)s feature “%(feature)s”.",
    "out_of_range": "%(value)s is outside %(low)s to %(high)s.",
    "versions_not_rising": "Version numbers and their dates rise together.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault at a path such as `charges[0].steps[1].price`."""

    path: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None  # of a file, counted from 1; None when the document came from elsewhere
    column: int | None = None

    def sentence(self) -> str:
        """Return the English sentence, for logs and commands."""
        return TEXTS[self.code] % self.params


class TermsInvalid(DomainError):  # noqa: N818
    """A terms document or catalogue with at least one problem; all of them are listed."""

    code = "terms_invalid"
    text = "The document has %(count)s problems. The first: %(first)s"

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(count=len(problems), first=f"{first.path}: {first.sentence()}")
        self.problems = list(problems)


def join(path: str, key: str | int) -> str:
    """Return the path of a child node."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
