"""The same sentences through API and portal, in both languages, down three levels; strangers see 404."""

import io
import zipfile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.audit.pack import kit_zip
from billing.explain import explained
from billing.services.invoicing import issue_cycle
from plans.actor import NIGHT
from tests.billing import audit_world as world
from tests.billing.world import EDGE, TAX, TERMS, begin, make_plan
from tests.factories import make_customer, make_key, make_user

pytestmark = pytest.mark.django_db
HEADLINE = "71,000 messages − 50,000 included = 21,000; 3 started blocks of 10,000 × $3.00"
CHINESE = "71,000 条 − 含 50,000 = 21,000；每 10,000 为一档（不足一档按一档计），共 3 档 × US$3.00"


def get(path: str, text: str, language: str = "en", **more):
    headers = {"Authorization": f"Bearer {text}", "Accept-Language": language}
    return Client().get(f"/api/v1/{path}", more, headers=headers)


@pytest.fixture
def invoice():
    return world.cycle()


@pytest.fixture
def key(invoice):
    return make_key(["billing:read", "usage:read"], invoice.customer)[1]


@pytest.mark.parametrize(("language", "headline"), [("en", HEADLINE), ("zh-Hans", CHINESE)])
def test_the_api_explains_a_line_in_the_callers_language(invoice, key, language, headline):
    found = get(f"invoices/{invoice.public_id}/lines/messages/explanation", key, language).json()

    line = invoice.lines.get(charge="messages")
    assert found["headline"] == headline
    assert found["derivation"] == line.derivation
    assert (found["inputs_hash"], found["terms_hash"]) == (line.inputs_hash, line.terms_hash)
    assert (found["amount"], found["exact_amount"], found["engine"]) == (900, "9", "1")
    assert [one["depth"] for one in found["sentences"]] == [0, 1, 0, 0]
    ((reading,)) = found["readings"]
    assert (reading["meter"], reading["value"], reading["revision"]) == ("messages", "71000", 1)


def test_a_line_answers_to_its_place_and_to_its_key(invoice, key):
    by_key = get(f"invoices/{invoice.public_id}/lines/messages////explanation", key).json()
    short = get(f"invoices/{invoice.public_id}/lines/messages/explanation", key).json()
    place = get(f"invoices/{invoice.public_id}/lines/{by_key['n']}/explanation", key).json()

    assert by_key == short == place
    assert get(f"invoices/{invoice.public_id}/lines/nothing/explanation", key).status_code == 404


def test_the_list_of_lines_says_it_in_one_sentence_each(invoice, key):
    lines = get(f"invoices/{invoice.public_id}", key).json()["lines"]

    heads = {line["key"].split("/")[0]: line["headline"] for line in lines}
    assert heads["messages"] == HEADLINE
    assert heads["base"] == "$40.00 fixed"
    assert heads["vat"].startswith("20 % of $54.02 (Base fee + Monthly active users + Messages)")


def test_levels_two_and_three_by_api(invoice, key):
    found = get(f"invoices/{invoice.public_id}/lines/messages/explanation", key).json()
    reading = get(f"readings/{found['readings'][0]['id']}", key).json()
    path = f"readings/{reading['id']}/cells/{reading['cells'][1]['start']}/events"
    events = get(path, key).json()

    assert [cell["value"] for cell in reading["cells"]] == ["20000", "30000", "21000"]
    assert reading["hash"] == found["readings"][0]["hash"]
    assert all(cell["rollup"]["revision"] >= 1 and cell["raw_kept"] for cell in reading["cells"])
    ((event,)) = events["data"]
    assert (event["value"], event["region"], event["user_digest"]) == ("30000", "cn", "")
    assert len(event["digest"]) == 36
    assert (events["raw_kept"], events["has_more"]) == (True, False)


def test_events_of_a_cell_come_in_pages(invoice, key):
    reading = get(f"invoices/{invoice.public_id}/lines/users/explanation", key).json()["readings"][0]["id"]
    start = get(f"readings/{reading}", key).json()["cells"][0]["start"]
    path, seen, cursor = f"readings/{reading}/cells/{start}/events", [], None

    for _page in range(5):
        more = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        body = get(path, key, **more).json()
        seen += [event["digest"] for event in body["data"]]
        cursor = body["next_cursor"]
        if not body["has_more"]:
            break

    assert len(seen) == len(set(seen)) == 8  # one user was sent twice
    assert get(path, key, cursor="eA").status_code == 400
    assert get(f"readings/{reading}/cells/nonsense/events", key).status_code == 404


def test_strangers_and_keys_without_the_scope_get_nothing(invoice, key):
    _stranger, text = make_key(["billing:read", "usage:read"], make_customer())
    _key, usage_only = make_key(["usage:read"], invoice.customer)
    _key, billing_only = make_key(["billing:read"], invoice.customer)
    reading = get(f"invoices/{invoice.public_id}/lines/messages/explanation", key).json()["readings"][0]["id"]
    start = get(f"readings/{reading}", key).json()["cells"][0]["start"]
    money = [f"invoices/{invoice.public_id}/lines/1/explanation", f"invoices/{invoice.public_id}/audit-kit"]
    figures = [f"readings/{reading}", f"readings/{reading}/cells/{start}/events"]

    assert [get(path, text).status_code for path in [*money, *figures]] == [404] * 4
    assert [get(path, usage_only).status_code for path in money] == [403] * 2
    assert [get(path, billing_only).status_code for path in figures] == [403] * 2
    provider = make_key(["usage:read"])[1]
    assert [get(path, provider).status_code for path in figures] == [200] * 2


def test_the_kit_comes_by_api(invoice, key):
    path = f"/api/v1/invoices/{invoice.public_id}/audit-kit"
    answer = Client().get(path, headers={"Authorization": f"Bearer {key}", "Accept": "application/zip"})

    assert answer["Content-Type"] == "application/zip"
    assert f'filename="audit-kit-{invoice.number}.zip"' in answer["Content-Disposition"]
    assert answer.content == kit_zip(invoice)
    assert "verify.py" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()


def signed_in(customer, role: str = "owner", language: str = "en") -> Client:
    user = make_user(f"{role}@{customer.public_id}.example", customer=customer, role=role)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.cookies["django_language"] = language
    return client


@pytest.mark.parametrize(("language", "headline"), [("en", HEADLINE), ("zh-hans", CHINESE)])
def test_the_portal_says_what_the_api_says_and_leads_down(invoice, language, headline):
    client = signed_in(invoice.customer, language=language)
    line = invoice.lines.get(charge="messages")
    reading = explained(line).readings[0]

    why = client.get(f"/invoices/{invoice.public_id}/lines/{line.pk}/why/").content.decode()
    address = f"/invoices/{invoice.public_id}/readings/{reading.public_id}/"
    level_2 = client.get(address).content.decode()
    level_3 = client.get(f"{address}cells/1/").content.decode()

    assert headline in why
    assert f'href="{address}"' in why
    assert reading.manifest_hash in level_2
    assert f'href="{address}cells/2/"' in level_2
    assert "20,000" in level_3
    assert "%(" not in why + level_2 + level_3


def test_the_portal_gives_the_kit_and_keeps_strangers_out(invoice):
    own, stranger = signed_in(invoice.customer), signed_in(make_customer())
    viewer = signed_in(invoice.customer, role="viewer")
    reading = explained(invoice.lines.get(charge="messages")).readings[0].public_id
    other_start, _more = begin()[0], None
    base = f"/invoices/{invoice.public_id}/"
    pages = [f"{base}audit-kit/", f"{base}readings/{reading}/", f"{base}readings/{reading}/cells/1/"]

    assert own.get(pages[0]).content == kit_zip(invoice)
    assert f'href="{pages[0]}"' in own.get(base).content.decode()
    assert [stranger.get(page).status_code for page in pages] == [404] * 3
    assert [viewer.get(page).status_code for page in pages] == [403] * 3
    assert own.get(f"{base}readings/rdg_nothing/").status_code == 404
    assert own.get(f"{base}readings/{reading}/cells/99/").status_code == 404
    assert other_start.customer_id != invoice.customer_id


def test_many_lines_cost_as_many_queries_as_few():
    counts = []
    for extra in (1, 12):
        fees = [
            {
                "code": f"fee{n}",
                "name": {"en": f"Fee {n}", "zh-Hans": f"费用 {n}"},
                "steps": [{"price": {"flat": "1"}}],
            }
            for n in range(extra)
        ]
        subscription, _start = begin(version=make_plan(charges=[*TERMS["charges"], *fees, TAX]))
        made = issue_cycle(subscription, EDGE, at=world.NIGHT_1, by=NIGHT)
        text = make_key(["billing:read"], made.customer)[1]
        get(f"invoices/{made.public_id}", text)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert get(f"invoices/{made.public_id}", text).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]
