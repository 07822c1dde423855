"""`no_loss`: events lost or doubled by the roll-up; four slow writers, aborts, roll-ups killed at random.

The limit beside it is what a roll-up with a watermark on the highest batch number loses of the same commits.
"""

from collections.abc import Iterator

from tests.bench.contract import Entry, Side, machine, sized
from tests.bench.world import empty, world
from tests.usage import race
from tests.usage.world import an_app, make_meter, rows

ROUNDS = 5
SECONDS = 12


def run() -> Iterator[Entry]:
    """Race; each round must make the naive way lose something, or it has shown nothing."""
    world()
    make_meter()
    apps = [an_app(), an_app("Asia/Shanghai"), an_app("America/New_York")]
    ours: list[float] = []
    naive: list[float] = []
    for turn in range(ROUNDS):
        empty()
        with race.naive_tables():
            found = race.run(apps, seconds=sized(SECONDS, least=2), seed=100 * turn)
            naive.append(float(sum(race.missed(race.NAIVELY))))
        stored = rows(
            "SELECT (SELECT count(*) FROM usage_usageeventkey), (SELECT count(*) FROM usage_usageevent)"
        )
        assert stored == [(len(found.accepted),) * 2], (stored, len(found.accepted))
        assert set(found.accepted.values()) == {1}
        assert naive[-1] > 0
        assert found.kills > 0
        ours.append(float(sum(race.missed(race.CELLS))))
    sides = Side(ours, "events"), Side(naive, "events")
    yield Entry("no_loss", max(ours), "<=0", "<=0", *sides, max(ours) - min(ours), machine=machine())
