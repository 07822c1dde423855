"""Prices are pinned; features may flow: `features: pinned | latest` per module."""

from datetime import UTC, datetime

import pytest

from plans.catalogue import read_catalogue
from plans.models import FeatureModule, PlanVersion
from plans.selectors import entitlements_of
from plans.services import apply_catalogue
from tests.factories import TESTER

FILE = """\
features:
  - {code: history_days, names: {en: History, zh-Hans: 历史}, type: number}
  - {code: translation, names: {en: Translation, zh-Hans: 翻译}, type: switch}
modules:
  - {code: archive, names: {en: Archive, zh-Hans: 归档}, features: {history_days: 90}}
  - {code: translation, names: {en: Translation, zh-Hans: 翻译}, features: {translation: true}}
plans:
  - code: growth
    names: {en: Growth, zh-Hans: 成长版}
    versions:
      - number: 1
        effective_at: 2026-01-01T00:00:00+00:00
        modules: [archive, translation]
        features: {translation: latest, archive: pinned}
        entitlements: {history_days: 7}
        terms: {currency: USD}
"""


@pytest.mark.django_db
def test_a_pinned_module_keeps_what_it_granted_and_a_flowing_one_follows() -> None:
    apply_catalogue(read_catalogue(FILE), at=datetime(2026, 1, 1, tzinfo=UTC), by=TESTER)
    FeatureModule.objects.filter(code="archive").update(grants={"history_days": "180"})
    FeatureModule.objects.filter(code="translation").update(
        grants={"translation": "true", "history_days": "8"}
    )

    assert entitlements_of(PlanVersion.objects.get()) == {
        "plan": {"history_days": "7"},
        "module.archive": {"history_days": "90"},
        "module.translation": {"translation": "true", "history_days": "8"},
    }
