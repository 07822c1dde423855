"""What a reading was counted from, as people write numbers."""

import pytest

from billing.views.readings import spans_of


@pytest.mark.parametrize(
    ("stored", "text"),
    [("{[3,7),[9,10)}", "3–6, 9"), ("{[1,2)}", "1"), ("{}", "–"), ("", "–")],
)
def test_a_set_of_batches_is_no_postgres_text(stored: str, text: str) -> None:
    assert spans_of(stored) == text
