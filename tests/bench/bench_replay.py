"""`replay`: time to send stored batches again ÷ their first sending, over HTTP; nothing may grow.

Batch 1,000. A repeat is parsed, judged and looked up like a first sending; it inserts nothing, but asks
once more which of its bodies differ from what is kept.
"""

from collections.abc import Iterator

from tests.bench.contract import Entry, compared, sized
from tests.bench.ingesting import CONNECTIONS, PATH, warm
from tests.bench.serving import serving
from tests.bench.world import ask, bodies, empty, events, verify, world

GROWTH = """
SELECT pg_table_size('usage_usageeventkey'), (SELECT count(*) FROM usage_ingestbatch),
       (SELECT sum(pg_table_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'usage_usageevent'::regclass)
"""


def run() -> Iterator[Entry]:
    """Measure."""
    of = world()
    sent = events(sized(60_000, least=1000), of)
    with serving(of.key) as server:
        warm(server, of, sent)
        load = server.store([server.request(PATH, body) for body in bodies(sent, of, 1000)])

        def first() -> float:
            empty()
            told = load.send(server.port, CONNECTIONS)
            assert (told["accepted"], told["duplicates"]) == (len(sent), 0), told
            verify(sent)
            return float(told["seconds"])

        def again() -> float:
            first()
            before = ask(GROWTH)
            told = load.send(server.port, CONNECTIONS)
            assert (told["accepted"], told["duplicates"]) == (0, len(sent)), told
            verify(sent)
            assert ask(GROWTH) == before, (before, ask(GROWTH))
            return float(told["seconds"])

        yield compared("replay", again, first, unit="s", gate="<=1.2", ambition="<=0.9")
