"""`ingest_drf`: our endpoint ÷ the ordinary way, a DRF serializer and `bulk_create`, over the same server.

Batch 1,000, the same bodies and settings, the same key; the ordinary way writes one keyed table and ignores
conflicts. It neither judges what an event may say nor tells a duplicate from a new event.
"""

from collections.abc import Callable, Iterator

from django.db import connection

from tests.bench.contract import Entry, compared, sized
from tests.bench.ingesting import CONNECTIONS, over_http, warm
from tests.bench.ordinary import TABLE
from tests.bench.serving import Server, serving
from tests.bench.world import Sent, World, ask, bodies, empty, events, world

BATCH = 1000


def run() -> Iterator[Entry]:
    """Measure."""
    of = world()
    sent = events(sized(30_000, least=BATCH), of)
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    with serving(of.key, DJANGO_SETTINGS_MODULE="tests.bench.ordinary_settings") as server:
        warm(server, of, sent)
        sides = over_http(server, of, sent, BATCH), _ordinary(server, of, sent)
        yield compared("ingest_drf", *sides, unit="events/s", gate=">=4", ambition=">=7")


def _ordinary(server: Server, of: World, sent: list[Sent]) -> Callable[[], float]:
    load = server.store(
        [server.request("/bench/ordinary", body, "application/json") for body in bodies(sent, of, BATCH)]
    )

    def timed() -> float:
        empty("bench_ordinary")
        told = load.send(server.port, CONNECTIONS)
        found = ask("SELECT count(*), sum(value)::bigint FROM bench_ordinary")
        assert found == (len(sent), sum(one.value for one in sent)), found
        return len(sent) / float(told["seconds"])

    return timed
