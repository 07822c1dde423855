"""Sign-ins and keys of the demo world, one per role, as run.json lists them."""

from datetime import datetime

from plans.actor import SEED
from subscriptions import services
from subscriptions.models import Customer, User
from subscriptions.models.keys import CUSTOMER_SCOPES, PROVIDER_SCOPES

PASSWORD = "ratecard-demo-1"  # noqa: S105  # the demo world listens on loopback only
ROLES = ["owner", "billing", "developer", "viewer"]


def make_staff() -> dict[str, str]:
    """Make the staff member who may do everything in the admin."""
    email = "staff@ratecard.example"
    if not User.objects.filter(email=email).exists():
        User.objects.create_superuser(email, PASSWORD, name="Staff")
    return {"email": email, "password": PASSWORD}


def make_members(customer: Customer, slug: str) -> dict[str, dict[str, str]]:
    """Make one person per role at a customer."""
    made: dict[str, dict[str, str]] = {}
    for role in ROLES:
        email = f"{role}@{slug}.example"
        user = services.create_user(
            email=email, password=PASSWORD, name=role.capitalize(), language=customer.language, by=SEED
        )
        services.add_member(customer=customer, user=user, role=role, by=SEED)
        made[role] = {"email": email, "password": PASSWORD}
    return made


def make_keys(customer: Customer, *, at: datetime) -> dict[str, str]:
    """Make the provider's key for ingest and backfill, and a customer's read key."""
    _, ingest = services.create_api_key(
        customer=None, name="IM backends", scopes=list(PROVIDER_SCOPES), at=at, by=SEED
    )
    _, read = services.create_api_key(
        customer=customer, name="Dashboard", scopes=list(CUSTOMER_SCOPES), at=at, by=SEED
    )
    return {"ingest": ingest, "read": read}
