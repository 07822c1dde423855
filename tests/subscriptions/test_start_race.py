"""Two requests at one instant: one agreement, whether they share a key or not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from subscriptions import errors
from subscriptions.models import Subscription
from tests.factories import make_customer, make_subscription, make_version

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6


def at_once(work: Callable[[int], str]) -> list[str]:
    gate = Barrier(THREADS)

    def one(number: int) -> str:
        try:
            gate.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


@pytest.fixture
def starter() -> Callable[[str | None], str]:
    customer, version = make_customer(), make_version()

    def start(key: str | None) -> str:
        try:
            return make_subscription(customer, version, key=key, seats=1).public_id
        except errors.AlreadySubscribed:
            return "refused"

    return start


def test_p7_one_form_sent_twice_is_one_agreement(starter: Callable[[str | None], str]) -> None:
    answers = at_once(lambda _number: starter("form-1"))

    assert len(set(answers)) == 1
    assert Subscription.objects.get().public_id == answers[0]


def test_p7_two_forms_are_one_agreement_and_named_refusals(starter: Callable[[str | None], str]) -> None:
    answers = at_once(lambda number: starter(f"form-{number}"))

    assert answers.count("refused") == THREADS - 1
    assert Subscription.objects.count() == 1
