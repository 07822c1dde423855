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
    "not_a_whole_number": _("“%(value)s” is not a whole number of 0 or more, such as 12."),
    "too_deep": _("This is nested deeper than %(most)s levels."),
    "not_json": _("This cannot be read as JSON: %(reason)s"),
    "empty_text": _("The text is empty."),
    "bad_number": _("“%(value)s” is not a plain decimal number of at most 20 digits and 12 places."),
    "bad_rank": _("“%(value)s” is not a whole number from 1, such as 3 for the third highest."),
    "negative_literal": _("%(value)s is negative. Write the amount without a sign and use minus or credit."),
    "zero_divisor": _("Zero is not possible here: nothing can be divided by it."),
    "zero_multiple": _("Zero is not possible here: nothing is a multiple of it."),
    "zero_rank": _("Zero is not possible here: counting starts at 1."),
    "bad_name": _("“%(value)s” is not a name: a letter, then letters, digits, “_”, “-” or “.”."),
    "unknown_name": _("“%(name)s” is not a meter, a number, a fact or an option. Did you mean: %(near)s?"),
    "name_is_charge": _("“%(name)s” is a charge or a tag. What it came to is {spend: [%(name)s]}."),
    "name_is_label": _("“%(name)s” is a label. It chooses: {pick: %(name)s, cases: {…}}."),
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
    "spend_empty": _("Name at least one charge or tag whose amounts are meant."),
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
    "resets_shorter": _(
        "A bill for one %(every)s cannot accumulate over one %(resets)s, which is shorter. Bill it at least "
        "once each %(resets)s, or leave resets out."
    ),
    "attribute_not_kept": _(
        "Events of the meter “%(meter)s” do not keep “%(attribute)s”, so nothing would be counted by it. "
        "Add it to the meter's dimensions (now: %(known)s)."
    ),
    "attribute_not_reported": _(
        "Nothing but a figure comes in for the meter “%(meter)s” (source: %(source)s), so nothing can be "
        "told apart by “%(attribute)s”. Feed it by events, or leave that out."
    ),
    "users_by_day": _(
        "“%(code)s” counts distinct users, whose days do not add up. Take source: period_reports, or "
        "kind: gauge."
    ),
    "meter_draws": _("A meter takes nothing from a pool. Put draw into the charge."),
    "unknown_schedule": _("“%(schedule)s” is not a declared schedule. Known: %(known)s."),
    "unknown_zone": _("“%(zone)s” is not a time zone, such as Asia/Shanghai or Europe/Berlin."),
    "not_a_clock": _("“%(value)s” is not a time of day, such as 09:00; the end of the day is 24:00."),
    "not_a_day": _("“%(value)s” is not a day, such as 2026-10-01."),
    "days_not_rising": _("The window ends on %(until)s, which is not after its first day, %(since)s."),
    "windows_empty": _("The time band has no windows. Give it one, or leave it to else."),
    "expires_at_once": _("Packs of this pool would end when they are bought. Give months, days or an end."),
    "band_not_split": _("The time band is known only inside a charge that says split: band."),
    "not_money": _("This charge does not end in money: a price, a spend or a fact in money is missing."),
    "unit_mismatch": _("Money and a quantity do not go together in “%(word)s”."),
    "units_mixed": _(
        "“%(word)s” joins %(left)s and %(right)s, which are different units. Convert one of them "
        "(times or over a number), or declare the same unit for both."
    ),
    "not_yaml": _("From here on this cannot be read as YAML. Look at this line and the one before it."),
    "yaml_two_colons": _(
        "A second “: ” is not expected here. Put the text in quotes, or indent the line as its "
        "neighbours are."
    ),
    "yaml_colon": _("A “:” is expected after the key of this line or of the one before it."),
    "yaml_open_list": _("A “,” or “]” is expected: the list that begins here or above is not closed."),
    "yaml_open_mapping": _("A “,” or “}” is expected: the mapping that begins here or above is not closed."),
    "yaml_value": _("A value is expected here, or the bracket that closes a list or mapping above."),
    "yaml_quote": _("The quotation mark that opens a text here or above is not closed."),
    "yaml_escape": _("After “\\” in double quotes no such character is expected. Use single quotes."),
    "yaml_character": _(
        "A text cannot begin with this character; a tab cannot indent. Put the text in quotes, indent "
        "with spaces."
    ),
    "yaml_indent": _("Another indentation is expected: lines that belong together begin in the same column."),
    "yaml_key": _("A key is one word, and no list or mapping."),
    "duplicate_key": _("“%(key)s” is written twice."),
    "anchor_or_alias": _("Anchors and aliases (& and *) are not used in a catalogue. Write the value out."),
    "tag_not_allowed": _("Type tags (!%(tag)s) are not used in a catalogue."),
    "empty_value": _("“%(key)s” has no value. If it belongs to the text before it, put that text in quotes."),
    "many_documents": _("One file holds one document."),
    "unknown_reference": _("There is no “%(code)s” among the %(section)s of the catalogue."),
    "self_reference": _("“%(code)s” cannot require or exclude itself."),
    "requires_and_excludes": _("“%(code)s” is both required and excluded."),
    "never_held": _(
        "“%(code)s” can never be held: it requires “%(other)s”, and “%(one)s” excludes “%(another)s”."
    ),
    "quota_of_no_allowance": _("Only an allowance has a quota; “%(feature)s” is a %(type)s feature."),
    "grace_without_stop": _("grace is what stop still lets through; without at_limit: stop it says nothing."),
    "value_type": _("“%(value)s” does not suit the %(type)s feature “%(feature)s”."),
    "out_of_range": _("%(value)s is outside %(low)s to %(high)s."),
    "requires_not_offered": _("“%(code)s” requires “%(other)s”, which this version does not offer."),
    "missing_translation": _("The name in %(language)s is missing."),
    "published_differs": _(
        "%(version)s is published and cannot change. Write the new terms as version %(next)s."
    ),
    "published_date": _("%(version)s is published with the date %(date)s, which cannot change."),
    "meter_in_use": _(
        "“%(code)s” is counted in published terms or has figures already, so its %(fields)s cannot change. "
        "Make a new meter."
    ),
    "missing_description": _("The description in %(language)s is missing."),
    "too_many": _("These are %(count)s entries, and at most %(most)s are taken. Add some of them up."),
    "too_long": _("“%(field)s” holds at most %(most)s characters, this is %(length)s."),
    "text_too_long": _("The text is longer than %(most)s characters."),
    "text_control": _("The text holds a control, direction or broken character."),
    "claim_before_judgement": _(
        "A claim within %(days)s days may end before the window is judged, which waits %(wait)s days for"
        " reports. Allow more days."
    ),
    "exclusion_word": _("“%(word)s” belongs to an exclusion of the kind %(kind)s."),
    "figure_not_money": _("A tier that gives a credit or a voucher needs a figure that ends in money."),
    "figure_is_money": _("A tier that gives %(form)s needs a figure that counts them, not money."),
    "promise_else": _(
        "Whether “%(label)s” holds may be on record for nobody when a window is judged, so an else is needed."
    ),
    "hours_zone": _("“%(zone)s” is not a time zone such as Asia/Shanghai."),
    "hours_clock": _("“%(value)s” is not a time of day such as 09:30 (at most 24:00)."),
    "hours_date": _("“%(value)s” is not a date such as 2026-12-31."),
    "coupon_not_credit": _("“%(code)s” is a charge of a coupon and has to be a credit: write credit: true."),
    "coupon_unbounded": _(
        "“%(code)s” could take off more than there is to pay. Make it a share of spend, or end its steps "
        "with at_most: {spend: [plan]}."
    ),
    "validity_not_rising": _("A coupon ends after it begins."),
    "not_offered": _("“%(code)s” is not among the modules that this version offers."),
    "no_monthly_price": _(
        "claw_back prices the used months at the monthly price, and there is none. Use refund_unused."
    ),
    "name_of_nothing": _("“%(code)s” is no label, value of a label (label.value) or fact declared here."),
    "versions_not_rising": _("Version numbers and their dates rise together."),
    "given_number": _("“%(value)s” is not a plain number such as 1250 or 0.5."),
    "given_instant": _("“%(value)s” is neither a day (2026-06-15) nor a time (2026-06-15T08:30:00)."),
    "given_period": _(
        "“%(value)s” is not a month. Write 2026-06, or {from: 2026-06-01, to: 2026-07-01}; "
        "“to” is the first day that no longer belongs."
    ),
    "given_span": _("A span starts before it ends: %(start)s, %(end)s."),
    "given_zone": _("“%(value)s” is not a time zone such as Europe/Berlin or Asia/Shanghai."),
    "given_fact": _(
        "The terms declare no fact or label “%(name)s”. Declare it under facts or labels, or use one of: "
        "%(known)s."
    ),
    "given_label": _("“%(value)s” is not a value of the label “%(label)s”. Known: %(known)s."),
    "given_meter": _("The terms declare no meter “%(name)s”. Known: %(known)s."),
    "given_attribute": _("The meter's “each” needs the number “%(name)s”, and this event does not have it."),
    "given_ask": _(
        "“%(value)s” is neither total nor a charge, figure, meter or number of the terms. Known: %(known)s."
    ),
    "given_place": _("“%(name)s” belongs under %(place)s."),
    "given_events": _(
        "“%(name)s” counts events (take: %(take)s), and this is one. Give a list of events, or leave that "
        "stage out of the meter for a number that is counted already."
    ),
    "given_where": _("“%(name)s” counts only events with the right “%(attribute)s”, and this has none."),
    "given_split": _(
        "“%(name)s” is priced for each “%(dimension)s” (split), and this has none. Give events that name it, "
        "or use split in the situation."
    ),
    "given_currency_not_sold": _("The terms are not sold in “%(value)s”. Use one of: %(known)s."),
    "given_currency": _("The terms are sold in %(known)s. Say which under facts: currency."),
    "given_negative": _("%(value)s is below zero, and nobody can hold less than nothing."),
    "given_pack_ends": _("The pack ends (%(expires)s) before it is bought (%(bought)s)."),
    "given_misspelt": _(
        "Nothing reads “%(name)s” of this entry, which would count as 1. Did you mean: %(near)s?"
    ),
    "note_unread": _("Nothing in the terms reads “%(attribute)s” of “%(name)s”; it changes nothing."),
    "note_band": _(
        "“%(name)s” is priced by the time of day and has values without a time (at). They are counted in the "
        "time band “%(band)s” (else)."
    ),
    "note_outside": _(
        "Values of “%(name)s” lie outside the period %(start)s to %(end)s and are not counted: %(count)s."
    ),
    "note_period": _(
        "“%(name)s” is charged for every %(every)s, and the period of this bill is: %(length)s. A charge "
        "stands once on each bill, however long its period is."
    ),
    "unknown_plan": _("The catalogue has no plan “%(plan)s”. Known: %(known)s."),
    "unknown_version": _("The plan “%(plan)s” has no version %(version)s. Known: %(known)s."),
    "plan_needed": _("The catalogue has several plans. Name one with “plan” or --plan: %(known)s."),
    "plan_unused": _("This file holds one set of terms and no plans, so no plan can be chosen."),
    "given_count_range": _("“count” is a whole number from 1 to %(most)s."),
    "given_count": _("“count” repeats the only bill; it does not go together with “bills”."),
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
