"""The door of entitlements: one statement a check, tags, refusals, and whose entitlements a key may ask."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.models.keys import Scope
from tests.factories import DECEMBER, NOW, make_app, make_key
from tests.usage.quota_world import STOP, check, growth, subscribed, use
from tests.usage.world import Door, statements
from usage.services import rebuild_entitlements

pytestmark = pytest.mark.django_db


def test_a_check_is_one_statement() -> None:
    app = subscribed(STOP)
    use(app, "1")
    door = Door()
    check(app, door=door)  # the key, and the first rebuild
    with CaptureQueriesContext(
        connection,
    ) as captured:
        check(app, door=door)
        door.get("/api/v1/entitlements", app=app.code)

    assert len(statements(captured)) == 2


def test_nothing_is_rebuilt_while_the_rows_hold() -> None:
    app = subscribed()
    check(app)

    assert not rebuild_entitlements(app.customer_id, at=NOW + timedelta(days=10))
    assert rebuild_entitlements(app.customer_id, at=DECEMBER)


def test_the_tag_changes_with_the_answer_alone() -> None:
    app = subscribed(STOP)
    door = Door()
    path = "/api/v1/entitlements/quota"
    tag = door.get(path, app=app.code)["ETag"]
    again = door.client.get(path, {"app": app.code}, headers={**door._with_key({}), "If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)

    use(app, "1")
    moved = door.client.get(path, {"app": app.code}, headers={**door._with_key({}), "If-None-Match": tag})
    assert (moved.status_code, moved["ETag"] == tag) == (200, False)


REFUSED = [
    ("/api/v1/entitlements/quota", {}, 400, "whose_entitlements"),
    ("/api/v1/entitlements/quota", {"app": "a", "customer": "b"}, 400, "whose_entitlements"),
    ("/api/v1/entitlements/quota", {"app": "nobody"}, 404, "not_found"),
    ("/api/v1/entitlements", {"customer": "nobody"}, 404, "not_found"),
    ("/api/v1/entitlements", {"customer": "x" * 500}, 404, "not_found"),
]


@pytest.mark.parametrize(("path", "asked", "status", "code"), REFUSED)
def test_a_refusal_is_a_problem_with_a_code(path: str, asked: Any, status: int, code: str) -> None:
    growth()
    answer = Door().get(path, **asked)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


def test_a_feature_the_catalogue_does_not_have_is_not_found() -> None:
    app = subscribed()
    for feature in ("quoat", "x" * 300, "é"):
        answer = Door().get(f"/api/v1/entitlements/{feature}", app=app.code)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_feature")


def test_only_a_key_with_the_scope_may_ask() -> None:
    app = subscribed()
    path = "/api/v1/entitlements/quota"
    for key, status, code in (
        ("rc_live_no", 401, "authentication_failed"),
        ("", 401, "authentication_failed"),
    ):
        answer = Door(key=key).get(path, app=app.code)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer["WWW-Authenticate"]
    assert Door([Scope.USAGE_READ]).get(path, app=app.code).status_code == 403
    assert Door().post({}, path=path, media="application/json").status_code == 405


def test_a_customers_key_asks_for_its_own_and_nobody_elses() -> None:
    app, stranger = subscribed(), make_app()
    door = Door(key=make_key([Scope.ENTITLEMENTS_READ], app.customer)[1])
    path = "/api/v1/entitlements/quota"

    assert door.get(path).json()["limit"] == "100"
    assert door.get(path, app=app.code).json()["limit"] == "100"
    assert door.get(path, customer=app.customer.public_id).json()["limit"] == "100"
    assert door.get(path, app=stranger.code).status_code == 404
    assert door.get(path, customer=stranger.customer.public_id).status_code == 404
    assert {one["feature"] for one in door.get("/api/v1/entitlements").json()["data"]} >= {"quota", "hours"}
