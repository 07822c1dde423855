"""What tests share by copying it in never carries anything from one test to the next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from plans.models import Coupon
from tests import snapshots
from tests.snapshots import STANDING, empty, filled, own_tables, remembered
from tests.usage.old_days import no_days as no_days
from tests.usage.world import an_app, event, make_meter, send
from usage.partitions import forget_days

pytestmark = pytest.mark.django_db

HISTORY = "plans_couponevent"


class Over(Exception):  # noqa: N818
    """One test has ended."""


@contextmanager
def one_test() -> Iterator[None]:
    """Run what one test does; it is taken back as after every test."""
    try:
        with transaction.atomic():
            yield
            raise Over
    except Over:
        pass


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_kept", {})


def make(code: str) -> Coupon:
    return Coupon.objects.create(code=code, redeem_code=code.upper(), name_en="Off", name_zh="优惠")


def builder(*codes: str) -> tuple[Callable[[], None], list[str]]:
    """Return what makes coupons, and the list of those it made by itself."""
    made: list[str] = []

    def build() -> None:
        made.extend(make(code).code for code in codes)

    return build, made


def rows(table: str = "plans_coupon") -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
        return list(cursor.fetchall())


def test_the_second_test_gets_the_same_rows_and_history_without_the_work() -> None:
    build, made = builder("a", "b")
    with one_test():
        remembered("coupons", 1, build)
        first = rows(), rows(HISTORY)
    with one_test():
        remembered("coupons", 1, build)
        second = rows(), rows(HISTORY)

    assert second == first
    assert (len(first[0]), len(first[1])) == (2, 2)
    assert made == ["a", "b"]


def test_what_one_test_changes_no_other_sees() -> None:
    build, _made = builder("a", "b")
    with one_test():
        remembered("coupons", 1, build)
        first = rows()
        Coupon.objects.update(name_en="Less")  # of the rows that were built
        make("c")
    for _again in range(2):
        with one_test():
            remembered("coupons", 1, build)
            assert rows() == first
            Coupon.objects.update(name_en="Less")  # of the rows that were copied
            Coupon.objects.filter(code="a").delete()
            make("c")


def test_each_name_and_key_has_rows_of_its_own() -> None:
    for name, key, code in (("coupons", 1, "a"), ("coupons", 2, "b"), ("others", 1, "c")):
        with one_test():
            remembered(name, key, builder(code)[0])
    for name, key, code in (("others", 1, "c"), ("coupons", 1, "a"), ("coupons", 2, "b")):
        with one_test():
            build, made = builder("never")
            remembered(name, key, build)
            assert [one.code for one in Coupon.objects.all()] == [code]
            assert made == []


def test_rows_that_a_test_made_itself_are_not_kept_for_others() -> None:
    build, made = builder("a")
    with one_test():
        make("mine")
        remembered("coupons", 1, build)  # not alone: what it made cannot be told from the test's own
    with one_test():
        remembered("coupons", 1, build)
        assert [one.code for one in Coupon.objects.all()] == ["a"]
    assert made == ["a", "a"]


def test_beside_rows_of_the_test_the_work_is_done_anew() -> None:
    build, made = builder("a")
    with one_test():
        remembered("coupons", 1, build)
    with one_test():
        make("mine")
        remembered("coupons", 1, build)
        assert {one.code for one in Coupon.objects.all()} == {"mine", "a"}
    assert made == ["a", "a"]


def test_a_build_that_failed_is_not_kept_by_half() -> None:
    def broken() -> None:
        make("a")
        make("a")

    build, made = builder("b")
    with one_test(), pytest.raises(IntegrityError), transaction.atomic():
        remembered("coupons", 1, broken)
    with one_test():
        remembered("coupons", 1, build)
        assert [one.code for one in Coupon.objects.all()] == ["b"]
    assert made == ["b"]


def test_after_a_copy_numbers_go_on_and_triggers_work() -> None:
    build, _made = builder("a", "b")
    with one_test():
        remembered("coupons", 1, build)
    with one_test():
        remembered("coupons", 1, build)
        copied = set(Coupon.objects.values_list("pk", flat=True))
        assert make("c").pk not in copied
        assert len(rows(HISTORY)) == 3  # the new one's, written by its trigger
        Coupon.objects.filter(code="a").update(name_en="Less")
        assert len(rows(HISTORY)) == 4


def test_raw_events_come_back_with_their_days_table(no_days: None) -> None:
    at = datetime(2026, 9, 20, 4, tzinfo=UTC)

    def build() -> None:
        make_meter()
        send(event(an_app(), at=at, value="7"), at=at, backfill=True)

    with one_test():
        remembered("events", 1, build, days=[at.date()])
        first = rows("usage_usageevent_20260920")
    forget_days()  # the table went with the test
    with one_test():
        remembered("events", 1, build, days=[at.date()])
        second = rows("usage_usageevent_20260920")

    assert len(first) == 1
    assert second == first


@pytest.mark.django_db(transaction=True)
def test_emptying_leaves_what_a_new_database_has_and_triggers_at_work() -> None:
    make("a")
    standing = {table: len(rows(table)) for table in STANDING}

    empty()

    assert filled(own_tables()) == []
    assert {table: len(rows(table)) for table in STANDING} == standing
    make("b")
    assert len(rows(HISTORY)) == 1
