"""Nothing is lost and nothing counts twice, whatever order writers commit in and however roll-ups end."""

import pytest

from tests.usage import race
from tests.usage.world import an_app, make_meter, rows
from usage.models import IngestBatch

pytestmark = pytest.mark.django_db(transaction=True)


def test_B02_B04_none_lost_none_doubled_where_a_naive_watermark_loses() -> None:
    make_meter()
    make_meter("mau", kind="unique")
    apps = [an_app(), an_app("Asia/Shanghai"), an_app("America/New_York")]

    with race.naive_tables():
        found = race.run(apps, seconds=6)
        naive_lost, _naive_doubled = race.missed(race.NAIVELY)

    assert set(found.accepted.values()) == {1}
    assert rows("SELECT count(*) FROM usage_usageeventkey") == [(len(found.accepted),)]
    assert rows("SELECT count(*) FROM usage_usageevent") == [(2 * len(found.accepted),)]
    assert race.missed(race.CELLS) == (0, 0)
    assert not IngestBatch.objects.filter(state="pending").exists()
    assert found.aborted
    assert found.kills
    assert naive_lost > 0  # the race is one that a watermark on the highest number does not survive
