"""What a version gives back to who leaves a year early, in one sentence to read before agreeing to a year."""

from django.utils.translation import gettext as _

from plans.models import PlanVersion
from plans.terms_early_exit import CODE


def exit_words(version: PlanVersion) -> str:
    """Return the sentence of the version's policy, or of a figure of its own that stands in for one."""
    figures = (version.source.get("terms") or {}).get("figures") or []
    if any(one.get("code") == CODE for one in figures):
        return _(
            "If you leave before the year ends, this plan's own rule says what goes to your credit; "
            "the amount is shown before you confirm."
        )
    policy = version.source.get("early_exit", "keep")
    if policy == "claw_back":
        return _(
            "If you leave before the year ends, the months used (a started one counts) are charged at the "
            "monthly price, and what is left of the year's payment goes to your credit."
        )
    if policy == "refund_unused":
        return _(
            "If you leave before the year ends, what was paid for the unused months goes to your credit; "
            "a started month counts as used."
        )
    return _("If you leave before the year ends, nothing of the year's payment is given back.")
