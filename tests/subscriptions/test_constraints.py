"""The database itself refuses what the services refuse: raw SQL that tries to break it."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from subscriptions.models import Subscription
from tests.factories import NOVEMBER, make_app, make_customer, make_key, make_subscription, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement() -> Subscription:
    return make_subscription(options={"sla.gold": Decimal(1)}, seats=2)


def refused(sql: str, *params: object, kind: type[DatabaseError] = IntegrityError) -> str:
    """Run one statement, deferred checks included, and return what the database said."""
    with pytest.raises(kind) as error, transaction.atomic():
        run(sql, params)
    return str(error.value)


def run(sql: str, params: tuple[object, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


MOVE = (
    "INSERT INTO subscriptions_seatchange (subscription_id, delta, at, by, key) VALUES (%s, %s, %s, '', %s)"
)


COPY = (
    "INSERT INTO subscriptions_subscription"
    " (public_id, customer_id, app_id, family, term, currency, collection, anchor, span, created_at, key)"
    " SELECT 'sub_x', customer_id, app_id, family, term, currency, collection, anchor, {span}, now(), {key}"
    " FROM subscriptions_subscription WHERE id = %s"
)


def test_i4_two_agreements_of_a_family_never_overlap(agreement: Subscription) -> None:
    overlap = COPY.format(span="tstzrange(lower(span) + interval '9 days', NULL)", key="''")
    assert "subscription_one_live_per_scope" in refused(overlap, agreement.pk)

    elsewhere = overlap.replace(
        "family, term, currency, collection, anchor, tst", "'video', term, currency, collection, anchor, tst"
    )
    with connection.cursor() as cursor:
        cursor.execute(elsewhere, [agreement.pk])
    assert Subscription.objects.count() == 2


@pytest.mark.parametrize(
    "span", ["'empty'::tstzrange", "tstzrange(lower(span), NULL, '()')", "tstzrange(NULL, now())"]
)
def test_a_span_is_half_open_and_not_empty(agreement: Subscription, span: str) -> None:
    # An empty span would overlap nothing and slip through the exclusion.
    assert "subscription_span_half_open" in refused(
        f"UPDATE subscriptions_subscription SET span = {span} WHERE id = %s", agreement.pk
    )


def test_a_request_key_starts_one_agreement(agreement: Subscription) -> None:
    Subscription.objects.update(key="form-1")
    after = COPY.format(span="tstzrange('1999-01-01+00', '1999-02-01+00')", key="'form-1'")

    assert "subscription_key_once" in refused(after, agreement.pk)


def test_i15_an_app_of_another_customer_is_refused(agreement: Subscription) -> None:
    strange = make_app(make_customer())

    assert "subscription_app_of_customer" in refused(
        "UPDATE subscriptions_subscription SET app_id = %s WHERE id = %s", strange.pk, agreement.pk
    )


def test_phases_and_add_ons_never_overlap(agreement: Subscription) -> None:
    assert "phase_no_overlap" in refused(
        "INSERT INTO subscriptions_subscriptionphase (subscription_id, span, plan_version_id, created_at)"
        " SELECT subscription_id, tstzrange(lower(span) + interval '9 days', NULL), plan_version_id, now()"
        " FROM subscriptions_subscriptionphase WHERE subscription_id = %s",
        agreement.pk,
    )
    assert "add_on_no_overlap" in refused(
        "INSERT INTO subscriptions_addon (subscription_id, option, quantity, span)"
        " SELECT subscription_id, option, 1, tstzrange(lower(span) + interval '9 days', NULL)"
        " FROM subscriptions_addon WHERE subscription_id = %s",
        agreement.pk,
    )


@pytest.mark.parametrize("quantity", ["0", "-1", "'NaN'", "1e12"])
def test_i17_a_held_quantity_is_a_bounded_number(agreement: Subscription, quantity: str) -> None:
    assert "add_on_quantity_bounded" in refused(
        f"UPDATE subscriptions_addon SET quantity = {quantity} WHERE subscription_id = %s", agreement.pk
    )


def test_a_phase_keeps_its_version(agreement: Subscription) -> None:
    refused(
        "UPDATE subscriptions_subscriptionphase SET plan_version_id = %s WHERE subscription_id = %s",
        make_version().pk,
        agreement.pk,
        kind=ProgrammingError,
    )


def test_seat_movements_are_only_added(agreement: Subscription) -> None:
    refused("UPDATE subscriptions_seatchange SET delta = 9", kind=ProgrammingError)
    refused("DELETE FROM subscriptions_seatchange", kind=ProgrammingError)
    assert "seat_change_not_zero" in refused(MOVE, agreement.pk, 0, NOVEMBER, "z")
    assert "seat_change_once" in refused(MOVE, agreement.pk, 1, NOVEMBER, "start")


@pytest.mark.parametrize("scope", ["usage:write", "usage:backfill", "availability:write"])
def test_a_customers_key_never_writes(scope: str) -> None:
    key, _text = make_key(["usage:read"], make_customer())

    assert "api_key_customer_scopes_only_read" in refused(
        "UPDATE subscriptions_apikey SET scopes = ARRAY[%s::varchar] WHERE id = %s", scope, key.pk
    )


def test_s1_the_table_of_keys_holds_no_secret() -> None:
    key, text = make_key(["usage:write"])

    secret = text.rpartition("_")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM subscriptions_apikey k WHERE id = %s", [key.pk])
        assert secret not in cursor.fetchone()[0]
    assert "api_key_digest_is_sha512" in refused(
        "UPDATE subscriptions_apikey SET digest = %s WHERE id = %s", secret, key.pk
    )


def test_h12_what_is_in_use_cannot_be_deleted(agreement: Subscription) -> None:
    for table, pk in (
        ("subscriptions_customer", agreement.customer_id),
        ("subscriptions_subscription", agreement.pk),
    ):
        refused(f"DELETE FROM {table} WHERE id = %s", pk)
