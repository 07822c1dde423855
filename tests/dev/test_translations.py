"""Texts are found where they are shown, and a stale translation is named."""

from pathlib import Path

import pytest

from config.dev import translations
from config.dev.extraction import Text, extract

TEMPLATE = """{% load i18n %}
{% translate "Plans" %} {% translate "Open" context "verb" %} {{ name|default:_("Nobody") }}
{% blocktranslate count n=n trimmed %}
  {{ n }} day
{% plural %}
  {{ n }} days
{% endblocktranslate %}
"""
PYTHON = """from django.utils.translation import gettext_lazy as _, ngettext
title = _("Plan %(name)s")
count = ngettext("%(n)s app", "%(n)s apps", 3)
dynamic = _(title)
"""
CHINESE = """
msgid "Plans"
msgstr "套餐"

msgctxt "verb"
msgid "Open"
msgstr "打开"

msgid "Nobody"
msgstr "无人"

msgid "%(n)s day"
msgid_plural "%(n)s days"
msgstr[0] "%(n)s 天"

msgid "Plan %(name)s"
msgstr "套餐 %(name)s"

msgid "%(n)s app"
msgid_plural "%(n)s apps"
msgstr[0] "%(n)s 个应用"

# kept: unfold
msgid "Welcome back to"
msgstr "欢迎回到"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE)
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "texts.py").write_text(PYTHON)
    chinese = tmp_path / "more.po"
    chinese.write_text(CHINESE)
    translations.update(tmp_path, [chinese])
    return tmp_path


def change(root: Path, old: str, new: str) -> list[str]:
    path = translations.po_path("zh_Hans", root)
    path.write_text(path.read_text().replace(old, new))
    path.with_suffix(".mo").write_bytes(translations.compiled(translations.read(path, "zh_Hans")))
    return translations.check(root)


def test_texts_are_found_in_templates_and_code(root: Path) -> None:
    assert set(extract(root)) == {
        Text("Plans"),
        Text("Open", None, "verb"),
        Text("Nobody"),
        Text("%(n)s day", "%(n)s days"),
        Text("Plan %(name)s"),
        Text("%(n)s app", "%(n)s apps"),
    }


def test_fresh_files_have_no_faults_and_an_update_changes_nothing(root: Path) -> None:
    before = [path.read_bytes() for path in sorted((root / "locale").rglob("django.*"))]

    translations.update(root)

    assert translations.check(root) == []
    assert [path.read_bytes() for path in sorted((root / "locale").rglob("django.*"))] == before


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"套餐"', '""', "is not translated"),
        ("%(n)s 天", "天", "must use the placeholders %(n)s"),
        ('#, python-format\nmsgid "Plan %', '#, fuzzy, python-format\nmsgid "Plan %', "is marked fuzzy"),
        ('msgid "Nobody"', 'msgid "No one"', "which nothing uses"),
    ],
)
def test_a_wrong_translation_is_named(root: Path, old: str, new: str, fault: str) -> None:
    assert any(fault in sentence for sentence in change(root, old, new))


def test_a_new_text_and_a_stale_compilation_are_named(root: Path) -> None:
    with (root / "templates" / "page.html").open("a") as page:
        page.write('{% translate "Invoices" %}')
    translations.po_path("zh_Hans", root).with_suffix(".mo").write_bytes(b"old")

    faults = translations.check(root)

    assert "locale/zh_Hans/LC_MESSAGES/django.po lacks 'Invoices'" in faults
    assert "locale/zh_Hans/LC_MESSAGES/django.mo is not compiled from its source" in faults


def test_texts_of_scripts_are_checked_where_they_are_kept(root: Path) -> None:
    path = translations.browser_path("zh_Hans", root)
    path.write_text('msgid ""\nmsgstr ""\n\nmsgid "Choose all %s"\nmsgstr "选择全部"\n')

    faults = translations.check(root)

    assert [fault.partition("djangojs")[2] for fault in faults] == [
        ".po: 'Choose all %s' must use the placeholders %s",
        ".mo is not compiled from its source",
    ]
    translations.update(root)
    assert len(translations.check(root)) == 1
