"""A large backlog is folded on two connections at once, and each event is counted once all the same."""

import threading

import pytest
from django.db import connection, transaction

from tests.usage.world import an_app, event, make_meter, rows, send
from usage import folding, services
from usage.models import IngestBatch
from usage.services import rollup

BY_CELL = (
    "SELECT app_id, meter_id, sum(count)::int, sum(sum) FROM usage_usagerollup GROUP BY 1, 2 ORDER BY 1, 2"
)
BY_EVENT = (
    "SELECT app_id, meter_id, count(*)::int, sum(value) FROM usage_usageevent GROUP BY 1, 2 ORDER BY 1, 2"
)


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Return the threads that claimed something; passes are of three events, and a backlog is of ten."""
    seen: set[int] = set()
    claim = folding.claim

    def noted(_limit: int) -> folding.Claimed | None:
        claimed = claim(3)
        if claimed is not None:
            seen.add(threading.get_ident())
        return claimed

    monkeypatch.setattr(folding, "claim", noted)
    monkeypatch.setattr(rollup, "BACKLOG", 10)
    monkeypatch.setattr(folding, "waiting", lambda _batches: 10)
    return seen


@pytest.mark.django_db(transaction=True)
def test_two_connections_fold_a_backlog_once(lanes: set[int]) -> None:
    make_meter()
    make_meter("mau", kind="unique")
    apps = [an_app() for _ in range(3)]
    for n in range(120):
        send(*[event(app, value=str(n + 1), user=f"u{n % 7}") for app in apps])

    assert services.roll_up_all() == 120

    assert rows(BY_CELL) == rows(BY_EVENT)
    assert not IngestBatch.objects.filter(state="pending").exists()
    assert len(lanes) == 2
    assert services.roll_up_all() == 0


@pytest.mark.django_db
def test_inside_a_transaction_one_connection_folds_all(lanes: set[int]) -> None:
    """Another connection would not see what is not committed yet."""
    make_meter()
    app = an_app()
    for _n in range(6):
        send(event(app))

    assert services.roll_up_all() == 6
    assert lanes == {threading.get_ident()}


@pytest.mark.django_db
def test_what_waits_is_counted_up_to_so_many_batches() -> None:
    make_meter()
    app = an_app()
    for _n in range(3):
        send(event(app), event(app))

    assert [folding.waiting(batches) for batches in (1, 2, 100)] == [2, 4, 6]


@pytest.mark.django_db(transaction=True)
def test_a_claim_leaves_to_others_what_it_does_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "CLAIM", 2)
    make_meter()
    app = an_app()
    for _n in range(5):
        send(event(app))
    taken: list[list[int]] = []

    def other() -> None:
        with transaction.atomic():
            claimed = folding.claim(100)
            taken.append(claimed.ids if claimed else [])
        connection.close()

    with transaction.atomic():
        first = folding.claim(2)
        beside = threading.Thread(target=other)
        beside.start()
        beside.join()

    every = list(IngestBatch.objects.order_by("id").values_list("id", flat=True))
    assert first is not None
    assert first.ids == every[:2]
    assert taken == [every[4:]]  # the third and fourth were looked at together, and are the first's to leave
