"""The blast radius: last periods under a candidate, locked prices left out, nothing written."""

import copy
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from billing.blast import Blast, blast_of
from billing.blast_spread import Moved, rank, spreads
from billing.models import Invoice, InvoiceLine, LineKind, ReleaseReview
from billing.services.invoicing import issue_cycle
from billing.services.releases import publish_reviewed
from plans.models import PlanVersion
from plans.models.plans import VersionState
from plans.selectors_catalogue import draft_hash
from plans.services import new_draft, save_source
from plans.terms import Terms, read_terms
from subscriptions.models import Subscription, SubscriptionPhase
from tests.billing.world import EDGE, NIGHT, START, TERMS, begin, make_plan
from tests.factories import TESTER, make_customer

pytestmark = pytest.mark.django_db
LATER = NIGHT + timedelta(days=1)


def candidate(**changes: Any) -> Terms:
    return read_terms({**TERMS, **changes})


def dearer_base(amount: str = "50") -> list[dict[str, Any]]:
    charges = copy.deepcopy(TERMS["charges"])
    charges[0]["steps"][0]["price"]["cases"]["USD"]["flat"] = amount
    return charges


def billed(version: PlanVersion, count: int = 1, **options: Any) -> list[Subscription]:
    made = []
    for _turn in range(count):
        subscription, _invoice = begin(
            version=version, customer=make_customer(billing_zone="Asia/Shanghai"), **options
        )
        issue_cycle(subscription, EDGE, at=NIGHT, by=TESTER)
        made.append(subscription)
    return made


def blast(version: PlanVersion, terms: Terms, **options: Any) -> Blast:
    return blast_of(version, terms, at=LATER, **options)


def lock(subscription: Subscription, until: datetime) -> None:
    SubscriptionPhase.objects.filter(subscription=subscription).update(price_lock_until=until)


def test_the_same_terms_cost_what_was_billed() -> None:
    version = make_plan()
    (subscription,) = billed(version)

    (one,) = blast(version, candidate()).rated

    charged = InvoiceLine.objects.filter(
        invoice__subscription=subscription, invoice__kind="cycle", kind=LineKind.CHARGE
    )
    assert one.moved.old == one.moved.new == sum(line.amount for line in charged) == 4000
    assert one.period.end == EDGE


def test_a_dearer_base_is_seen_line_by_line() -> None:
    version = make_plan()
    billed(version)

    (one,) = blast(version, candidate(charges=dearer_base())).rated

    assert (one.moved.old, one.moved.new, one.moved.percent) == (4000, 5000, Decimal("25.0"))
    assert [(line.label["en"], line.old, line.new) for line in one.lines] == [("Base fee", 4000, 5000)]


def test_a_year_paid_at_once_shows_its_fee_in_every_month() -> None:
    version = make_plan()
    billed(version, term="annual")
    SubscriptionPhase.objects.update(price_lock_until=None)  # a first year is locked by itself

    (one,) = blast(version, candidate(charges=dearer_base())).rated

    assert (one.moved.old, one.moved.new) == (38_400, 48_000)  # 12 × 40 less 20 %; 12 × 50 less 20 %


def test_one_without_a_closed_period_is_rated_by_its_first_invoice() -> None:
    version = make_plan()
    begin(version=version)

    (one,) = blast_of(version, candidate(charges=dearer_base()), at=START + timedelta(hours=1)).rated

    assert (one.moved.old, one.moved.new) == (4000, 5000)


def test_a_locked_price_is_exempt_until_its_date() -> None:
    version = make_plan()
    locked, other = billed(version, 2)
    lock(locked, LATER + timedelta(days=1))

    found = blast(version, candidate())

    assert [one.subscription for one in found.exempt] == [locked]
    assert [one.reached.subscription for one in found.rated] == [other]
    assert len(blast_of(version, candidate(), at=LATER + timedelta(days=1)).rated) == 2


def test_what_has_no_price_is_listed_with_its_reason() -> None:
    version = make_plan()
    billed(version)

    plain = [{**TERMS["charges"][0], "steps": [{"price": {"flat": "280"}}]}, *TERMS["charges"][1:]]
    yuan = blast(version, candidate(currency=["CNY"], charges=plain)).unrated
    asks = dearer_base()
    asks[0] = {
        **asks[0],
        "steps": [{"price": {"mode": "volume", "bands": [{"below": "1", "each": "1"}, {"ask": "true"}]}}],
    }
    beyond = blast(version, candidate(charges=asks)).unrated
    labelled = dearer_base()
    labelled[0] = {**labelled[0], "steps": [{"price": {"pick": "edition", "cases": {"pro": {"flat": "9"}}}}]}
    missing = blast(version, candidate(charges=labelled, labels={"edition": ["pro"]})).unrated
    metered = [*dearer_base(), {"code": "calls", "of": "calls", "steps": [{"price": {"each": "1"}}]}]
    unmeasured = blast(
        version, candidate(charges=metered, meters={**TERMS["meters"], "calls": {"unit": "calls"}})
    ).unrated

    assert [one.reason.code for one in yuan] == ["currency_not_sold"]
    assert len(beyond) == len(missing) == 1
    assert "calls" in str(unmeasured[0].reason)


def test_an_option_that_is_no_longer_offered_is_named() -> None:
    version = make_plan()
    billed(version, options={"module.moderation": Decimal(1)})
    charges = [one for one in TERMS["charges"] if one["code"] != "moderation"]

    (one,) = blast(
        version, candidate(charges=charges, options=["sla.gold"], tags=["module", "sla_credit"])
    ).rated

    assert one.lost == ["module.moderation"]
    assert one.moved.delta == -2000


def test_it_takes_the_same_queries_for_two_and_for_eight_and_stops_where_told() -> None:
    version = make_plan()
    billed(version, 2)
    few = counted(version)
    billed(version, 6)

    assert counted(version) == few
    cut = blast(version, candidate(), most=3)
    assert (len(cut.rated), len(cut.beyond), cut.count) == (3, 5, 8)


def counted(version: PlanVersion) -> int:
    with CaptureQueriesContext(connection) as caught:
        blast(version, candidate())
    return len(caught)


def draft_of(version: PlanVersion, charges: Sequence[Any]) -> PlanVersion:
    made = new_draft(version.plan, by=TESTER)
    return save_source(made, source={"terms": {**TERMS, "charges": list(charges)}}, by=TESTER)


def test_publishing_keeps_the_review_once_and_moves_nobody() -> None:
    version = make_plan()
    (subscription,) = billed(version)
    draft = draft_of(version, dearer_base())
    asked = {
        "effective_at": LATER,
        "expected_hash": draft_hash(draft),
        "reason": "autumn prices",
        "at": LATER,
        "by": TESTER,
    }

    publish_reviewed(draft, **asked)
    publish_reviewed(draft, **asked)

    review = ReleaseReview.objects.get()
    assert review.reach == {
        "live": 1, "exempt": 0, "rated": 1, "unrated": 0, "beyond": 0, "by_version": {str(version): 1},
    }  # fmt: skip
    assert review.deltas["currencies"]["USD"]["old"] == 4000
    assert review.deltas["rows"] == [
        {
            "subscription": subscription.public_id,
            "version": str(version),
            "currency": "USD",
            "old": 4000,
            "new": 5000,
        }
    ]
    assert (review.reviewer, review.reason) == (TESTER.id, "autumn prices")
    assert subscription.phases.get().plan_version == version
    assert PlanVersion.objects.get(pk=draft.pk).state == VersionState.PUBLISHED


@pytest.mark.parametrize(
    "statement", ["UPDATE billing_releasereview SET reason = 'x'", "DELETE FROM billing_releasereview"]
)
def test_the_database_keeps_a_review(statement: str) -> None:
    version = make_plan()
    draft = draft_of(version, dearer_base())
    publish_reviewed(
        draft, effective_at=LATER, expected_hash=draft_hash(draft), reason="why", at=LATER, by=TESTER
    )

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_rating_again_writes_nothing() -> None:
    version = make_plan()
    billed(version)
    before = list(Invoice.objects.order_by("pk").values())

    blast(version, candidate(charges=dearer_base()))

    assert list(Invoice.objects.order_by("pk").values()) == before


def test_the_command_rates_everyone() -> None:
    version = make_plan()
    billed(version, 2)
    draft = draft_of(version, dearer_base())
    out = StringIO()

    call_command("blast_radius", version.plan.code, str(draft.number), stdout=out)

    assert "2 live, 0 locked" in out.getvalue()


@pytest.mark.parametrize(
    ("percentile", "count", "expected"),
    [(50, 1, 0), (95, 1, 0), (50, 2, 0), (50, 3, 1), (95, 20, 18), (95, 21, 19), (100, 5, 4)],
)
def test_percentiles_are_nearest_ranks(percentile: int, count: int, expected: int) -> None:
    assert rank(percentile, count) == expected


@given(
    st.lists(
        st.tuples(st.sampled_from(["USD", "CNY"]), st.integers(0, 10**9), st.integers(0, 10**9)), max_size=30
    )
)
def test_a_spread_counts_everybody_once(rows: list[tuple[str, int, int]]) -> None:
    found = spreads(Moved(*row) for row in rows)

    assert sum(one.pay_more + one.pay_less + one.same for one in found) == len(rows)
    assert sum(one.delta for one in found) == sum(new - old for _currency, old, new in rows)
    for one in found:
        own = [new - old for currency, old, new in rows if currency == one.currency]
        assert min(own) <= one.p50 <= one.p95 <= max(own)
