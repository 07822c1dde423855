"""Price changes in words over the API: versions that have been on sale, in both languages."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from plans.models import Plan
from tests.factories import NOVEMBER, SMALL_TERMS, make_version

pytestmark = pytest.mark.django_db
TERMS: dict[str, Any] = dict(SMALL_TERMS)
BASE, MESSAGES = TERMS["charges"]


def plan(**fields: Any) -> Plan:
    return Plan.objects.create(code="told", name_en="Told", name_zh="说明", **fields)


def address(first: int | str, second: int | str) -> str:
    return f"/api/v1/plans/told/versions/compare?from={first}&to={second}"


def test_two_versions_are_compared_in_both_languages() -> None:
    owner = plan()
    less = {**MESSAGES, "steps": [{"included": "40000"}, *MESSAGES["steps"][1:]]}
    old = make_version(plan=owner)
    new = make_version({**TERMS, "charges": [BASE, less]}, plan=owner, effective_at=NOVEMBER)

    answer = APIClient().get(address(old.number, new.number))

    assert answer.json() == {
        "plan": "told",
        "from_version": old.number,
        "to_version": new.number,
        "changes": [
            {
                "text": {
                    "en": "messages: the quantity included falls from 50,000 to 40,000 (-20 %).",
                    "zh-Hans": "messages：包含量由 50,000 降至 40,000（-20 %）。",
                },
                "places": [
                    {
                        "path": "terms.charges[messages].steps[0].included",
                        "kind": "changed",
                        "old": "50000",
                        "new": "40000",
                    }
                ],
            }
        ],
    }
    again = APIClient().get(address(old.number, new.number), headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?from=x&to=1", 422),
        ("?from=²&to=1", 422),
        ("?from=99999999999&to=1", 422),
        ("?from=7&to=8", 404),
    ],
)
def test_a_version_that_is_none_is_refused_by_name(query: str, status: int) -> None:
    plan()

    answer = APIClient().get(f"/api/v1/plans/told/versions/compare{query}")

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


def test_what_is_not_public_or_not_yet_on_sale_is_not_told() -> None:
    owner = plan()
    old = make_version(plan=owner)
    later = make_version(plan=owner, effective_at=datetime(2999, 1, 1, tzinfo=UTC))
    assert APIClient().get(address(old.number, later.number)).status_code == 404
    assert APIClient().get(address(old.number, old.number)).json()["changes"] == []

    Plan.objects.update(audience="private")

    assert APIClient().get(address(old.number, old.number)).status_code == 404
