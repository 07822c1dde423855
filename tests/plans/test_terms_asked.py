"""What a customer has to choose: labels picked by, facts charged by; nothing that Ratecard knows itself."""

import pytest

from plans.problems import TermsInvalid
from plans.terms import read_terms
from plans.terms_asked import asked_of, said

FLAT = {
    "code": "base",
    "steps": [{"price": {"pick": "region", "cases": {"cn": {"flat": 7}, "us": {"flat": 1}}}}],
}


def asked(*charges: object, **top: object):
    return asked_of(read_terms({"currency": "USD", "charges": list(charges), **top}).document)


def test_a_price_list_label_is_asked_and_what_is_known_is_not() -> None:
    by_term = {"pick": "term", "cases": {"monthly": 1, "annual": 2}}
    found = asked(
        FLAT,
        {"code": "line", "of": "committed", "steps": [{"times": by_term}, {"price": {"each": 2}}]},
        {"code": "seats", "of": "seats", "steps": [{"price": {"each": 1}}]},
        labels={"region": ["cn", "us"], "edition": ["a", "b"]},
        facts={"committed": {"unit": "Mbit/s"}, "unused": {"unit": "GB"}},
    )

    assert dict(found.labels) == {"region": ("cn", "us")}  # nothing picks by the edition
    assert dict(found.facts) == {"committed": "Mbit/s"}
    assert found.assumed_labels == {"region": "cn"}


def test_a_label_behind_a_named_number_is_asked() -> None:
    found = asked(
        {"code": "base", "of": "rate", "steps": [{"price": {"each": 1}}]},
        labels={"edition": ["pro", "max"]},
        numbers={"rate": {"pick": "edition", "cases": {"pro": 1, "max": 2}}},
    )

    assert list(found.labels) == ["edition"]


def test_the_label_of_a_split_comes_with_the_usage() -> None:
    charge = {**FLAT, "of": "traffic", "split": "region"}
    charge["steps"] = [{"price": {"pick": "region", "cases": {"cn": {"each": 7}, "us": {"each": 1}}}}]

    found = asked(charge, labels={"region": ["cn", "us"]}, meters={"traffic": {"unit": "GB"}})

    assert not found.labels


@pytest.mark.parametrize(
    ("cases", "path"),
    [
        ({"cn": {"flat": 7}}, "charges[0].steps[0].price"),
        (  # the gap is inside one region: no price in CNY there
            {"cn": {"pick": "currency", "cases": {"USD": {"flat": 1}}}, "us": {"flat": 1}},
            "charges[0].steps[0].price.cases.cn",
        ),
    ],
)
def test_a_gap_in_the_price_list_is_refused(cases: object, path: str) -> None:
    with pytest.raises(TermsInvalid) as refused:
        read_terms(
            {
                "currency": ["USD", "CNY"],
                "labels": {"region": ["cn", "us"]},
                "charges": [{"code": "base", "steps": [{"price": {"pick": "region", "cases": cases}}]}],
            }
        )

    assert [(one.path, one.code) for one in refused.value.problems] == [(path, "missing_case")]


def test_names_are_the_terms_or_the_code_made_readable() -> None:
    document = read_terms(
        {
            "labels": {"data_centre": ["cn-north", "us"]},
            "wording": {"data_centre.us": {"en": "United States", "zh-Hans": "美国"}},
        }
    ).document

    assert said(document, "data_centre", "en") == "Data centre"
    assert said(document, "data_centre.cn-north", "zh-Hans") == "Cn north"
    assert said(document, "data_centre.us", "zh-Hans") == "美国"
