"""What can be bought: meters, features, modules, tiers, coupons, plans and their versions."""

from plans.models.coupons import Coupon
from plans.models.features import Feature, FeatureModule, ModuleRule
from plans.models.meters import Meter
from plans.models.named import Named
from plans.models.plans import Plan, PlanVersion
from plans.models.tiers import SlaTier, SupportTier

__all__ = [
    "Coupon",
    "Feature",
    "FeatureModule",
    "Meter",
    "ModuleRule",
    "Named",
    "Plan",
    "PlanVersion",
    "SlaTier",
    "SupportTier",
]
