"""What terms tell usage apart by: refused where the meter's events do not keep it."""

from pathlib import Path

import pytest

from plans.catalogue import read_catalogue
from plans.problems import TermsInvalid
from plans.terms import read_terms
from plans.terms_attributes import kept_by_events, told_apart, worth_names

CATALOGUES = sorted((Path(__file__).resolve().parents[2] / "catalogues").glob("*.yaml"))
SMALL = """\
meters:
  - {{code: m, names: {{en: M, zh-Hans: 量}}, kind: {kind}, unit: messages, dimensions: [kind]}}
plans:
  - code: growth
    names: {{en: Growth, zh-Hans: 成长版}}
    versions:
      - number: 1
        effective_at: 2026-01-01T00:00:00+08:00
        terms:
          currency: EUR
          labels: {{kind: [group, single], size: [big, small]}}
          meters: {{m: {meter}}}
          charges:
            - {{code: c, of: m, {charge}steps: [{{price: {{each: 1}}}}]}}
"""


def faults(meter: str, *, kind: str = "sum", charge: str = "") -> list[tuple[str, str]]:
    try:
        read_catalogue(SMALL.format(meter=meter, kind=kind, charge=charge))
    except TermsInvalid as error:
        return [(one.path, one.params.get("attribute", one.code)) for one in error.problems]
    return []


HERE = "plans[0].versions[0].terms.meters.m"


@pytest.mark.parametrize(
    ("meter", "charge", "missing"),
    [
        ("{unit: messages}", "split: app, ", []),
        ("{unit: messages}", "split: region, ", []),
        ("{unit: messages}", "split: kind, ", []),
        ("{unit: messages}", "split: size, ", ["size"]),
        ("{unit: messages, where: {kind: group}}", "", []),
        ("{unit: messages, where: {size: big}}", "", ["size"]),
        ("{unit: messages, reduce: [{per: [app, day, hour], take: max}, {take: sum}]}", "", []),
        ("{unit: messages, reduce: [{per: [room], take: max}, {take: sum}]}", "", ["room"]),
        ("{unit: messages, each: {times: [value, kind]}}", "", []),
        ("{unit: messages, each: {times: [value, people]}}", "", ["people"]),
        ("{unit: messages, each: {pick: size, cases: {big: 2}, else: 1}}", "", ["size"]),
        ("{unit: messages, reduce: [{take: distinct}]}", "", []),
    ],
)
def test_an_attribute_that_events_do_not_keep_is_refused_at_publish(
    meter: str, charge: str, missing: list[str]
) -> None:
    assert faults(meter, charge=charge) == [(HERE, name) for name in missing]


def test_what_a_distinct_meter_counts_need_not_be_a_dimension() -> None:
    assert faults("{unit: users, reduce: [{take: distinct, of: user}]}", kind="unique") == []


def test_the_attributes_of_a_document() -> None:
    document = read_terms(
        {
            "currency": "EUR",
            "labels": {"kind": ["group", "single"]},
            "meters": {
                "m": {
                    "unit": "messages",
                    "where": {"channel": "web"},
                    "each": {"pick": "kind", "cases": {"group": "people", "single": "value"}},
                    "reduce": [{"take": "max", "per": ["app", "hour"]}, {"take": "sum"}],
                }
            },
            "charges": [{"code": "c", "of": "m", "split": "region", "steps": [{"price": {"each": "1"}}]}],
        }
    ).document

    assert told_apart(document, "m") == {"channel", "app", "hour", "region"}
    assert worth_names(document.meters["m"]) == {"kind", "people"}
    assert kept_by_events(document, "m") == {"channel", "kind", "people"}


def test_a_band_without_a_schedule_is_what_events_say() -> None:
    terms = {
        "currency": "EUR",
        "schedules": {"h": {"zone": "UTC", "bands": [], "else": "night"}},
        "meters": {"plain": {"unit": "minutes"}, "timed": {"unit": "minutes", "schedule": "h"}},
        "charges": [
            {"code": code, "of": code, "split": "band", "steps": [{"price": {"each": "1"}}]}
            for code in ("plain", "timed")
        ],
    }
    document = read_terms(terms).document

    assert kept_by_events(document, "plain") == {"band"}
    assert kept_by_events(document, "timed") == set()


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_the_catalogues_count_by_what_their_events_keep(path: Path) -> None:
    read_catalogue(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("source", "meter", "charge", "missing"),
    [
        ("daily_reports", "{unit: messages}", "split: region, ", []),
        ("daily_reports", "{unit: messages, reduce: [{per: [app, day], take: max}, {take: sum}]}", "", []),
        ("daily_reports", "{unit: messages}", "split: kind, ", ["kind"]),
        ("daily_reports", "{unit: messages, reduce: [{per: [hour], take: max}, {take: sum}]}", "", ["hour"]),
        ("daily_reports", "{unit: messages, each: {times: [value, 2]}}", "", ["each"]),
        ("period_reports", "{unit: messages}", "split: app, ", []),
        ("period_reports", "{unit: messages}", "split: region, ", ["region"]),
        ("period_reports", "{unit: messages, reduce: [{per: [day], take: max}, {take: sum}]}", "", ["day"]),
    ],
)
def test_what_reports_cannot_say_is_refused(source: str, meter: str, charge: str, missing: list[str]) -> None:
    small = SMALL.replace("kind: {kind}, unit", f"kind: {{kind}}, source: {source}, unit")

    try:
        read_catalogue(small.format(meter=meter, kind="sum", charge=charge))
        found = []
    except TermsInvalid as error:
        found = [(one.path, one.code, one.params.get("attribute")) for one in error.problems]

    assert found == [(HERE, "attribute_not_reported", name) for name in missing]


def test_distinct_users_are_not_reported_by_the_day() -> None:
    small = SMALL.replace("kind: {kind}, unit", "kind: unique, source: daily_reports, unit")

    with pytest.raises(TermsInvalid) as refused:
        read_catalogue(small.format(meter="{unit: messages}", charge=""))

    assert [(one.path, one.code) for one in refused.value.problems] == [("meters[0].source", "users_by_day")]
