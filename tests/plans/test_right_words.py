"""The values of entitlements, in words."""

import pytest
from django.utils import translation

from plans.right_words import right_text


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        ("true", "yes", "是"),
        ("unlimited", "unlimited", "不限"),
        ("stop", "stops", "停止使用"),
        ("go_on", "goes on", "继续使用"),
        ("public", "shared", "共享"),
        ("1000000", "1,000,000", "1,000,000"),
        ("0.5", "0.5", "0.5"),
        ("by_letter", "by letter", "by letter"),  # a choice of the provider's own
        ("NaN", "NaN", "NaN"),
    ],
)
def test_a_right_is_said_in_words(value: str, english: str, chinese: str) -> None:
    said = []
    for language in ("en", "zh-hans"):
        with translation.override(language):
            said.append(right_text(value))

    assert said == [english, chinese]
