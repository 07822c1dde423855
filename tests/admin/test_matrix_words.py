"""The matrix of plans in words: every amount with its currency, no code of a choice or a tag."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from plans.catalogue import read_catalogue
from plans.services import apply_catalogue
from tests.factories import NOW, TESTER

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).resolve().parents[2] / "catalogues"


def matrix_of(staff: Client, name: str) -> str:
    apply_catalogue(read_catalogue((FOLDER / f"{name}.yaml").read_text("utf-8")), at=NOW, by=TESTER)
    return staff.get(reverse("admin:plans_matrix")).content.decode()


def test_an_amount_has_its_currency(staff: Client) -> None:
    page = matrix_of(staff, "slack")

    assert "USD\N{NO-BREAK SPACE}5 for each" in page
    assert "10 % of plan" not in page


def test_choices_are_words_and_tiers_of_one_name_have_their_code(staff: Client) -> None:
    page = matrix_of(staff, "zoom")

    assert "go_on" not in page
    assert "goes on" in page
    assert "meet_standard" in page


def test_a_file_field_has_what_the_themes_script_writes_its_name_into(staff: Client) -> None:
    page = staff.get(reverse("admin:plans_catalogue")).content.decode()
    around = page.split('type="file"')[0][-1500:]

    assert 'input type="text"' in around
    assert 'id="id_file"' in page


@pytest.mark.parametrize("name", ["slaassessment", "slacredit", "slaaward", "slagrant"])
def test_lists_of_what_was_promised_name_the_tier(staff: Client, name: str) -> None:
    assert staff.get(reverse(f"admin:billing_{name}_changelist")).status_code == 200
