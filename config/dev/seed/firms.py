"""Who lives in the demo world. Neutral names, and sizes at which every invoice has something to explain."""

from dataclasses import dataclass, field
from decimal import Decimal

PAYS = "4242424242424242"
DECLINES = "4000000000000341"


@dataclass(frozen=True, slots=True)
class Firm:
    """One demo customer: what it agrees to, how it pays, and how much its users talk."""

    slug: str
    name: str
    email: str
    zone: str
    currency: str
    language: str
    region: str
    plan: str
    term: str
    collection: str
    card: str | None
    age_days: int  # subscribed this many days ago
    users_daily: int  # active users of an ordinary day at the start
    growth: Decimal  # of active users, a day
    seats: int = 0
    options: dict[str, Decimal] = field(default_factory=dict)
    cancels_after_days: int | None = None
    breach: bool = False  # one bad day in the first whole calendar month


ONE = Decimal(1)

FIRMS = [
    Firm(
        slug="bluebird",
        name="Bluebird Chat",
        email="billing@bluebird.example",
        zone="America/New_York",
        currency="USD",
        language="en",
        region="us-east",
        plan="growth",
        term="monthly",
        collection="stripe_charge",
        card=PAYS,
        age_days=90,
        users_daily=300,
        growth=Decimal("0.006"),
        seats=5,
        options={"module.translation": ONE, "sla.gold": ONE, "support.business": ONE},
        breach=True,
    ),
    Firm(
        slug="yunshan",
        name="云杉科技",
        email="finance@yunshan.example",
        zone="Asia/Shanghai",
        currency="CNY",
        language="zh-hans",
        region="cn-north",
        plan="scale",
        term="annual",
        collection="stripe_charge",
        card=PAYS,
        age_days=84,
        users_daily=420,
        growth=Decimal("0.002"),
        seats=12,
        options={"module.moderation": ONE, "sla.gold": ONE},
    ),
    Firm(
        slug="harbor",
        name="Harbor Social",
        email="accounts@harbor.example",
        zone="Europe/Berlin",
        currency="USD",
        language="en",
        region="eu-west",
        plan="growth",
        term="monthly",
        collection="stripe_charge",
        card=DECLINES,
        age_days=76,
        users_daily=200,
        growth=Decimal("0.003"),
        seats=3,
    ),
    Firm(
        slug="nanhai",
        name="南海出行",
        email="caiwu@nanhai.example",
        zone="Asia/Shanghai",
        currency="CNY",
        language="zh-hans",
        region="cn-south",
        plan="growth",
        term="monthly",
        collection="offline",
        card=None,
        age_days=70,
        users_daily=240,
        growth=Decimal("0.004"),
        seats=8,
        options={"module.moderation": ONE},
    ),
    Firm(
        slug="nimbus",
        name="Nimbus Games",
        email="ops@nimbus.example",
        zone="Asia/Kolkata",
        currency="USD",
        language="en",
        region="ap-south",
        plan="starter",
        term="monthly",
        collection="stripe_charge",
        card=PAYS,
        age_days=64,
        users_daily=100,
        growth=Decimal("-0.004"),
        cancels_after_days=40,
    ),
]
