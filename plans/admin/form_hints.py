"""How forms of terms are laid out: shapes, what is shown before it is set, and what a text may refer to.

Only looks. A word of the schema that stands nowhere here still has its field, under "Add".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from plans.form_schema import Shape

CHOICE = Shape("choice", ("pick", "cases", "else"), ("pick", "cases", "else"), ("pick", "cases"))
_PRICES = ("flat", "each", "per", "partial", "times")
SHAPES: Mapping[str, Sequence[Shape]] = {
    "Step": (),  # one word each
    "Formula": (Shape("run", ("of", "steps"), ("of", "steps")), CHOICE),
    "Tariff": (
        CHOICE,
        Shape("bands", ("bands", "mode"), ("mode", "by", "bands", *_PRICES), ("mode", "bands"), rest=True),
        Shape("simple", (), (*_PRICES, "by"), ("flat", "each", "per"), rest=True),
    ),
}
# Fields that are shown before they are set, in this order; of a struct that is not named, all.
MAIN: Mapping[str, Sequence[str]] = {
    "Charge": ("code", "of", "name", "steps", "tags"),
    "Figure": ("code", "of", "name", "steps"),
    "Band": ("upto", "each", "flat"),
    "Meter": ("unit", "reduce"),
    "Stage": ("take", "per"),
    "Prorate": ("by",),
    "Pool": ("size",),
    "Drawing": ("pool",),
    "TimeBand": ("code", "name", "windows"),
    "Window": ("from", "to", "days"),
    "Schedule": ("zone", "bands", "else"),
    "Document": ("currency", "charges", "figures"),
    "PartDocument": ("charges",),
    "SlaDocument": ("figure", "cap", "charges"),
    "Version": ("modules", "sla_tiers", "support_tiers", "coupons", "entitlements", "quotas", "closing"),
}
# Which names a text, or the keys of a mapping, may be completed with.
REFERS: Mapping[str, str] = {
    "Drawing.pool": "pools",
    "Formula.pick": "labels",
    "Tariff.pick": "labels",
    "Formula.cases": "cases",
    "Tariff.cases": "cases",
    "Formula.spend": "spend",
    "Meter.schedule": "schedules",
    "Meter.unit": "units",
    "Fact.unit": "units",
    "Document.facts": "units",
    "PartDocument.facts": "units",
    "SlaDocument.facts": "units",
    "Charge.tags": "tags",
    "Charge.held": "options",
    "Figure.held": "options",
    "Charge.split": "dimensions",
    "Stage.per": "dimensions",
    "Stage.of": "dimensions",
    "Meter.where": "dimensions",
    "Document.currency": "currencies",
    "Version.modules": "modules",
    "Version.sla_tiers": "sla_tiers",
    "Version.support_tiers": "support_tiers",
    "Version.coupons": "coupons",
    "Version.features": "modules",
    "Version.entitlements": "features",
    "Version.quotas": "features",
    "Rounding.to": "multiples",
    "RoundPlan.line": "multiples",
    "RoundPlan.total": "multiples",
    "Step.round": "multiples",
    "Prorate.round": "multiples",
}
CLOSED = {"modules", "sla_tiers", "support_tiers", "coupons"}  # every value is known: boxes to tick
IN_LANGUAGES = {"Charge.name", "Figure.name", "TimeBand.name"}
INSTEAD: Mapping[str, str] = {"Band.upto": "below"}  # one column of the two is enough
HIDDEN = {"Version.number", "Version.effective_at", "Version.comment"}  # set elsewhere on the page
SECTIONS: Sequence[tuple[str, Any, Sequence[str]]] = (
    ("prices", _("Prices"), ("terms.currency", "terms.round", "terms.charges")),
    ("closing", _("Closing charges: discounts and tax over everything above"), ("closing",)),
    ("offer", _("On offer with this plan"), ("modules", "features", "sla_tiers", "support_tiers", "coupons")),
    ("life", _("For those who have subscribed"), ("moves_existing", "early_exit")),
    ("grants", _("What it grants"), ("entitlements", "quotas")),
    (
        "names",
        _("Names that prices use"),
        (
            "terms.numbers",
            "terms.meters",
            "terms.facts",
            "terms.labels",
            "terms.options",
            "terms.pools",
            "terms.schedules",
            "terms.tags",
            "terms.wording",
        ),
    ),
    ("figures", _("Figures worked out on request"), ("terms.figures",)),
)
REST = _("More")
