"""`ingest_copy`: events/s over HTTP at batch 1,000 ÷ rows/s of one raw COPY into one keyed table.

The limit neither judges, deduplicates nor answers: all rows in one transaction of one connection.

What stands in the way of 0.60, in processor time for each event on two cores (AMD EPYC, PostgreSQL 18): COPY
takes 2.7 µs, so the goal leaves 9 µs of both cores. PostgreSQL takes 7.5 µs for one event in this layout
(7 to 8 for COPY and dedupe alone: a random leaf of the key's index, the event's row, WAL). Python takes about
12 (JSON 1, soundness 0.5, attributes and time 2.5, data 2, identity and body hash 2, rows and columns 3) and
HTTP 3: together 22 µs, a ratio of 0.25. Loads beside the benchmark lower it further, as ours needs both cores
and the limit one.
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
