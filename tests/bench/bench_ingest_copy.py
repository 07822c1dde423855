"""`ingest_copy`: events/s over HTTP at batch 1,000 ÷ rows/s of one raw COPY into one keyed table.

The limit neither judges, deduplicates nor answers: all rows in one transaction of one connection.

What stands in the way of 0.60, in processor time for each event on two cores (AMD EPYC, PostgreSQL 18): COPY
takes 2.5 µs, so the goal leaves 8 µs of both cores. PostgreSQL takes 6 to 7 µs for one event in this layout
(reading the arrays 1.5, looking the key up 0.7, a random leaf of the key's index and its row 2.4, the event's
row 1.1, WAL and commit). Python takes about 5 (JSON 0.4, soundness 0.4, time 0.2, identity and body hash
1.1, grouping and columns 0.9, and HTTP, key, limit and driver the rest): together 12 to 13 µs, a ratio of
0.35 to 0.40.
"""

from collections.abc import Iterator

from tests.bench.contract import Entry, compared, sized
from tests.bench.ingesting import copied, over_http, warm
from tests.bench.serving import serving
from tests.bench.world import events, world


def run() -> Iterator[Entry]:
    """Measure."""
    of = world()
    sent = events(sized(100_000, least=1000), of)
    with serving(of.key) as server:
        warm(server, of, sent)
        sides = over_http(server, of, sent, 1000), copied(of, sent)
        yield compared("ingest_copy", *sides, unit="events/s", gate=">=0.40", ambition=">=0.60")
