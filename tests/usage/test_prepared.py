"""Statements planned once a connection: which, with what plan, and what they outlive."""

import re
from datetime import timedelta

import pytest
from django.db import connection

from tests.factories import NOW
from tests.usage.world import an_app, event, make_meter, rows, send
from usage import store

PLANNED = "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE '%%judged%%'"


@pytest.mark.django_db
def test_the_statement_that_stores_is_planned_once_a_connection() -> None:
    make_meter()
    app = an_app()
    for n in range(7):  # after five PostgreSQL may keep a plan for any parameters
        send(*[event(app) for _ in range(n + 1)])

    assert rows(PLANNED) == [(7,)]
    assert rows("SELECT count(*) FROM usage_usageevent") == [(28,)]


@pytest.mark.django_db
def test_behind_a_pool_nothing_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    make_meter()
    before = rows(PLANNED)
    send(event(an_app()))

    assert rows(PLANNED) == before


@pytest.mark.django_db
def test_a_kept_plan_stores_into_a_day_made_later() -> None:
    make_meter()
    app = an_app()
    for days in (1, 2, 3, 4, 5, 6, 7):
        send(event(app, time=(NOW - timedelta(days=days)).isoformat()))

    assert rows("SELECT count(DISTINCT tableoid) FROM usage_usageevent") == [(7,)]


@pytest.mark.django_db
@pytest.mark.parametrize("keys", [0, 300])
def test_a_plan_made_while_there_are_few_keys_looks_them_up(keys: int) -> None:
    """One that reads the whole table would do so for each event, however many there are by then."""
    make_meter()
    app = an_app()
    if keys:
        send(*[event(app) for _ in range(keys)])
    plan = _generic_plan(store.APPEND + store.COUNT)
    assert "usage_usageeventkey_pkey" in plan
    assert "Seq Scan on usage_usageeventkey" not in plan
    found = rows("SELECT reloptions FROM pg_class WHERE relname = 'usage_usageeventkey'")[0][0]
    assert "autovacuum_analyze_threshold=5000" in found


def _generic_plan(sql: str) -> str:
    names = dict.fromkeys(re.findall(r"%\((\w+)\)s", sql))
    numbered = sql % {name: f"${n}" for n, name in enumerate(names, start=1)}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {numbered}")
        return "\n".join(row[0] for row in cursor.fetchall())
