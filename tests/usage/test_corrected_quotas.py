"""Allowances follow corrections: what is void is not used, also where usage had stopped."""

import pytest

from tests.usage.quota_world import STOP, check, subscribed
from tests.usage.test_corrections import correct, event, void
from tests.usage.world import send
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize(
    ("feature", "before", "after"),
    [("quota", "111", "1"), ("sends_quota", "2", "1"), ("peak_quota", "110", "1"), ("users_quota", "2", "1")],
)
def test_a_void_event_is_not_used(feature: str, before: str, after: str, folded: bool) -> None:
    app = subscribed(STOP)
    sent = [event(app, value="110", user="u1"), event(app, value="1", user="u2")]
    send(*sent)
    if folded:
        roll_up_all()
    assert check(app, feature)["used"] == before

    assert correct(void(sent[0])) == ["accepted"]
    roll_up_all()

    assert check(app, feature)["used"] == after
    assert check(app, feature)["has_access"]
