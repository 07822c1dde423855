"""Customers and their apps."""

from datetime import datetime
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

from plans.actor import Actor
from plans.history import changes
from plans.money import minor_exponent
from subscriptions.errors import CodeTaken, UnknownLanguage, UnknownStanding, UnknownZone
from subscriptions.models import App, Customer
from subscriptions.models.customers import Language, Standing
from subscriptions.services.rows import broken_constraint


def create_customer(
    *,
    name: str,
    email: str,
    currency: str,
    billing_zone: str = "UTC",
    language: str = Language.ENGLISH,
    at: datetime,
    by: Actor,
) -> Customer:
    """Make a customer; raises UnknownZone, UnknownLanguage or UnknownCurrency."""
    if billing_zone not in available_timezones():
        raise UnknownZone(zone=billing_zone)
    if language not in Language.values:
        raise UnknownLanguage(language=language, known=", ".join(Language.values))
    minor_exponent(currency)
    with changes(by):
        made = Customer(name=name, email=email, currency=currency, language=language)
        made.billing_zone = billing_zone
        made.save()
    return made


def create_app(*, customer: Customer, name: str, region: str = "", code: str | None = None, by: Actor) -> App:
    """Make an app; its `code` is what events name it by. Without one, a random code is given."""
    made = App(customer=customer, name=name, region=region)
    if code is not None:
        made.code = code
    made.clean_fields(exclude=["customer"])
    with changes(by):
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError as error:
            if not broken_constraint(error).startswith("subscriptions_app_code"):
                raise
            raise CodeTaken(code=made.code) from error
    return made


def archive_app(app: App, *, at: datetime, by: Actor) -> App:
    """Take an app out of lists; its usage and invoices stay. A repeat keeps the first date."""
    with changes(by):
        App.objects.filter(pk=app.pk, archived_at__isnull=True).update(archived_at=at)
        app.refresh_from_db()
    return app


def set_standing(customer: Customer, *, standing: str, at: datetime, by: Actor) -> Customer:
    """Note whether the customer may go on using what is unpaid; billing decides, usage reads."""
    if standing not in Standing.values:
        raise UnknownStanding(standing=standing, known=", ".join(Standing.values))
    with changes(by):
        Customer.objects.filter(pk=customer.pk).exclude(standing=standing).update(standing=standing)
        customer.refresh_from_db()
    return customer
