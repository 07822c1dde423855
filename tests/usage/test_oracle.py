"""Every cell equals an independent recount by another engine, whatever came late, twice or corrected."""

import pytest

from tests.usage import oracle

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_cell_equals_the_recount(seed: int) -> None:
    found = oracle.play(1500, seed=seed)

    assert len(found.theirs) > 500
    assert found.voided > 50
    assert found.differing == {}
