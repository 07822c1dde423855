"""Who sent or did something is called as people know each other, on every desk alike."""

import re

import pgtrigger
import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Invoice, Payment
from tests.admin.world import fill
from tests.factories import NOW, make_user
from usage.models import DirtyCell, EventConflict, IngestBatch, QuarantinedEvent

pytestmark = pytest.mark.django_db

DESKS = (EventConflict, QuarantinedEvent, IngestBatch, DirtyCell)
CALLED = {"en": ("API key 7", "the system (stripe)"), "zh-hans": ("API 密钥 7", "系统（stripe）")}


def words(client: Client, url: str, language: str) -> str:
    """Return what a page shows, without its tags: links may carry the technical name."""
    answer = client.get(url, headers={"accept-language": language})
    assert answer.status_code == 200
    return re.sub(r"<[^>]*>", "|", answer.content.decode())


@pytest.mark.parametrize("language", CALLED)
@pytest.mark.parametrize("model", DESKS)
def test_the_desks_of_refused_usage_name_who_sent_it(staff: Client, model: type, language: str) -> None:
    fill(7)
    clerk = f"user:{make_user('clerk@example.com').pk}"
    row = model._default_manager.get()
    name = f"admin:usage_{model._meta.model_name}"
    pages = [reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row.pk])]

    for actor, called in (("key:7", CALLED[language][0]), (clerk, "clerk@example.com")):
        with pgtrigger.ignore():  # a conflict is never changed
            model._default_manager.update(by=actor)
        shown = [words(staff, url, language) for url in pages]
        assert all(called in text for text in shown)
        assert not any(actor in text for text in shown)


@pytest.mark.parametrize("language", CALLED)
def test_an_invoice_names_who_made_it_and_who_took_its_money(staff: Client, language: str) -> None:
    fill(7)
    Invoice.objects.update(created_by="system:stripe")
    invoice = Invoice.objects.get()
    Payment.objects.create(
        invoice=invoice, customer=invoice.customer, provider="offline", provider_id="wire", amount=4600,
        currency="USD", paid_at=NOW, by=f"user:{make_user('clerk@example.com').pk}",
    )  # fmt: skip

    shown = words(staff, reverse("admin:billing_invoice_change", args=[invoice.pk]), language)

    assert CALLED[language][1] in shown
    assert "clerk@example.com" in shown


def test_one_actor_is_filtered_by_the_name_it_is_called(staff: Client) -> None:
    fill(7)
    fill(8)

    shown = words(staff, reverse("admin:usage_eventconflict_changelist") + "?by=key:7", "en")

    assert shown.count("API key 7") == 2  # the row and the filter
    assert shown.count("API key 8") == 1  # the filter alone
