"""The sentences in which differences are told, and the words for single fields. PURE."""

from plans.errors import _

# A figure that both sides name: `place` says where, `what` which figure.
RISES = _("%(place)s: %(what)s rises from %(old)s to %(new)s (%(change)s).")
FALLS = _("%(place)s: %(what)s falls from %(old)s to %(new)s (%(change)s).")
RISES_FROM_ZERO = _("%(place)s: %(what)s rises from %(old)s to %(new)s.")
SHARE_RISES = _("%(place)s rises from %(old)s to %(new)s.")
SHARE_FALLS = _("%(place)s falls from %(old)s to %(new)s.")
BECOMES = _("%(place)s: %(what)s was %(old)s and becomes %(new)s.")
IS_NEW = _("%(place)s: %(what)s is new: %(new)s.")
IS_GONE = _("%(place)s: %(what)s is gone; it was %(old)s.")
ORDER = _("%(place)s: the order of %(what)s was %(old)s and becomes %(new)s.")
# The same without a place: something of the whole document.
WHOLE_BECOMES = _("%(what)s: %(old)s becomes %(new)s.")
WHOLE_IS_NEW = _("%(what)s is new: %(new)s.")
WHOLE_IS_GONE = _("%(what)s is gone; it was %(old)s.")
WHOLE_ORDER = _("The order of %(what)s was %(old)s and becomes %(new)s.")

# The same where the word is a plural.
MANY = {
    BECOMES: _("%(place)s: %(what)s were %(old)s and become %(new)s."),
    IS_NEW: _("%(place)s: %(what)s are new: %(new)s."),
    IS_GONE: _("%(place)s: %(what)s are gone; they were %(old)s."),
    WHOLE_IS_NEW: _("%(what)s are new: %(new)s."),
    WHOLE_IS_GONE: _("%(what)s are gone; they were %(old)s."),
    WHOLE_BECOMES: _("%(what)s: %(old)s become %(new)s."),
}
PLURAL = frozenset(
    {
        "tags", "held", "dimensions", "holidays", "windows", "days", "channels", "response_minutes", "hours",
        "choices", "options", "steps", "bands", "cases", "charges", "closing", "figures", "modules",
        "sla_tiers", "support_tiers", "coupons", "terms", "spend", "entitlements", "features", "numbers",
        "meters",
    }
)  # fmt: skip

COMES_AFTER = _("In the order of %(what)s, %(name)s now comes after %(other)s.")
COMES_FIRST = _("In the order of %(what)s, %(name)s now comes first.")
CHARGE_IS_NEW = _("%(name)s is a new charge: %(price)s.")
CHARGE_IS_GONE = _("%(name)s is no longer charged.")
FIGURE_IS_NEW = _("The figure %(name)s is new.")
FIGURE_IS_GONE = _("The figure %(name)s is gone.")
BAND_IS_NEW = _("%(place)s: a band %(edge)s is new (%(price)s).")
BAND_IS_GONE = _("%(place)s: the band %(edge)s is gone (%(price)s).")
BAND_MOVES = _("%(place)s: the band %(old)s now goes %(new)s.")

OFFERED = {
    "module": _("Module %(name)s is offered now."),
    "sla": _("SLA tier %(name)s is offered now."),
    "support": _("Support tier %(name)s is offered now."),
    "coupon": _("Coupon %(name)s is offered now."),
}
WITHDRAWN = {
    "module": _("Module %(name)s is no longer offered."),
    "sla": _("SLA tier %(name)s is no longer offered."),
    "support": _("Support tier %(name)s is no longer offered."),
    "coupon": _("Coupon %(name)s is no longer offered."),
}
LIST_OFFERED = {
    "modules": _("Modules offered now: %(names)s."),
    "sla_tiers": _("SLA tiers offered now: %(names)s."),
    "support_tiers": _("Support tiers offered now: %(names)s."),
    "coupons": _("Coupons offered now: %(names)s."),
}
LIST_WITHDRAWN = {
    "modules": _("Modules no longer offered: %(names)s."),
    "sla_tiers": _("SLA tiers no longer offered: %(names)s."),
    "support_tiers": _("Support tiers no longer offered: %(names)s."),
    "coupons": _("Coupons no longer offered: %(names)s."),
}
GRANTS_BECOME = _("%(feature)s: %(old)s becomes %(new)s.")
GRANTS_NEW = _("%(feature)s is granted now: %(new)s.")
FOLLOWS = {
    "pinned": _("Who has subscribed keeps what module %(name)s granted when the version was published."),
    "latest": _("Who has subscribed always gets what module %(name)s grants now."),
}
GRANTS_GONE = _("%(feature)s is no longer granted; it was %(old)s.")
RULES_NEW = {
    "requires": _("It requires %(name)s now."),
    "excludes": _("It excludes %(name)s now."),
}
RULES_GONE = {
    "requires": _("It no longer requires %(name)s."),
    "excludes": _("It no longer excludes %(name)s."),
}

# Places and values
AND_PART = _("%(place)s, %(part)s")
WITH_MODULE = _("%(feature)s with %(module)s")
UP_TO = _("up to %(edge)s")
BELOW = _("below %(edge)s")
ABOVE = _("above %(edge)s")
FROM = _("from %(edge)s")
REST = _("for every quantity")
OTHERWISE = _("otherwise")
NTH_STEP = _("step %(number)s")
NTH = _("no. %(number)s")
EACH_PRICE = _("%(value)s for each")
BLOCK_PRICE = _("%(value)s for every %(per)s")
FLAT_PRICE = _("%(value)s fixed")
SHARE_PRICE = _("%(share)s of %(charges)s")
ON_REQUEST = _("on request")
BY_FORMULA = _("by a formula")
YES, NO, UNLIMITED = _("yes"), _("no"), _("unlimited")
COMMA = _("%(first)s, %(second)s")

TAGS = {  # the usual ones; a tag of the provider's own is quoted
    "plan": _("the plan's fees"),
    "module": _("the modules' fees"),
    "usage": _("the usage fees"),
    "sla": _("the fees for availability"),
    "support": _("the fees for support"),
}

SECTIONS = {
    "figures": _("figure %(name)s"),
    "numbers": _("number %(name)s"),
    "labels": _("label %(name)s"),
    "facts": _("fact %(name)s"),
    "pools": _("pool %(name)s"),
    "schedules": _("schedule %(name)s"),
}

WHATS = {
    "each": _("the price for each"),
    "flat": _("the fixed price"),
    "per": _("the size of a block"),
    "partial": _("how a part of a block counts"),
    "included": _("the quantity included"),
    "at_least": _("the minimum"),
    "at_most": _("the maximum"),
    "times": _("the factor"),
    "over": _("the divisor"),
    "plus": _("what is added"),
    "minus": _("what is deducted"),
    "mode": _("the way of its bands"),
    "ask": _("“price on request”"),
    "by": _("what selects the band"),
    "upto": _("the upper edge"),
    "below": _("the upper edge"),
    "of": _("what it is charged for"),
    "tags": _("the tags"),
    "held": _("the options it needs"),
    "credit": _("“counts as a credit”"),
    "split": _("what it is split by"),
    "every": _("how often it is billed"),
    "quoted": _("the period its price is quoted for"),
    "resets": _("when its tiers start again"),
    "when": _("whether it is paid in advance"),
    "anchor": _("where its periods begin"),
    "on_change": _("what a change within a period does"),
    "round": _("the rounding"),
    "prorate": _("the share of a broken period"),
    "pool": _("the pool"),
    "weight": _("the weight"),
    "draw": _("what it draws from a pool"),
    "price": _("the price"),
    "table": _("the table"),
    "spend": _("the charges it refers to"),
    "pick": _("what the price depends on"),
    "unit": _("the unit"),
    "kind": _("the way of counting"),
    "event_type": _("the event type"),
    "dimensions": _("the dimensions"),
    "reduce": _("how cells become one number"),
    "schedule": _("the schedule"),
    "where": _("which events count"),
    "take": _("what is taken"),
    "size": _("the size"),
    "order": _("the order of use"),
    "expires": _("the expiry"),
    "covers_from": _("where cover begins"),
    "zone": _("the time zone"),
    "holidays": _("the holidays"),
    "windows": _("the hours"),
    "from": _("the start"),
    "to": _("the end"),
    "days": _("the days"),
    "currency": _("the currency"),
    "name": _("the name"),
    "names": _("the name"),
    "en": _("the English name"),
    "zh-Hans": _("the Chinese name"),
    "description": _("the description"),
    "target": _("the target"),
    "window": _("the window"),
    "cap": _("the cap of the credit"),
    "channels": _("the channels"),
    "response_minutes": _("the minutes to an answer"),
    "hours": _("the hours"),
    "audience": _("the audience"),
    "family": _("the family"),
    "rank": _("the rank"),
    "type": _("the type"),
    "choices": _("the choices"),
    "meter": _("the meter"),
    "source": _("the source"),
    "options": _("the options"),
    "steps": _("the steps"),
    "bands": _("the bands"),
    "cases": _("the cases"),
    "else": _("the price otherwise"),
    "comment": _("the comment"),
    "charges": _("the charges"),
    "closing": _("the closing charges"),
    "figures": _("the figures"),
    "modules": _("the modules"),
    "sla_tiers": _("the SLA tiers"),
    "support_tiers": _("the support tiers"),
    "coupons": _("the coupons"),
    "moves_existing": _("whether subscribers of earlier versions come along"),
    "early_exit": _("what is given back to who leaves early"),
    "wording": _("the readable names"),
    "terms": _("the terms"),
    "entitlements": _("the entitlements"),
    "quotas": _("what happens at limits"),
    "at_limit": _("what happens at the limit"),
    "grace": _("the percent above the limit"),
    "warn_at": _("the percents that people are warned at"),
    "features": _("the features"),
    "meters": _("the meters"),
    "numbers": _("the numbers"),
    "facts": _("the facts"),
    "labels": _("the labels"),
    "pools": _("the pools"),
    "schedules": _("the schedules"),
}

CHOICES = {  # values of the fields about subscribers, by field and value
    ("moves_existing", "nobody"): _("nobody comes along"),
    ("moves_existing", "at_renewal"): _("at their next renewal, unless the price is locked"),
    ("early_exit", "keep"): _("nothing"),
    ("early_exit", "claw_back"): _("what the used months at the monthly price leave"),
    ("early_exit", "refund_unused"): _("the unused time"),
    ("at_limit", "notify"): _("only a notice"),
    ("at_limit", "stop"): _("a refusal of further use"),
}
