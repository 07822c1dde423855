"""`ingest_dedupe_1000`, `_100`: events/s over HTTP ÷ rows/s of raw COPY + dedupe, same layout and batch.

The limit is one connection that is handed rows: COPY to a temporary table, one statement into keys and
events, a commit for each batch.

What stands in the way of 1.0 at batch 100: the limit is 14 µs an event of one core; ours has 9 µs of
PostgreSQL for each event and about 0.6 ms of Python a request, 6 µs an event, for HTTP, middleware, key and
rate limit, beside 4 for the event itself, and two web processes share two cores with the database.
"""

from collections.abc import Iterator

from tests.bench.contract import Entry, compared, sized
from tests.bench.ingesting import deduped, over_http, warm
from tests.bench.serving import serving
from tests.bench.world import events, world


def run() -> Iterator[Entry]:
    """Measure."""
    of = world()
    with serving(of.key) as server:
        for batch, count in ((1000, 100_000), (100, 50_000)):
            sent = events(sized(count, least=1000), of)
            warm(server, of, sent)
            sides = over_http(server, of, sent, batch), deduped(of, sent, batch)
            name = f"ingest_dedupe_{batch}"
            yield compared(name, *sides, unit="events/s", gate=">=0.70", ambition=">=1.0")
