"""Customers, their people, agreements and keys, for staff."""

from subscriptions.admin import agreements, apps, customers, keys, people

__all__ = ["agreements", "apps", "customers", "keys", "people"]
