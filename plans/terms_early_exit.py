"""What an annual customer who leaves early gets back, as figures of the grammar. PURE.

A version names a policy, or writes a figure `early_exit` of its own over the same facts. Either way it is
data in the frozen terms, so the refund is derived and explained as every other number is.
"""

from collections.abc import Mapping
from typing import Any

CODE = "early_exit"
# What the figure may ask for; billing supplies all of them.
FACTS = {
    "paid": "money",  # what the term's base lines came to, discounts and tax included
    "monthly": "money",  # what one month of the same holdings costs on the monthly term
    "months_used": "months",  # a started month counts
    "months_paid": "months",
    "days_used": "days",
    "days_paid": "days",
}
_NAME = {"en": "Back on early exit", "zh-Hans": "提前退订退款"}
_SPENT: Mapping[str, Any] = {
    "claw_back": {"times": ["monthly", "months_used"]},
    "refund_unused": {"of": "paid", "steps": [{"times": "months_used"}, {"over": "months_paid"}]},
}


def with_early_exit(terms: Mapping[str, Any], policy: str) -> dict[str, Any]:
    """Return a terms tree with the figure of a policy; unchanged for `keep` or where one is written."""
    figures = terms.get("figures", [])
    if policy not in _SPENT or any(one["code"] == CODE for one in figures):
        return dict(terms)
    figure = {
        "code": CODE,
        "name": _NAME,
        "of": "paid",
        "steps": [{"minus": _SPENT[policy]}, {"at_least": "0"}, {"round": "minor"}],
    }
    used = {"claw_back": ("paid", "monthly", "months_used")}.get(
        policy, ("paid", "months_used", "months_paid")
    )
    facts = {name: {"unit": FACTS[name]} for name in used}
    return {**terms, "figures": [*figures, figure], "facts": {**facts, **terms.get("facts", {})}}


def without_policy(terms: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """Return composed terms without the figure, and its facts, that a version's policy added to its own."""
    own = source.get("terms", {})
    if source.get("early_exit") not in _SPENT or any(one["code"] == CODE for one in own.get("figures", [])):
        return dict(terms)
    figures = [one for one in terms.get("figures", []) if one["code"] != CODE]
    declared = own.get("facts", {})
    facts = {k: v for k, v in terms.get("facts", {}).items() if k in declared or k not in FACTS}
    return {**terms, "figures": figures, "facts": facts}
