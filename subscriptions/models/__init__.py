"""Who has agreed to what, when, and who may act for them."""

from subscriptions.models.agreements import AddOn, SeatChange, Subscription, SubscriptionPhase
from subscriptions.models.customers import App, Customer
from subscriptions.models.keys import ApiKey
from subscriptions.models.people import Membership, User
from subscriptions.models.redemptions import Redemption

__all__ = [
    "AddOn",
    "ApiKey",
    "App",
    "Customer",
    "Membership",
    "Redemption",
    "SeatChange",
    "Subscription",
    "SubscriptionPhase",
    "User",
]
