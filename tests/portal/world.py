"""A small world for portal tests: the house catalogue, one customer with two apps, one person per role."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from plans.models import PlanVersion
from subscriptions.models import App, Customer, Subscription, User
from tests import factories

PASSWORD = "a long test password"
ROLES = ("owner", "billing", "developer", "viewer")


@dataclass
class World:
    customer: Customer
    apps: list[App]
    versions: dict[str, PlanVersion]
    people: dict[str, User]

    @property
    def owner(self) -> User:
        return self.people["owner"]


def make_world(
    *, at: datetime, currency: str = "CNY", zone: str = "Asia/Shanghai", name: str = "Harbour Chat"
) -> World:
    versions = factories.publish_house(at=at)
    customer = factories.make_customer(name, currency=currency, billing_zone=zone)
    apps = [
        factories.make_app(customer, name=app, region=region)
        for app, region in (("Harbour iOS", "cn-north"), ("Harbour Web", "ap-southeast"))
    ]
    people = {
        role: factories.make_user(f"{role}@harbour.example", customer=customer, role=role, password=PASSWORD)
        for role in ROLES
    }
    return World(customer, apps, versions, people)


def subscribed(world: World, *, at: datetime, plan: str = "growth", **more: Any) -> Subscription:
    """Put the customer on a plan since ten days before `at`."""
    options = {"module.moderation": Decimal(1), "sla.gold": Decimal(1)}
    return factories.make_subscription(
        world.customer, world.versions[plan], options=options, seats=5, at=at - timedelta(days=10), **more
    )


TODAY = datetime(2026, 11, 20, 3, 14, 15, tzinfo=UTC)


def today() -> datetime:
    """The clock of the portal tests (settings.RATECARD_CLOCK)."""
    return TODAY
