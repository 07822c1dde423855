"""Promises in the catalogue: loaded, exported, frozen at publish, listed in both languages."""

import pytest
from django.db import InternalError, ProgrammingError, transaction
from rest_framework.test import APIClient

from plans.catalogue import read_catalogue
from plans.catalogue_yaml import dump_yaml
from plans.models import PlanVersion, SlaTier, SupportTier
from plans.problems import TermsInvalid
from plans.selectors import draft_hash, stored_catalogue, terms_of
from plans.selectors_promises import sla_promise_of
from plans.services import apply_catalogue, new_draft
from tests.factories import NOW, TESTER
from tests.plans.test_load_catalogue import NAMED

pytestmark = pytest.mark.django_db
VOUCHER = "form: {voucher: {valid_days: 180, tags: [plan]}}"
RICH = NAMED.replace(
    "    target: 99.95\n",
    """    target: 99.95
    window: anniversary_quarter
    smallest_outage: {minutes: 1, partial: ceil}
    exclusions: [{kind: maintenance, notice_hours: 48}, {kind: surge, above: 150}]
    smallest_payable: {exceeds: {pick: currency, cases: {USD: 1, CNY: 7}}}
    claim: {within_days: 60}
    wait_days: 5
    form: {voucher: {valid_days: 180, tags: [plan]}}
""",
).replace(
    "    response_minutes: {urgent: 60, normal: 480}\n    hours: 24x7\n",
    """    response_minutes: {P1: 60, P2: 480}
    hours: 5x9
    business_hours:
      {zone: Asia/Shanghai, holidays: [2026-10-01], windows: [{from: 09:00, to: 18:00, days: [mon]}]}
    around_the_clock: [P1]
    languages: [en, zh-Hans]
    named_manager: true
    review: quarterly
""",
)


def load(text: str = RICH) -> PlanVersion:
    apply_catalogue(read_catalogue(text), at=NOW, by=TESTER)
    return PlanVersion.objects.get()


def test_every_word_comes_out_as_it_went_in() -> None:
    load()

    wanted, stored = read_catalogue(RICH), stored_catalogue()

    assert (stored.sla_tiers, stored.support_tiers) == (wanted.sla_tiers, wanted.support_tiers)
    assert read_catalogue(dump_yaml(stored)) == stored


def test_the_formulas_are_figures_of_the_terms() -> None:
    codes = {figure.code: figure.held for figure in terms_of(load()).document.figures}

    assert codes == {"sla.gold": ["sla.gold"], "sla.gold.smallest": ["sla.gold"]}


def test_what_was_sold_does_not_move_when_the_tier_is_edited() -> None:
    version = load()
    before = sla_promise_of(version, "gold")

    made = apply_catalogue(
        read_catalogue(
            RICH.replace("within_days: 60", "within_days: 30").replace("target: 99.95", "target: 90")
        ),
        at=NOW,
        by=TESTER,
    )

    version.refresh_from_db()
    assert (before.target, before.window, before.claim_days) == ("99.95", "anniversary_quarter", 60)
    assert sla_promise_of(version, "gold") == before
    assert SlaTier.objects.get().document["claim"] == {"within_days": 30}
    assert next(one for one in made if one.section == "versions").keeps_terms


def test_an_edit_reaches_the_next_version_and_changes_what_a_reviewer_signs() -> None:
    draft = new_draft(load().plan, clone=PlanVersion.objects.get(), by=TESTER)
    signed = draft_hash(draft)

    SupportTier.objects.update(hours="24x7")

    assert draft_hash(draft) != signed


def test_the_database_keeps_a_published_promise() -> None:
    version = load()

    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        PlanVersion.objects.filter(pk=version.pk).update(promises={})


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("target: 99.95", "target: 0", "sla_tiers[0].target", "out_of_range"),
        ("within_days: 60", "within_days: 4", "sla_tiers[0].claim.within_days", "claim_before_judgement"),
        ("      of: fee\n", "      of: outages\n", "sla_tiers[0].figure", "figure_not_money"),
        (VOUCHER, "form: {extra_days: {}}", "sla_tiers[0].figure", "figure_is_money"),
        ("zone: Asia/Shanghai", "zone: Asia/Nowhere", "support_tiers[0].business_hours.zone", "hours_zone"),
    ],
)  # fmt: skip
def test_a_fault_is_found_with_its_place(old, new, path, code) -> None:
    assert old in RICH
    with pytest.raises(TermsInvalid) as refused:
        read_catalogue(RICH.replace(old, new).replace("    cap: {times: [fee, 0.5]}\n", ""))

    assert (path, code) in [(one.path, one.code) for one in refused.value.problems]


def test_a_condition_that_may_be_unknown_needs_an_else() -> None:
    labelled = RICH.replace("wait_days: 5\n", "wait_days: 5\n    labels: {review: [done, open]}\n")
    picked = "{pick: review, cases: {done: 1, open: 7}}"

    with pytest.raises(TermsInvalid) as refused:
        read_catalogue(labelled.replace("{pick: currency, cases: {USD: 1, CNY: 7}}", picked))

    assert ("sla_tiers[0].figure", "promise_else") in [(p.path, p.code) for p in refused.value.problems]


def test_the_price_list_says_it_in_both_languages() -> None:
    load()

    (plan,) = APIClient().get("/api/v1/plans").json()["data"]

    support, sla = plan["support_tiers"][0], plan["sla_tiers"][0]
    assert support["summary"] == {
        "en": "P1 within 1 hour around the clock, P2 within 8 hours, 5×9 (Asia/Shanghai); English, 中文; "
        "ticket, phone; a named manager; a review every quarter",
        "zh-Hans": "P1 全天候 1 小时内响应、P2 8 小时内响应、5×9（Asia/Shanghai）；English、中文；"
        "工单、电话；专属客户经理；每季度回顾",
    }
    assert support["business_hours"]["zone"] == "Asia/Shanghai"
    assert (sla["window"], sla["promise"]["claim"]) == ("anniversary_quarter", {"within_days": 60})
    assert sla["summary"]["en"].startswith("99.95 % in each quarter of the agreement; voucher for 180 days")
