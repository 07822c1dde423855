"""Cells finer than days through API and portal: each shows the events it counted, and no other."""

import pytest

from tests.billing import test_fine_proofs as fine
from tests.billing.test_explain_doors import get, signed_in
from tests.factories import make_key
from usage.models import Reading

pytestmark = pytest.mark.django_db


def counted(kind, events):
    return (
        len({one["user_digest"] for one in events})
        if kind == "unique"
        else sum(int(one["value"]) for one in events)
    )


@pytest.mark.parametrize("what", ["bands", "users of bands", "attributes", "users of regions"])
def test_the_api_gives_each_cell_its_own_events(what):
    invoice = fine.FINE[what][0]()
    key = make_key(["usage:read"], invoice.customer)[1]

    for row in Reading.objects.all():
        reading = get(f"readings/{row.public_id}", key).json()
        for cell in reading["cells"]:
            events = get(f"readings/{row.public_id}/cells/{cell['n']}/events", key).json()
            assert events["raw_kept"]
            assert counted(reading["kind"], events["data"]) == int(cell["value"])


def test_cells_of_one_start_are_asked_for_by_their_place():
    invoice = fine.told_apart()
    key = make_key(["usage:read"], invoice.customer)[1]
    row = Reading.objects.get()
    cells = get(f"readings/{row.public_id}", key).json()["cells"]

    assert [(cell["n"], cell["attributes"], cell["value"]) for cell in cells] == [
        (1, {"kind": "group"}, "100"), (2, {"kind": "single"}, "100"), (3, {}, "7"),
    ]  # fmt: skip
    refused = get(f"readings/{row.public_id}/cells/{cells[0]['start']}/events", key)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_parameter")
    assert "use the n" in refused.json()["detail"]
    missing = [
        get(f"readings/{row.public_id}/cells/{n}/events", key).status_code for n in ("0", "4", "9" * 7)
    ]
    assert missing == [404] * 3


def test_users_of_a_band_say_the_times_they_are_counted_in():
    fine.distinct()
    row = Reading.objects.get()
    key = make_key(["usage:read"], row.customer)[1]

    night, peak = get(f"readings/{row.public_id}", key).json()["cells"]

    assert (night["attributes"], peak["attributes"]) == ({"band": "night"}, {"band": "peak"})
    assert night["spans"][0] == ["2026-02-28T23:00:00Z", "2026-03-01T05:00:00Z"]
    assert night["spans"][-2:] == [
        ["2026-03-30T20:00:00Z", "2026-03-31T04:00:00Z"],  # by summer time
        ["2026-03-31T20:00:00Z", "2026-03-31T22:00:00Z"],
    ]
    assert len(peak["spans"]) == 22  # the weekdays of March 2026


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Mar 10, 2026, 06:00 – 17:00", "Mar 28, 2026, 22:00 – 24:00", "Told apart by"]),
        ("zh-hans", ["2026年3月10日 06:00 – 17:00", "2026年3月28日 22:00 – 24:00", "区分依据"]),
    ],
)
def test_the_portal_shows_parts_of_days_and_what_tells_cells_apart(language, words):
    invoice = fine.banded()
    row = Reading.objects.get()
    client = signed_in(invoice.customer, language=language)
    page = f"/invoices/{invoice.public_id}/readings/{row.public_id}/"

    level_2 = client.get(page).content.decode()

    assert all(one in level_2 for one in words[:2])
    assert words[2] not in level_2  # time alone tells them apart
    level_3 = client.get(f"{page}cells/2/").content.decode()
    assert words[0] in level_3
    assert level_3.count("<td") == 2 * 7  # 200 and 400 of that normal time


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["time band: “night”", "Times counted"]), ("zh-hans", ["计费时段：“night”", "计数时间"])],
)
def test_the_portal_says_when_users_of_a_band_are_counted(language, words):
    invoice = fine.distinct()
    row = Reading.objects.get()
    client = signed_in(invoice.customer, language=language)
    page = f"/invoices/{invoice.public_id}/readings/{row.public_id}/"

    level_2, level_3 = (client.get(one).content.decode() for one in (page, f"{page}cells/1/"))

    assert words[0] in level_2
    assert words[1] in level_3
    assert level_3.count("<tr>") == 1 + 4  # ann twice, bob and cy


@pytest.mark.parametrize(("language", "word"), [("en", "Counts as"), ("zh-hans", "计为")])
def test_the_portal_shows_what_an_event_is_worth(language, word):
    invoice = fine.weighed()
    row = Reading.objects.get()
    page = f"/invoices/{invoice.public_id}/readings/{row.public_id}/cells/1/"

    text = signed_in(invoice.customer, language=language).get(page).content.decode()

    assert word in text
    assert "2,049" in text
    assert '<td data-label="' + word + '" class="num">6</td>' in text
