"""The official clients against a server with connections of its own: what is answered has been committed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from lago_python_client.client import Client as Lago
from lago_python_client.models import BatchEvent, Event
from openmeter import Client as OpenMeter
from openmeter.models import Event as OpenMeterEvent

from subscriptions.models.keys import PROVIDER_SCOPES
from tests.factories import NOW, make_key
from tests.usage.world import an_app, count, make_meter

pytestmark = pytest.mark.django_db(transaction=True)


def test_A01_eight_clients_with_the_same_events_count_them_once(live_server: Any) -> None:
    make_meter()
    an_app(code="harbour")
    key = make_key(PROVIDER_SCOPES)[1]
    data = {"value": "1"}

    def by_lago(_n: int) -> None:
        lago = Lago(api_key=key, api_url=f"{live_server.url}/compat/lago/")
        more = {"external_subscription_id": "harbour", "code": "message.sent", "properties": data}
        events = [Event(transaction_id=f"tx-{n}", timestamp=int(NOW.timestamp()), **more) for n in range(100)]
        lago.events.batch_create(BatchEvent(events=events))
        assert {lago.events.find(f"tx-{n}").code for n in (0, 99)} == {"message.sent"}

    def by_openmeter(_n: int) -> None:
        named = {"source": "gateway", "specversion": "1.0", "type": "message.sent", "subject": "harbour"}
        with OpenMeter(endpoint=f"{live_server.url}/compat/openmeter", token=key) as client:
            client.events.ingest_events(
                [OpenMeterEvent(id=f"e-{n}", time=NOW, data=data, **named) for n in range(100)]
            )
            assert len(client.events.list(limit=100)) == 100

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(send, n) for n in range(4) for send in (by_lago, by_openmeter)]:
            done.result()

    assert count("usage_usageevent") == count("usage_usageeventkey") == count("usage_eventname") == 200
