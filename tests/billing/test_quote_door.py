"""`/api/v1/quotes`: any plan or bundle, priced with its reasons; every bad field named at once."""

from datetime import timedelta

import pytest
from django.test import Client

from billing.models import Quote
from billing.verifying_quotes import quote_faults
from tests import factories as f

pytestmark = pytest.mark.django_db
ASKED = {
    "plan": "growth",
    "currency": "CNY",
    "modules": ["moderation"],
    "sla": "gold",
    "seats": 5,
    "usage": {"mau": 4500, "traffic": "250.5"},
}
AT = f.NOW.isoformat()


@pytest.fixture(autouse=True)
def _house(settings) -> None:
    settings.RATECARD_CLOCK = "tests.portal.world.today"
    f.publish_house()


class Door:
    """A key at the door."""

    def __init__(self, customer=None, scopes=("quotes:read",)) -> None:
        _key, self.text = f.make_key(list(scopes), customer)

    def post(self, body, **headers):
        headers = {"Authorization": f"Bearer {self.text}", **headers}
        return Client().post("/api/v1/quotes", body, content_type="application/json", headers=headers)

    def get(self, path="", **headers):
        headers = {"Authorization": f"Bearer {self.text}", **headers}
        return Client().get(f"/api/v1/quotes{path}", headers=headers)


def errors(answer) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


def test_a_plan_is_priced_line_by_line():
    answer = Door().post(ASKED)

    quote = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"/api/v1/quotes/{quote['id']}"
    assert quote["number"] == f"Q-20261120-{quote['id'][4:10].upper()}"
    assert (quote["at"], quote["expires_at"]) == ("2026-11-20T03:14:15Z", "2026-12-20T03:14:15Z")
    assert {one["charge"]: one["amount"] for one in quote["start"]["lines"]} == {
        "base": 70000, "seats": 14000, "moderation_fee": 28000, "gold_fee": 7000, "annual_discount": 0,
    }  # fmt: skip
    assert quote["start"]["total"] == quote["start_total"] == 119000
    # the month: 3 started thousands of users, 150.5 GB at 1.40, and the next base
    usage = {one["charge"]: one["amount"] for one in quote["cycle"]["lines"] if one["quantity"]}
    assert (usage["users"], usage["traffic"]) == (42000, 21070)
    assert quote["cycle"]["total"] == quote["cycle_total"] == 119000 + 42000 + 21070
    assert (quote["plan"]["code"], quote["customer"], quote["state"]) == ("growth", None, "open")
    assert quote["asked"]["options"] == {"module.moderation": "1", "sla.gold": "1", "support.standard": "1"}
    assert quote_faults(Quote.objects.get()) == []


def test_each_line_says_why_in_the_readers_language():
    door = Door()
    quote = door.post(ASKED).json()

    told = {
        language: door.get(f"/{quote['id']}", **{"Accept-Language": language}).json()
        for language in ("en", "zh-hans")
    }

    traffic = {
        lang: next(one for one in q["cycle"]["lines"] if one["charge"] == "traffic")
        for lang, q in told.items()
    }
    assert traffic["en"]["sentences"][0] == "Measured: Traffic = 250.5 GB"
    assert traffic["zh-hans"]["sentences"][0] == "实际用量：流量 = 250.5 GB"
    assert traffic["en"]["exact_amount"] == traffic["en"]["derivation"]["output"] == "210.7"
    assert traffic["en"]["name"] == {"en": "Traffic", "zh-Hans": "流量"}


def test_a_repeat_is_the_same_quote():
    door = Door()

    first = door.post({**ASKED, "at": AT}).json()
    again = door.post({**ASKED, "at": AT}).json()
    keyed = [door.post(ASKED, **{"Idempotency-Key": key}).json()["id"] for key in ("a-1", '"a-1"')]

    assert again == first
    assert keyed[0] == keyed[1] == first["id"]  # the clock of this test stands still
    assert Quote.objects.count() == 1


def test_a_key_is_for_one_request():
    door = Door()
    first = door.post({**ASKED, "seats": 6}, **{"Idempotency-Key": "a-1"})

    other = door.post({**ASKED, "seats": 7}, **{"Idempotency-Key": "a-1"})

    assert (first.status_code, other.status_code, other.json()["code"]) == (201, 422, "key_reused")
    assert (
        Door().post({**ASKED, "seats": 7}, **{"Idempotency-Key": "a-1"}).status_code == 201
    )  # another's key
    assert door.post(ASKED, **{"Idempotency-Key": "k" * 81}).json()["code"] == "bad_idempotency_key"


def test_a_bundle_is_answered_by_the_cheapest_plan_that_offers_it():
    quote = Door().post({"modules": ["image_moderation"], "currency": "USD", "usage": {"mau": 100}}).json()

    assert quote["plan"]["code"] == "growth"  # starter does not offer it
    assert list(quote["alternatives"]) == ["scale"]
    assert quote["alternatives"]["scale"] > quote["cycle_total"]
    assert "module.moderation" in quote["asked"]["options"]  # what it requires
    small = Door().post({"modules": ["moderation"], "currency": "USD", "usage": {"mau": 100}}).json()
    large = Door().post({"modules": ["moderation"], "currency": "USD", "usage": {"mau": 90000}}).json()
    assert small["plan"]["code"] == "starter"
    assert large["plan"]["code"] != "starter"


def test_every_bad_field_is_named_at_once():
    wrong = {
        "plan": "growth",
        "curency": "CNY",
        "currency": "EUR",
        "term": "weekly",
        "seats": -1,
        "sla": "platinum",
        "modules": ["history", "ephemeral", "image_moderation"],
        "options": {"module.x.y": "1"},
        "usage": {
            "mau": -1,
            "nothing": 3,
            "traffic": ["1", {"value": "2", "at": "noon"}, {"value": "1e9999"}],
        },
        "facts": {"seats": 3, "height": "2"},
        "labels": {"term": "annual"},
        "customer": "cus_unknown",
        "at": "2020-01-01T00:00:00Z",
    }

    found = errors(Door().post(wrong))

    assert found == [
        ("/curency", "unknown_field"),
        ("/term", "not_a_choice"),
        ("/seats", "not_a_whole_number"),
        ("/customer", "unknown_customer"),
        ("/at", "at_outside"),
        ("/currency", "currency_not_offered"),
        ("/sla", "option_not_offered"),
        ("/options/module.x.y", "option_not_offered"),
        ("/modules/2", "option_missing"),
        ("/modules/1", "options_exclude"),
        ("/usage/mau", "bad_quantity"),
        ("/usage/nothing", "situation_invalid"),
        ("/usage/traffic/1/at", "situation_invalid"),
        ("/usage/traffic/2/value", "bad_quantity"),
        ("/facts/seats", "field_settled"),
        ("/facts/height", "situation_invalid"),
        ("/labels/term", "field_settled"),
    ]
    assert not Quote.objects.exists()
    said = {one["pointer"]: one["detail"] for one in Door().post(wrong).json()["errors"]}
    assert said["/seats"] == "“-1” is not a whole number of 0 or more, such as 12."
    assert "“noon”" in said["/usage/traffic/1/at"]
    assert "situation" not in said["/usage/traffic/1/at"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"plan": "no-such"}, [("/plan", "unknown_plan")]),
        ({"currency": None}, [("/currency", "wrong_shape")]),
        ({"usage": {"mau": {"value": 1}}}, [("/usage/mau", "wrong_shape")]),
        ({"usage": {"mau": [[1]]}}, [("/usage/mau/0", "wrong_shape")]),
        ({"usage": {"mau": "１２"}}, [("/usage/mau", "bad_quantity")]),
        ({"usage": {"mau": ["1"] * 1001}}, [("/usage/mau", "too_many")]),
        ({"usage": {"mau": True}}, [("/usage/mau", "bad_quantity")]),
        ({"options": {"sla.gold": 0}}, [("/options/sla.gold", "option_quantity")]),
        ({"options": {"sla.standard": 1}}, [("/sla", "one_tier_only")]),
        ({"seats": 100_001}, [("/seats", "out_of_range")]),
        ({"labels": {"a": "x\u0000"}}, [("/labels/a", "text_control")]),
        ({"labels": {"a": "x" * 201}}, [("/labels/a", "text_too_long")]),
        ({"labels": {"region~/a": "cn"}}, [("/labels/region~0~1a", "situation_invalid")]),
        ({"at": "2026-11-20T00:00:00"}, [("/at", "not_an_instant")]),
        ({"modules": "moderation"}, [("/modules", "wrong_shape")]),
    ],
)
def test_a_bad_field_has_a_code_and_a_place(change, expected):
    assert errors(Door().post({**ASKED, **change})) == expected


def test_usage_dated_outside_the_period_priced_is_noted():
    outside = [{"value": "9000", "at": "2027-05-01T00:00:00Z"}]
    inside = [{"value": "9000", "at": "2026-11-28T00:00:00Z"}]

    missed = Door().post({**ASKED, "usage": {"mau": "10", "traffic": outside}}).json()
    counted = Door().post({**ASKED, "usage": {"mau": "10", "traffic": inside}}).json()

    (note,) = missed["notes"]
    assert note.startswith("Values of “traffic” lie outside the period 2026-11-20")
    assert counted["notes"] == []
    assert counted["cycle_total"] > missed["cycle_total"]


def test_what_no_price_reads_is_noted_and_a_misspelt_value_refused():
    usage = {"mau": 4500, "traffic": [{"value": "2", "colour": "red"}, {"value": "3", "colour": "blue"}]}

    quote = Door().post({**ASKED, "usage": usage}).json()

    assert quote["notes"] == ["Nothing in the terms reads “colour” of “traffic”; it changes nothing."]
    assert Door().post(ASKED).json()["notes"] == []
    assert errors(Door().post({**ASKED, "usage": {"traffic": [{"vlaue": "2"}]}})) == [
        ("/usage/traffic/0/vlaue", "given_misspelt")
    ]
    assert errors(Door().post({**ASKED, "seats": 10**18})) == [("/seats", "out_of_range")]
    assert "not a whole number" not in Door().post({**ASKED, "seats": 10**18}).content.decode()


def test_faults_of_shape_and_of_meaning_stand_beside_each_other_in_one_field():
    wrong = {
        **ASKED,
        "currency": {"code": "CNY"},
        "usage": {"mau": [{"value": "1"}, [2], {"value": "x"}], "trafic": 1, "traffic": None},
        "labels": {"region": "", "edition": "top"},
        "modules": ["moderation", ["a"], "no-such"],
    }

    assert errors(Door().post(wrong)) == [
        ("/currency", "wrong_shape"),
        ("/modules/1", "wrong_shape"),
        ("/usage/mau/1", "wrong_shape"),
        ("/usage/traffic", "wrong_shape"),
        ("/labels/region", "empty_text"),
        ("/modules/2", "option_not_offered"),
        ("/usage/mau/2/value", "bad_quantity"),
        ("/usage/trafic", "situation_invalid"),
        ("/labels/edition", "situation_invalid"),
    ]


def test_neither_plan_nor_modules_and_no_currency():
    assert errors(Door().post({})) == [("/plan", "plan_or_modules"), ("/currency", "currency_needed")]
    assert errors(Door().post({"modules": ["none-such"], "currency": "CNY"})) == [
        ("/modules", "no_plan_for_bundle")
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b" ", 400), (b"[1]", 400), (b'{"plan": "a", "plan": "b"}', 400), (b'{"a":' * 20, 400), (b"\xff", 400)],
)
def test_a_body_that_cannot_be_read_is_refused(body, status):
    assert Door().post(body).status_code == status


def test_a_customer_prices_for_itself_in_its_own_currency_and_zone():
    customer = f.make_customer(currency="CNY", billing_zone="Asia/Shanghai")
    other = f.make_customer()
    door = Door(customer)

    quote = door.post({**ASKED, "currency": "CNY"}).json()

    assert quote["customer"] == customer.public_id
    assert quote["start"]["lines"][0]["service_start"] == "2026-11-19T16:00:00Z"
    assert errors(door.post({**ASKED, "currency": "USD"})) == [("/currency", "other_currency")]
    assert errors(door.post({**ASKED, "customer": other.public_id})) == [("/customer", "unknown_customer")]
    past = (f.NOW - timedelta(days=2)).isoformat()
    assert errors(door.post({**ASKED, "at": past})) == [("/at", "at_outside")]
    assert Door().post({**ASKED, "at": past, "customer": customer.public_id}).status_code == 201


def test_quotes_are_read_by_their_customer_and_the_provider():
    customer = f.make_customer(currency="CNY")
    mine = Door(customer).post(ASKED).json()
    prospect = Door().post(ASKED).json()

    stranger = Door(f.make_customer())
    assert stranger.get(f"/{mine['id']}").status_code == 404
    assert stranger.get().json()["data"] == []
    assert [one["id"] for one in Door(customer).get().json()["data"]] == [mine["id"]]
    assert [one["id"] for one in Door().get().json()["data"]] == [prospect["id"], mine["id"]]
    assert Door().get(f"/{mine['id']}").json() == mine
    assert Door(customer, ["billing:read"]).get().status_code == 403
    assert Door(customer, ["billing:read"]).post(ASKED).status_code == 403


def test_the_list_costs_the_same_queries_for_two_and_for_twenty(django_assert_num_queries):
    door = Door()
    for seats in range(2):
        door.post({**ASKED, "seats": seats})
    door.get()
    with django_assert_num_queries(1):
        assert len(door.get().json()["data"]) == 2
    for seats in range(2, 20):
        door.post({**ASKED, "seats": seats})

    with django_assert_num_queries(1):
        assert len(door.get().json()["data"]) == 20
