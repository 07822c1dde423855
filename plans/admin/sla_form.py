"""The form of an SLA tier: every word of the promise has a field; the formula is catalogue text."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from plans.admin.promise_fields import AmountsField, WordsField, dress, is_simple_amount, refused
from plans.admin.source import PartForm, SlaDocument
from plans.models import SlaTier
from plans.promise_words import exclusion_name
from plans.shape import Tree, build
from plans.sla_terms import EXCLUSIONS, OWN_FIELDS, WAIT_DAYS, SlaPromise, promise_problems

PARTIALS = [
    ("", _("exact")),
    ("ceil", _("up to the next minute")),
    ("floor", _("down")),
    ("half_up", _("nearest")),
]
FORMS = [
    ("credit", _("credit on the next invoice")),
    ("voucher", _("voucher")),
    ("extra_days", _("extra days")),
    ("pack", _("units of a pool")),
]
SMALLEST = [("at_least", _("at least")), ("exceeds", _("more than"))]
PLACES = {
    "target": "target",
    "smallest_outage": "outage_minutes",
    "exclusions": "excluded",
    "smallest_payable": "smallest_amount",
    "claim": "claim_days",
    "wait_days": "wait_days",
    "form.voucher": "voucher_days",
    "form.pack.valid_days": "pack_days",
    "form.pack": "pack_pool",
    "form": "form_word",
}


class SlaForm(PartForm):
    """The promise in fields; the figure and the tier's own charges as text."""

    texts = {"document": SlaDocument}
    outage_minutes = forms.CharField(
        label=_("smallest outage (minutes)"), required=False, help_text=_("Shorter outages do not count.")
    )
    outage_partial = forms.ChoiceField(label=_("a part of a minute counts"), choices=PARTIALS, required=False)
    excluded = forms.MultipleChoiceField(label=_("does not count"), required=False)
    notice_hours = forms.IntegerField(
        label=_("maintenance announced (hours ahead)"), required=False, min_value=0
    )
    surge_above = forms.CharField(label=_("surge above (% of the usual peak)"), required=False)
    smallest_word = forms.ChoiceField(label=_("is given from"), choices=SMALLEST, required=False)
    smallest_amount = AmountsField(
        label=_("smallest amount"), help_text=_("One number, or one for each currency: USD 1, CNY 7.")
    )
    claim_days = forms.IntegerField(
        label=_("claim within (days)"),
        required=False,
        min_value=1,
        help_text=_("After the window's end. Empty: it is given without being asked for."),
    )
    wait_days = forms.IntegerField(label=_("wait for reports (days)"), required=False, min_value=0)
    form_word = forms.ChoiceField(label=_("given as"), choices=FORMS)
    voucher_days = forms.IntegerField(label=_("voucher valid (days)"), required=False, min_value=1)
    voucher_tags = WordsField(label=_("voucher only for charges tagged"))
    pack_pool = forms.CharField(label=_("pool"), required=False)
    pack_days = forms.IntegerField(label=_("units valid (days)"), required=False, min_value=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        row: SlaTier | None = kwargs.get("instance")
        stored = dict(row.document) if row is not None else {}
        rest = {name: value for name, value in stored.items() if name not in OWN_FIELDS}
        given = {"document": rest, **_initial(stored), **(kwargs.pop("initial", None) or {})}
        super().__init__(*args, initial=given, **kwargs)
        self.kept = stored.get("smallest_payable")
        self.fields["excluded"].choices = [(kind, exclusion_name(kind)) for kind in EXCLUSIONS]  # type: ignore[attr-defined]
        dress(self, [name for name in self.declared_fields if name in self.fields])

    def clean(self) -> dict[str, Any] | None:
        """Compose the tree of the promise and check it as a catalogue file is checked."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        own = _tree(cleaned, self.kept)
        found: list[Any] = []
        head = {"target": format(cleaned["target"].normalize(), "f"), "window": cleaned["window"]}
        promise = build({**head, **own}, SlaPromise, "", found)
        if promise is not None:
            found += promise_problems(promise, "")
        refused(self, found, PLACES)
        cleaned["document"] = {**(cleaned.get("document") or {}), **own}
        return cleaned


def _initial(stored: Tree) -> dict[str, Any]:
    outage, smallest = stored.get("smallest_outage", {}), stored.get("smallest_payable", {})
    rules = {rule["kind"]: rule for rule in stored.get("exclusions", [])}
    form = stored.get("form", "credit")
    parts = {} if isinstance(form, str) else form
    word = next(iter(smallest), "at_least")
    amount = smallest.get(word, "")
    claim = stored.get("claim", "automatic")
    return {
        "outage_minutes": outage.get("minutes", ""),
        "outage_partial": outage.get("partial", ""),
        "excluded": list(rules),
        "notice_hours": rules.get("maintenance", {}).get("notice_hours"),
        "surge_above": rules.get("surge", {}).get("above", ""),
        "smallest_word": word,
        "smallest_amount": amount if is_simple_amount(amount) else "",
        "claim_days": claim["within_days"] if isinstance(claim, dict) else None,
        "wait_days": stored.get("wait_days", WAIT_DAYS),
        "form_word": next(iter(parts), "credit"),
        "voucher_days": parts.get("voucher", {}).get("valid_days"),
        "voucher_tags": parts.get("voucher", {}).get("tags", []),
        "pack_pool": parts.get("pack", {}).get("pool", ""),
        "pack_days": parts.get("pack", {}).get("valid_days"),
    }


def _tree(given: dict[str, Any], kept: Tree) -> dict[str, Any]:
    """Return the promise as a file would write it: what says nothing is left out."""
    found: dict[str, Any] = {}
    if given["outage_minutes"]:
        partial = {"partial": given["outage_partial"]} if given["outage_partial"] else {}
        found["smallest_outage"] = {"minutes": given["outage_minutes"], **partial}
    if given["excluded"]:
        found["exclusions"] = [_rule(kind, given) for kind in given["excluded"]]
    if given["smallest_amount"]:
        found["smallest_payable"] = {given["smallest_word"] or "at_least": given["smallest_amount"]}
    elif kept and not is_simple_amount(next(iter(kept.values()), "")):
        found["smallest_payable"] = kept  # a formula that only a file can write
    if given["claim_days"]:
        found["claim"] = {"within_days": given["claim_days"]}
    if given["wait_days"] not in (None, WAIT_DAYS):
        found["wait_days"] = given["wait_days"]
    if given["form_word"] != "credit":
        found["form"] = {given["form_word"]: _form(given)}
    return found


def _rule(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    rule: dict[str, Any] = {"kind": kind}
    if kind == "maintenance" and given["notice_hours"]:
        rule["notice_hours"] = given["notice_hours"]
    if kind == "surge" and given["surge_above"]:
        rule["above"] = given["surge_above"]
    return rule


def _form(given: dict[str, Any]) -> dict[str, Any]:
    parts = {
        "voucher": {"valid_days": given["voucher_days"], "tags": given["voucher_tags"]},
        "extra_days": {},
        "pack": {"pool": given["pack_pool"], "valid_days": given["pack_days"]},
    }
    return {name: value for name, value in parts[given["form_word"]].items() if value}
