"""Plain builder functions that tests of every app share. Nothing here is cleverer than the services."""

import functools
import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from plans.actor import Actor
from plans.catalogue import Catalogue, read_catalogue
from plans.models import Plan, PlanVersion
from plans.models.plans import VersionState
from plans.services import apply_catalogue
from plans.terms import read_terms, to_tree
from subscriptions import services
from subscriptions.models import ApiKey, App, Customer, Subscription, User
from tests.snapshots import remembered

TESTER = Actor("user:tester")
ON_SALE = datetime(2026, 1, 1, tzinfo=UTC)  # versions made here are on sale from this instant
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 3, 14, 15, tzinfo=UTC)

_count = itertools.count(1)

SMALL_TERMS = {
    "currency": ["USD", "CNY"],
    "round": {"line": "minor"},
    "options": ["module.moderation", "module.translation", "sla.gold", "sla.silver", "support.pro"],
    "meters": {"messages": {"unit": "messages"}},
    "charges": [
        {
            "code": "base",
            "tags": ["plan"],
            "steps": [
                {"price": {"pick": "currency", "cases": {"USD": {"flat": "40"}, "CNY": {"flat": "280"}}}}
            ],
        },
        {
            "code": "messages",
            "tags": ["usage"],
            "of": "messages",
            "steps": [{"included": "50000"}, {"price": {"each": "3", "per": "10000", "partial": "ceil"}}],
        },
    ],
}


def make_user(
    email: str | None = None,
    *,
    customer: Customer | None = None,
    role: str = "owner",
    password: str = "a long test password",
    is_staff: bool = False,
) -> User:
    """Make a user; with a customer, a member of it. Staff get every right."""
    email = email or f"person{next(_count)}@example.com"
    make = User.objects.create_superuser if is_staff else User.objects.create_user
    user = make(email, password)
    if customer is not None:
        services.add_member(customer=customer, user=user, role=role, by=TESTER)
    return user


def make_customer(
    name: str | None = None,
    *,
    currency: str = "USD",
    billing_zone: str = "UTC",
    language: str = "en",
    email: str = "billing@example.com",
    at: datetime = ON_SALE,
) -> Customer:
    """Make a customer that pays in USD and counts days in UTC unless told otherwise."""
    return services.create_customer(
        name=name or f"Customer {next(_count)}",
        email=email,
        currency=currency,
        billing_zone=billing_zone,
        language=language,
        at=at,
        by=TESTER,
    )


def make_app(
    customer: Customer | None = None, *, name: str = "Chat", region: str = "", code: str | None = None
) -> App:
    """Make an app of a customer (a new one unless given)."""
    owner = customer or make_customer()
    return services.create_app(customer=owner, name=name, region=region, code=code, by=TESTER)


def make_key(
    scopes: Sequence[str], customer: Customer | None = None, *, at: datetime = ON_SALE
) -> tuple[ApiKey, str]:
    """Make an API key (no customer: a provider key) and return it with its text."""
    return services.create_api_key(customer=customer, name="test", scopes=scopes, at=at, by=TESTER)


def make_version(
    terms: Mapping[str, object] | None = None, *, plan: Plan | None = None, effective_at: datetime = ON_SALE
) -> PlanVersion:
    """Make a published version straight from a terms document, without catalogue or services."""
    number = next(_count)
    if plan is None:
        plan = Plan.objects.create(code=f"plan-{number}", name_en=f"Plan {number}", name_zh=f"套餐 {number}")
    made = read_terms(dict(terms or SMALL_TERMS))
    return PlanVersion.objects.create(
        plan=plan,
        number=number,
        state=VersionState.PUBLISHED,
        terms=to_tree(made.document),
        terms_hash=made.hash,
        effective_at=effective_at,
        published_at=effective_at,
        published_by=TESTER.id,
    )


def publish_house(*, at: datetime = ON_SALE) -> dict[str, PlanVersion]:
    """Load the house catalogue and return its published versions by plan code."""
    remembered("house", at, lambda: apply_catalogue(house_catalogue(), at=at, by=TESTER))
    return {one.plan.code: one for one in PlanVersion.objects.select_related("plan")}


def load_text(text: str, *, at: datetime = ON_SALE) -> None:
    """Load a catalogue file's text, as the loader does."""
    remembered("text", (text, at), lambda: apply_catalogue(read_catalogue(text), at=at, by=TESTER))


@functools.cache
def house_catalogue() -> Catalogue:
    """Read catalogues/house.yaml once per process."""
    return read_catalogue((Path(__file__).parent.parent / "catalogues/house.yaml").read_text("utf-8"))


def make_subscription(
    customer: Customer | None = None,
    version: PlanVersion | None = None,
    *,
    app: App | None = None,
    term: str = "monthly",
    collection: str = "offline",
    options: Mapping[str, Decimal] | None = None,
    seats: int = 0,
    key: str | None = None,
    at: datetime = NOVEMBER,
) -> Subscription:
    """Start an agreement; customer and version are made when not given."""
    return services.start(
        customer=customer or make_customer(),
        version=version or make_version(),
        term=term,
        collection=collection,
        options=options or {},
        seats=seats,
        app=app,
        key=key,
        at=at,
        by=TESTER,
    )
