"""`quotas`: what a version may say about the limits of its allowances, and that it is part of the promise."""

import pytest

from plans.catalogue import CatalogueInvalid, read_catalogue
from plans.models import PlanVersion
from plans.problems import TermsInvalid
from plans.selectors import draft_hash
from plans.selectors_quotas import quotas_of
from plans.services import apply_catalogue, new_draft, save_source
from tests.factories import ON_SALE, TESTER
from tests.usage.quota_world import CATALOGUE, STOP, growth

WRONG = [
    ("{nothing: {}}", "quotas.nothing", "unknown_reference"),
    ("{group_size: {at_limit: stop}}", "quotas.group_size", "quota_of_no_allowance"),
    ("{quota: {grace: 10}}", "quotas.quota.grace", "grace_without_stop"),
    ("{quota: {at_limit: stop, grace: 1001}}", "quotas.quota.grace", "out_of_range"),
    ("{quota: {at_limit: stop, grace: -1}}", "quotas.quota.grace", "not_a_whole_number"),
    ("{quota: {warn_at: [80, 80]}}", "quotas.quota.warn_at[1]", "band_edge_falling"),
    ("{quota: {warn_at: [0]}}", "quotas.quota.warn_at[0]", "out_of_range"),
    ("{quota: {warn_at: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}}", "quotas.quota.warn_at", "out_of_range"),
    ("{quota: {at_limit: block}}", "quotas.quota.at_limit", "not_a_choice"),
]


@pytest.mark.parametrize(("quotas", "path", "code"), WRONG)
def test_a_wrong_quota_is_refused_at_its_place(quotas: str, path: str, code: str) -> None:
    with pytest.raises(CatalogueInvalid) as refused:
        read_catalogue(CATALOGUE.replace("QUOTAS", quotas))

    assert [(one.path, one.code) for one in refused.value.problems] == [
        (f"plans[0].versions[0].{path}", code)
    ]


@pytest.mark.parametrize("value", ["1e18", "1e999999", "-1", "NaN", "1000000000000000000"])
def test_a_number_beyond_counting_is_refused(value: str) -> None:
    with pytest.raises(CatalogueInvalid) as refused:
        read_catalogue(CATALOGUE.replace("QUOTAS", "{}").replace("quota: 100,", f"quota: {value},", 1))

    assert [one.code for one in refused.value.problems] == ["value_type"]


@pytest.mark.django_db
def test_a_published_version_keeps_its_quotas_and_loads_again_unchanged() -> None:
    version = growth(STOP)

    assert (quotas_of(version)["quota"].at_limit, quotas_of(version)["quota"].grace) == ("stop", 10)
    again = apply_catalogue(read_catalogue(CATALOGUE.replace("QUOTAS", STOP)), at=ON_SALE, by=TESTER)
    assert {one.kind for one in again} == {"unchanged"}
    with pytest.raises(TermsInvalid):
        growth("{}")


@pytest.mark.django_db
def test_a_reviewer_signs_the_quotas_too() -> None:
    version = growth(STOP)
    draft = new_draft(version.plan, clone=version, by=TESTER)
    signed = draft_hash(draft)
    source = {name: value for name, value in draft.source.items() if name != "quotas"}
    save_source(draft, source=source, by=TESTER)

    assert draft_hash(PlanVersion.objects.get(pk=draft.pk)) != signed
