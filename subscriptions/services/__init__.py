"""Writes of agreements, people and keys: one verb, one transaction each."""

from subscriptions.services.agreements import cancel_at_period_end, end_early, start, undo_cancel
from subscriptions.services.coupons import redeem, redeem_at_start, usable_coupon
from subscriptions.services.customers import (
    archive_app,
    create_app,
    create_customer,
    set_standing,
)
from subscriptions.services.holdings import add_option, change_seats, remove_option
from subscriptions.services.keys import create_api_key, revoke_api_key
from subscriptions.services.locks import lock_price
from subscriptions.services.people import add_member, create_user, remove_member
from subscriptions.services.renewals import renew

__all__ = [
    "add_member",
    "add_option",
    "archive_app",
    "cancel_at_period_end",
    "change_seats",
    "create_api_key",
    "create_app",
    "create_customer",
    "create_user",
    "end_early",
    "lock_price",
    "redeem",
    "redeem_at_start",
    "remove_member",
    "remove_option",
    "renew",
    "revoke_api_key",
    "set_standing",
    "start",
    "undo_cancel",
    "usable_coupon",
]
